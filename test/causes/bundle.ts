import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { moduleFor } from '../../src/captures/known-formats.ts';
import { readText } from '../../src/captures/read-text.ts';
import { completeQuestion } from '../../src/evidence/complete.ts';
import { type Judgement, judgeFlow } from '../../src/judging/judge.ts';
import { CAUSES } from '../../src/judging/registry.ts';
import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import type { FlowQuestion } from '../../src/path/walk-result.ts';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';
import { witnessed } from './witness.ts';

const CAUSE_IDS = CAUSES.map(({ id }) => id);
const RECORDED = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));
const OWN = fileURLToPath(new URL('../fixtures/bundles/', import.meta.url));

/** What each file of the recording script's layout holds. */
const KINDS: Readonly<Record<string, CaptureKind>> = {
  'iptables-save.txt': 'iptables-save',
  'ip6tables-save.txt': 'iptables-save',
  'iptables-legacy-save.txt': 'iptables-save',
  'nft_ruleset.txt': 'nft-ruleset',
  'ipset_list.txt': 'ipset',
  'conntrack_-L.txt': 'conntrack',
  'conntrack_-L_-f_ipv6.txt': 'conntrack',
  'nf_conntrack.txt': 'conntrack',
  'conntrack_-S.txt': 'conntrack-stats',
  'ipvsadm_-Ln.txt': 'ipvsadm',
  'ipvsadm_-Ln_--stats.txt': 'ipvsadm',
  'ipvsadm_-Lnc.txt': 'ipvsadm-connections',
  'ipvsadm_-l_--timeout.txt': 'ipvsadm-timeout',
  'ip_xfrm_state.txt': 'xfrm-state',
  'ip_xfrm_policy.txt': 'xfrm-policy',
  'ip_xfrm_policy_getdefault.txt': 'xfrm-policy',
  'xfrm_stat.txt': 'xfrm-stat',
  'wg_show.txt': 'wireguard',
  'ip_addr.txt': 'ip-addr',
  'ip_link_stats.txt': 'ip-link',
  'ip_-s_-s_link.txt': 'ip-link',
  'ip_route.txt': 'ip-route',
  'ip_-6_route.txt': 'ip-route',
  'ip_rule.txt': 'ip-rule',
  'ip_-6_rule.txt': 'ip-rule',
  'ip_neigh.txt': 'ip-neigh',
  'bridge_fdb.txt': 'bridge-fdb',
  'bridge_link.txt': 'bridge-link',
  'ss_-antp.txt': 'sockets',
  'ss_-anu.txt': 'sockets',
  'sysctl_-a.txt': 'sysctl',
  'nstat_-az.txt': 'counters',
  'netstat_proc.txt': 'counters',
  'rt_cache.txt': 'rt-cache',
  'dmesg.txt': 'dmesg',
  'ping.txt': 'probe',
  'kubectl.yaml': 'kubectl',
  uname: 'uname',
  hostname: 'hostname',
  date: 'date',
};

export const kindOf = (path: string): CaptureKind | undefined =>
  path.includes('/tcpdump/') ? 'tcpdump' : KINDS[path.slice(path.lastIndexOf('/') + 1)];

/** A bundle as texts by path (`NODE/ip_addr.txt`, `NODE/netns/POD/ip_addr.txt`), from which variants are made. */
export class BundleTexts {
  readonly #files: ReadonlyMap<string, string>;
  /** What was read of each file, by its path: variants share what they have in common. */
  readonly #read: Map<string, { readonly text: string; readonly capture: Capture }>;

  constructor(
    files: ReadonlyMap<string, string>,
    read = new Map<string, { readonly text: string; readonly capture: Capture }>(),
  ) {
    this.#files = files;
    this.#read = read;
  }

  #with(files: ReadonlyMap<string, string>): BundleTexts {
    return new BundleTexts(files, this.#read);
  }

  /** Without the captures of a kind, everywhere or only where the path contains `where`. */
  without(kind: CaptureKind, where = ''): BundleTexts {
    return this.#with(new Map([...this.#files].filter(([path]) => kindOf(path) !== kind || !path.includes(where))));
  }

