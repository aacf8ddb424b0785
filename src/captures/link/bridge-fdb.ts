import { parse } from '#grammars/bridge-fdb';
import type { FdbEntry } from '../../records/route.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { Interner } from '../../tables/interner.ts';
import { AddressSink } from '../address-sink.ts';
import { type JsonItem, number, text, textOrJson, texts } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader } from '../module.ts';

class FdbSink extends AddressSink {
  readonly fdb: FdbEntry[] = [];
  readonly #names = new Interner();
  /** `bridge fdb show dev X` does not repeat the device. */
  readonly #device: string;

  constructor(input: CaptureInput) {
    super(input);
    this.#device = /(?:^|[\s_])(?:dev|brport)[ _](\S+)/.exec(input.command ?? '')?.[1] ?? '';
  }

  entry(mac: string, device: string | null, attributes: readonly (readonly [string, string])[]): void {
    const value = (name: string) => attributes.find(([key]) => key === name)?.[1];
    const integer = (name: string) => number(value(name));
    const dst = value('dst');
    const canonical = dst === undefined ? undefined : canonicalAddress(dst);
    if (dst !== undefined && canonical === undefined) {
      this.raw(`${mac} dev ${device ?? ''} dst ${dst}`);
      return;
    }
    this.records += 1;
    this.fdb.push({
      source: this.source(),
      mac: this.#names.intern(mac.toLowerCase()),
      dev: this.#names.intern(device ?? this.#device),
      dst: canonical,
      port: integer('port'),
      vni: integer('vni'),
      via: this.#known(value('via')),
      vlan: integer('vlan'),
      master: this.#known(value('master')),
      flags: attributes.filter(([, word]) => word === '').map(([flag]) => this.#names.intern(flag)),
    });
  }

  #known(word: string | undefined): string | undefined {
    return word === undefined ? undefined : this.#names.intern(word);
  }
}

const KEYS: readonly (readonly [json: string, name: string])[] = [
  ['dst', 'dst'],
  ['port', 'port'],
  ['vni', 'vni'],
  ['viaIf', 'via'],
  ['vlan', 'vlan'],
  ['master', 'master'],
];

const fromJson = (sink: FdbSink, { value }: JsonItem): void => {
  const mac = text(value.mac);
  if (mac === undefined) return;
  const pairs = KEYS.flatMap(([key, name]) => {
    const word = text(value[key]);
    return word === undefined ? [] : [[name, word] as const];
  });
  const state = text(value.state);
  const flags = [...texts(value.flags), ...(state ? [state] : [])].map((flag) => [flag, ''] as const);
  sink.entry(mac, text(value.ifname) ?? null, [...pairs, ...flags]);
};

/** `bridge fdb` (iproute2 bridge/fdb.c): where a bridge or a vxlan device sends a frame. */
export const bridgeFdb: CaptureModule = {
  programs: 'bridge brctl',
  precedence: 160,
  mask: usualMask,
  formats: [
    {
      kind: 'bridge-fdb',
      words: [{ words: 'brctl showmacs' }, { words: 'fdb', common: true }],
      object: { of: 'bridge', names: 'fdb' },
      firstLine: /^[0-9a-f:]{17} dev \S+ (?:master|vlan|dst|self|permanent|extern_learn|offload)/,
      kin: 'routing',
      scope: 'namespace',
      collect: 'bridge fdb',
    },
  ],
  open(input) {
    const sink = new FdbSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ fdb: [...sink.fdb] }));
    return textOrJson(reader, sink, fromJson);
  },
  sniff: (head) =>
    /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2} dev \S+/m.test(head) || /^\[\s*\{\s*"mac":\s*"(?:[0-9a-f]{2}:){5}/.test(head)
      ? 'bridge-fdb'
      : undefined,
};
