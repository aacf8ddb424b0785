import { parse } from '#grammars/xfrm';
import type { CaptureData, CaptureKind } from '../../records/capture.ts';
import type { Source } from '../../records/source.ts';
import type { XfrmDefaults, XfrmMark, XfrmPolicy } from '../../records/xfrm.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { type CaptureInput, type CaptureModule, type CaptureReader, grammarReader, LineSink } from '../module.ts';
import { type PolicyDraft, policyDraft, type StateDraft, stateDraft, type TemplateDraft } from './xfrm-draft.ts';
import { xfrmMask } from './xfrm-mask.ts';
import { type SelectorField, selectorOf } from './xfrm-selector.ts';

type MarkPair = readonly [value: number | null, mask: number | null];

/** XFRM_POLICY_MAX and on: a socket's policies, printed as numbers by an iproute2 that does not name them. */
const DIRECTIONS: ReadonlyMap<string, Pick<XfrmPolicy, 'dir' | 'socketDir'>> = new Map([
  ['dir in', { dir: 'in' }],
  ['dir out', { dir: 'out' }],
  ['dir fwd', { dir: 'fwd' }],
  ['dir 3', { dir: 'socket', socketDir: 'in' }],
  ['dir 4', { dir: 'socket', socketDir: 'out' }],
  ['dir 5', { dir: 'socket', socketDir: 'fwd' }],
  ['socket in', { dir: 'socket', socketDir: 'in' }],
  ['socket out', { dir: 'socket', socketDir: 'out' }],
  ['socket fwd', { dir: 'socket', socketDir: 'fwd' }],
]);

const ALL_BITS = 0xffffffff;
const HIGH_WORD = 0x1_0000_0000;

const addressOf = (text: string): string => canonicalAddress(text) ?? flatten(text);
const markOf = ([value, mask]: MarkPair): XfrmMark => ({ value: value ?? 0, mask: mask ?? ALL_BITS });

class XfrmSink extends LineSink {
  readonly states: StateDraft[] = [];
  readonly policies: PolicyDraft[] = [];
  readonly #defaults = new Map<'in' | 'fwd' | 'out', 'accept' | 'block'>();
  #defaultsSource: Source | undefined;
  /** The block that the lines belong to; none after a monitor's event. */
  #state: StateDraft | undefined;
  #policy: PolicyDraft | undefined;
  #template: TemplateDraft | undefined;

  stateHead(title: string | null, src: string, dst: string): void {
    this.#open(stateDraft(this.source(), addressOf(src), addressOf(dst)), undefined);
    if (isDump(title)) this.#keep(this.states, this.#state);
    else this.ignore();
  }

  policyHead(title: string | null, src: string, dst: string, fields: readonly SelectorField[]): void {
    this.#open(undefined, policyDraft(this.source(), selectorOf(src, dst, fields)));
    if (isDump(title)) this.#keep(this.policies, this.#policy);
    else this.ignore();
  }

  /** Something that happened: the lines below it say nothing about what is there now. */
  event(): void {
    this.#open(undefined, undefined);
    this.ignore();
  }

  transform(proto: string, spi: number | null, reqid: number | null, mode: string): void {
    const target = this.#template ?? this.#state;
    if (!target) return;
    target.proto = flatten(proto);
    target.spi = spi ?? undefined;
    target.reqid = reqid ?? undefined;
    target.mode = flatten(mode);
  }

  mark(pair: MarkPair): void {
    const target = this.#state ?? this.#policy;
    if (target) target.mark = markOf(pair);
  }