  /** With a piece of text replaced in every file whose path ends so. Fails where nothing changes: a variant must vary. */
  edited(file: string, from: string | RegExp, to: string | ((...found: string[]) => string)): BundleTexts {
    let changes = 0;
    const files = new Map(
      [...this.#files].map(([path, text]) => {
        if (!path.endsWith(file)) return [path, text];
        const after = typeof to === 'string' ? text.replace(from, to) : text.replace(from, to);
        if (after !== text) changes += 1;
        return [path, after];
      }),
    );
    if (changes === 0) throw new Error(`${file}: ${String(from)} is not there`);
    return this.#with(files);
  }

  /** With a file more, or another text in it. */
  withFile(path: string, text: string): BundleTexts {
    return this.#with(new Map([...this.#files, [path, text]]));
  }

  /** With text at the end of a file, which is made where it is not there. */
  appended(path: string, text: string): BundleTexts {
    return this.withFile(path, `${this.#files.get(path) ?? ''}${text}`);
  }

  /** Without the files whose path ends so. */
  withoutFile(ending: string): BundleTexts {
    return this.#with(new Map([...this.#files].filter(([path]) => !path.endsWith(ending))));
  }

  /** Without a node. */
  withoutNode(node: string): BundleTexts {
    return this.#with(new Map([...this.#files].filter(([path]) => !path.startsWith(`${node}/`))));
  }

  /** Without the captures of the pods' own namespaces, as a script that runs on the hosts alone leaves them. */
  withoutPods(): BundleTexts {
    return this.#with(new Map([...this.#files].filter(([path]) => !path.includes('/netns/'))));
  }

  /** With every file's text as `edit` makes it. */
  mapped(edit: (path: string, text: string) => string): BundleTexts {
    return this.#with(new Map([...this.#files].map(([path, text]) => [path, edit(path, text)])));
  }

  /** With its nodes named otherwise, in the paths and where a node tells its name. */
  renamed(name: (node: string) => string): BundleTexts {
    return this.#with(
      new Map(
        [...this.#files].map(([path, text]) => {
          const [node = '', ...rest] = path.split('/');
          const told = rest.length === 1 && rest[0] === 'hostname' ? `${name(node)}\n` : text;
          return [[name(node), ...rest].join('/'), told];
        }),
      ),
    );
  }

  /** With another bundle's files beside its own; nodes of one name would be one node. */
  beside(other: BundleTexts): BundleTexts {
    return this.#with(new Map([...this.#files, ...other.#files]));
  }

  /** Names of the nodes. */
  nodes(): readonly string[] {
    return [...new Set([...this.#files.keys()].map((path) => path.split('/')[0] ?? ''))];
  }

  /** Kinds of capture that are there. */
  kinds(): readonly CaptureKind[] {
    return [...new Set([...this.#files.keys()].flatMap((path) => kindOf(path) ?? []))];
  }

  /** The text of a file. */
  text(path: string): string {
    const text = this.#files.get(path);
    if (text === undefined) throw new Error(`${path} is not there`);
    return text;
  }

  network(): Network {
    const nodes = new Map<string, Map<string, Capture[]>>();
    for (const [path, text] of this.#files) {
      const parts = path.split('/');
      const kind = kindOf(path);
      const node = parts[0] ?? '';
      const namespace = parts[1] === 'netns' ? (parts[2] ?? '') : '';
      const namespaces = nodes.get(node) ?? new Map<string, Capture[]>([['', []]]);
      nodes.set(node, namespaces);
      if (kind === undefined || !moduleFor(kind)) continue;
      const capture = this.#capture(path, kind, text);
      namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), capture]);
    }
    return buildNetwork({
      nodes: [...nodes].map(([name, namespaces]) => ({
        name,
        namespaces: [...namespaces].map(([namespace, captures]) => ({ name: namespace, captures })),
      })),
    });
  }

  #capture(path: string, kind: CaptureKind, text: string): Capture {
    const known = this.#read.get(path);
    if (known?.text === text) return known.capture;
    const capture = readText(
      {
        kind,
        file: path,
        firstLine: 1,
        // The backend that its writer names.
        command: path.includes('iptables-legacy') ? 'iptables-legacy-save' : undefined,
        family: /-6_|ip6tables/.test(path) ? 6 : undefined,
        device: kind === 'tcpdump' ? (path.split('/').at(-1) ?? '').replace(/\.txt$/, '') : undefined,
      },
      text,
    );
    if (!known) this.#read.set(path, { text, capture });
    return capture;
  }

  /** Asks every cause about a flow; what is left out of the question is completed from the bundle. */
  judge(question: Partial<FlowQuestion> & Pick<FlowQuestion, 'src' | 'dst'>): Judgement {
    const network = this.network();
    const whole: FlowQuestion = { proto: 'tcp', sport: undefined, dport: undefined, start: undefined, ...question };
    return witnessed(judgeFlow(network, completeQuestion(network, whole), 'f1'), CAUSE_IDS);
  }
}

const cache = new Map<string, BundleTexts>();

/** The texts of an archive. */
export const textsOf = (archive: string): BundleTexts => new BundleTexts(membersOf(gunzipSync(readFileSync(archive))));

/** A recorded bundle by its name, from test/fixtures/recorded or from test/fixtures/bundles. */
export const bundleOf = (name: string): BundleTexts => {
  const known = cache.get(name);
  if (known) return known;
  const path = [`${RECORDED}${name}.tgz`, `${OWN}${name}.tgz`].find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no recorded bundle ${name}`);
  const bundle = textsOf(path);
  cache.set(name, bundle);
  return bundle;
};

/** The flow that a recorded bundle is about, as its truth file tells it. */
export const flowOf = (name: string): FlowQuestion => {
  const path = [`${RECORDED}${name}.json`, `${OWN}${name}.json`].find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no truth for ${name}`);
  const { flow } = JSON.parse(readFileSync(path, 'utf8')) as {
    flow: {
      proto: string;
      src: string;
      sport?: number;
      dst: string;
      dport?: number;
      startNode?: string;
      startPod?: string;
    };
  };
  return {
    proto: flow.proto,
    src: flow.src,
    sport: flow.sport,
    dst: flow.dst,
    dport: flow.dport,
    start: flow.startNode === undefined ? undefined : flow.startNode + (flow.startPod ? `/${flow.startPod}` : ''),
  };
};

const BLOCK = 512;

/** Regular files of a tar archive, their path below its top folder. */
const membersOf = (tar: Buffer): ReadonlyMap<string, string> => {
  const files = new Map<string, string>();
  const text = (from: number, length: number) => tar.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const name = text(at, 100);
    if (name === '') break;
    const prefix = text(at + 345, 155);
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const type = text(at + 156, 1);
    const path = (prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\//, '').replace(/^[^/]+\//, '');
    if (type === '0' || type === '') files.set(path, tar.toString('utf8', at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
};