  outputMark(pair: MarkPair): void {
    if (this.#state) this.#state.outputMark = markOf(pair);
  }

  ifId(id: number | null): void {
    const target = this.#state ?? this.#policy;
    if (target) target.ifId = id ?? undefined;
  }

  offload(text: string): void {
    const target = this.#state ?? this.#policy;
    if (target) target.offload = flatten(text.trimEnd());
  }

  securityContext(text: string): void {
    const target = this.#state ?? this.#policy;
    if (target) target.securityContext = flatten(text.trimEnd());
  }

  algorithm(kind: string, name: string, keyBits: number | null, truncBits: number | null): void {
    this.#state?.algorithms.push({
      kind,
      name: flatten(name),
      keyBits: keyBits ?? undefined,
      truncBits: truncBits ?? undefined,
    });
  }

  replay(window: number | null, flags: readonly string[] | null): void {
    if (!this.#state) return;
    this.#state.replayWindow = window ?? undefined;
    this.#state.flags.push(...(flags ?? []).map(flatten));
  }

  antiReplay(fields: readonly (readonly [string, number | null])[]): void {
    if (!this.#state) return;
    const values = new Map(fields);
    const counter = (name: string) => {
      const low = values.get(name);
      return low === undefined || low === null ? undefined : (values.get(`${name}-hi`) ?? 0) * HIGH_WORD + low;
    };
    this.#state.seq = counter('seq') ?? this.#state.seq;
    this.#state.oseq = counter('oseq') ?? this.#state.oseq;
    this.#state.replayWindow = values.get('replay_window') ?? this.#state.replayWindow;
  }

  encap(type: string, sport: number | null, dport: number | null): void {
    if (this.#state) this.#state.encap = { type: flatten(type), sport: sport ?? 0, dport: dport ?? 0 };
  }

  stateDir(dir: 'in' | 'out'): void {
    if (this.#state) this.#state.dir = dir;
  }

  stateSelector(src: string, dst: string, fields: readonly SelectorField[]): void {
    if (this.#state) this.#state.selector = selectorOf(src, dst, fields);
  }

  lastUsed(time: string | null): void {
    if (this.#state) this.#state.used ??= timeOf(time);
  }

  hardLimit(unit: 'bytes' | 'packets', hard: number | null): void {
    if (!this.#state) return;
    if (unit === 'bytes') this.#state.hardBytes = hard ?? undefined;
    else this.#state.hardPackets = hard ?? undefined;
  }

  hardExpire(kind: 'add' | 'use', hard: number | null): void {
    if (this.#state && kind === 'add') this.#state.hardAdd = hard ?? undefined;
  }

  current(bytes: number | null, packets: number | null): void {
    if (!this.#state) return;
    this.#state.bytes = bytes ?? undefined;
    this.#state.packets = packets ?? undefined;
  }

  times(added: string | null, used: string | null): void {
    if (this.#state) this.#state.added = timeOf(added);
    const target = this.#state ?? this.#policy;
    if (target) target.used = timeOf(used) ?? target.used;
  }

  stats(replayWindow: number | null, replay: number | null, failed: number | null): void {
    if (this.#state) this.#state.stats = { replayWindow: replayWindow ?? 0, replay: replay ?? 0, failed: failed ?? 0 };
  }

  policy(
    kind: string,
    dir: string,
    action: string | null,
    index: number | null,
    priority: number | null,
    ptype: string | null,
    flags: readonly string[] | null,
  ): void {
    if (!this.#policy) return;
    Object.assign(this.#policy, DIRECTIONS.get(`${kind} ${dir}`) ?? {});
    this.#policy.action = action === 'block' ? 'block' : 'allow';
    this.#policy.index = index ?? undefined;
    this.#policy.priority = priority ?? 0;
    this.#policy.ptype = ptype === 'sub' ? 'sub' : 'main';
    if (flags && flags.length > 0) this.#policy.flags = flags.map(flatten);
  }

  template(src: string, dst: string): void {
    this.#template = {
      src: addressOf(src),
      dst: addressOf(dst),
      proto: '',
      spi: undefined,
      reqid: undefined,
      mode: '',
      optional: false,
    };
    this.#policy?.templates.push(this.#template);
  }

  level(level: string): void {
    if (this.#template) this.#template.optional = level === 'use';
  }

  defaultPolicy(dir: 'in' | 'fwd' | 'out', action: 'accept' | 'block'): void {
    this.#defaultsSource ??= this.source();
    this.#defaults.set(dir, action);
    this.records += 1;
  }

  data(kind: CaptureKind): CaptureData {
    // A line that is read a second time, for its error message, belongs to no block.
    this.#open(undefined, undefined);
    return {
      ...(kind === 'xfrm-state' || this.states.length > 0 ? { states: this.states } : {}),
      ...(kind === 'xfrm-policy' || this.policies.length > 0 ? { policies: this.policies } : {}),
      ...(this.#defaultsSource ? { xfrmDefaults: this.#defaultRecord(this.#defaultsSource) } : {}),
    };
  }

  #defaultRecord(source: Source): XfrmDefaults {
    const of = (dir: 'in' | 'fwd' | 'out') => this.#defaults.get(dir) ?? 'accept';
    return { source, in: of('in'), fwd: of('fwd'), out: of('out') };
  }

  #open(state: StateDraft | undefined, policy: PolicyDraft | undefined): void {
    this.#state = state;
    this.#policy = policy;
    this.#template = undefined;
  }

  #keep<T>(list: T[], draft: T | undefined): void {
    if (draft === undefined) return;
    this.records += 1;
    list.push(draft);
  }
}

/** What a monitor reports as deleted, expired or asked for is not there. */
const isDump = (title: string | null): boolean => title === null || title === 'Updated';

const timeOf = (text: string | null): string | undefined =>
  text !== null && /^\d/.test(text) ? flatten(text) : undefined;

/** `ip -o` puts a block on one line, with a backslash where a line would end; the block's lines then all are that line. */
const open = (input: CaptureInput): CaptureReader => {
  const sink = new XfrmSink(input);
  const reader = grammarReader(input, sink, parse, () => sink.data(input.kind));
  const readFolded = (line: string): void => {
    sink.folded = true;
    reader.read(line.replaceAll('\\', '\n'));
    sink.folded = false;
    sink.next();
  };
  return {
    read(slice) {
      if (!slice.includes('\\\t')) reader.read(slice);
      else
        for (const line of slice.split(/(?<=\n)/))
          if (line.includes('\\\t')) readFolded(line);
          else reader.read(line);
    },
    end: reader.end,
  };
};

/**
 * IPsec's security associations and policies: `ip xfrm state` and `ip xfrm policy` (iproute2 ip/ipxfrm.c, xfrm_state_info_print and
 * xfrm_policy_info_print). One grammar reads both, since scripts and `ipsec barf` put them into one file.
 */
export const xfrm: CaptureModule = {
  programs: 'ip',
  precedence: 80,
  mask: xfrmMask,
  formats: [
    {
      kind: 'xfrm-state',
      words: [
        { words: 'xfrm state|states|s|sa|sas|st' },
        { words: 'x state|states|s|sa|sas|stat|st' },
        { words: 'xfrmstate|xfrmstates' },
        { words: 'xfrm', common: true },
      ],
      object: { of: 'ip xfrm', names: 's|st|state|states|sa|sas' },
      firstLine: /^src [0-9a-f.:]+ dst [0-9a-f.:]+\s*$/,
      kin: 'xfrm',
      scope: 'namespace',
      collect: 'ip -s xfrm state list nokeys',
    },
    {
      kind: 'xfrm-policy',
      words: [{ words: 'xfrm|x policy|policies|p|pol|poli' }, { words: 'xfrmpolicy|xfrmpolicies' }],
      object: { of: 'ip xfrm', names: 'p|pol|policy|policies' },
      firstLine: /^src \S+\/\d+ dst \S+\/\d+/,
      kin: 'xfrm',
      scope: 'namespace',
      collect: 'ip -s xfrm policy',
    },
  ],
  open,
  sniff: (given) => {
    const head = given.replace(/\\(?=\t)/g, '\n');
    if (/^\s*src \S+\/\d+ dst \S+\/\d+.*\n\s*(?:security context .*\n\s*)?(?:dir|socket) /m.test(head))
      return 'xfrm-policy';
    if (/^Default policies:\s*\n\s*in: /m.test(head)) return 'xfrm-policy';
    return /^\s*src [0-9a-f.:]+ dst [0-9a-f.:]+[ \t]*\n\s+(?:proto \S+ spi |encap type )/m.test(head)
      ? 'xfrm-state'
      : undefined;
  },
};
