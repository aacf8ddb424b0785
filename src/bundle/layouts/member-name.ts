import type { CaptureKind } from '../../records/capture.ts';
import { namedIn } from './command-words.ts';
import { GENERIC } from './generic.ts';
import type { Layout, LayoutEntry, LayoutId } from './layout.ts';
import { LABEL_WORDS, OPTION_WORDS, TAKE_WORDS } from './tool-words.ts';

/** What a member's path tells. */
export interface NameFacts {
  readonly kind: CaptureKind | 'many' | 'clock' | 'skip' | undefined;
  readonly layout: LayoutId;
  /** The content has to agree. */
  readonly common: boolean;
  readonly command: string | undefined;
  readonly family: 4 | 6 | undefined;
  readonly device: string | undefined;
  readonly node: string | undefined;
  /** A pod of the host's network, whose node the cluster's objects tell. */
  readonly pod: string | undefined;
  readonly namespace: string | undefined;
  /** A word of the file's name beside the tool's: a node's name, or what tells two takes apart. */
  readonly label: string | undefined;
  /** The collector kept only the end. */
  readonly tailed: boolean;
}

const NOTHING: NameFacts = {
  kind: undefined,
  layout: 'generic',
  common: true,
  command: undefined,
  family: undefined,
  device: undefined,
  node: undefined,
  pod: undefined,
  namespace: undefined,
  label: undefined,
  tailed: false,
};

const NAME_LENGTH = 255;

/**
 * Tries the table's entries of the member's layout on its path below that layout's root, then the entries that hold everywhere, then the
 * words of the file's name and of its folder.
 */
export const factsOfName = (path: string, unit?: { readonly root: string; readonly layout: Layout }): NameFacts => {
  const tailed = path.endsWith('.tailed');
  const known = tailed ? path.slice(0, -'.tailed'.length) : path;
  const entry = unit && entryFor(known.slice(unit.root.length), unit.layout.entries);
  const own = entry && entry.kind !== 'named' ? undefined : everywhere(known);
  if (entry) return { ...fromEntry(entry, own ?? fromWords(known)), tailed };
  // What a collector wrote and no entry knows is told by its name or not at all: its logs quote every tool.
  if (own && unit && own.kind === undefined) return { ...own, kind: 'skip', tailed };
  return { ...(own ?? NOTHING), tailed };
};

/** What the path of a capture tells that is no text: that it is one its bytes say, whatever its name. */
export const factsOfCapture = (
  path: string,
  unit: { readonly root: string; readonly layout: Layout } | undefined,
  format: { readonly endings: readonly string[] },
): NameFacts => {
  const own = factsOfName(path, unit);
  // tcpdump -C and dumpcap number their files.
  const ending = new RegExp(`\\.(?:${format.endings.join('|')})[-_.]?\\d{0,5}$`, 'i');
  const bare = path.replace(ending, '');
  const folder = bare.slice(0, bare.lastIndexOf('/') + 1);
  const named = [`${bare}.txt`, `${folder}tcpdump-${bare.slice(folder.length)}`].map(everywhere);
  const told = named.find((facts) => facts.kind === 'tcpdump' && facts.device !== undefined);
  return { ...own, device: told?.device, label: told?.label };
};

interface Matched extends LayoutEntry {
  readonly groups: Readonly<Record<string, string | undefined>>;
}

const entryFor = (path: string, entries: readonly LayoutEntry[]): Matched | undefined => {
  for (const entry of entries) {
    const match = entry.pattern.exec(path);
    if (match) return { ...entry, groups: match.groups ?? {} };
  }
  return undefined;
};

const everywhere = (path: string): NameFacts => {
  const entry = entryFor(path, GENERIC);
  return entry ? fromEntry(entry, fromWords(path)) : fromWords(path);
};

const fromEntry = (entry: Matched, words: NameFacts): NameFacts => {
  const { groups } = entry;
  const named = entry.kind === 'named';
  const packets = groups.device === undefined ? undefined : captureName(groups.device);
  return {
    kind: entry.kind === 'named' ? (words.kind ?? 'skip') : entry.kind,
    layout: entry.layout,
    common: named && words.common,
    command: entry.command ?? (named || words.kind === entry.kind ? words.command : undefined),
    family: entry.family ?? (named || words.kind === entry.kind ? words.family : undefined),
    device: packets?.device ?? (named ? words.device : undefined),
    node: groups.node,
    pod: groups.pod,
    namespace: groups.namespace ?? words.namespace,
    label: packets?.label,
    tailed: false,
  };
};

const NETNS =
  /^ip_netns_exec_(?<namespace>[^/]{1,200}?)_{1,2}(?=ip_|ip6?tables|ss_|netstat|nstat|sysctl|conntrack|nft|ipvsadm|bridge|ethtool|cat_)/;

const fromWords = (path: string): NameFacts => {
  const segments = path.split('/');
  const base = (segments.at(-1) ?? '').slice(0, NAME_LENGTH);
  const namespace = NETNS.exec(base)?.groups?.namespace;
  const name = withoutEndings(
    namespace === undefined ? base : base.replace(/^ip_netns_exec_/, '').slice(namespace.length),
  );
  const own = namedIn(name);
  const folder = (segments.at(-2) ?? '').slice(0, NAME_LENGTH);
  const joined = own && !own.common ? undefined : namedIn(`${folder} ${name}`);
  const named = own ?? joined;
  // The version of a tool is none of its outputs.
  if (!named || /(?:^|[-_. ])version$/.test(name)) return { ...NOTHING, namespace };
  const beside = own ?? { before: '', after: joined?.after ?? '' };
  const packets = named.kind === 'tcpdump' ? packetsBeside(beside) : undefined;
  const label = packets ? packets.label : labelOf(beside);
  return {
    kind: (joined && !joined.common ? joined : named).kind,
    layout: 'generic',
    common: own === undefined || own.common,
    command: commandOf(name, own?.before),
    family: named.family,
    device: packets?.device,
    node: undefined,
    pod: undefined,
    namespace,
    label,
    tailed: false,
  };
};

const ENDING = /\.(?:txt|log|out|md|json|yaml|yml|stdout|dump|xml|conf|text|result)$/i;

const withoutEndings = (base: string): string => {
  let name = base;
  for (let i = 0; i < 3 && ENDING.test(name); i += 1) name = name.slice(0, name.lastIndexOf('.'));
  return name;
};

/** `ip_-6_route_show_table_all`, `ip-routes-table150`, `iptablesnat` as they were typed. */
const commandOf = (name: string, before: string | undefined): string => {
  const own = name.slice(before === undefined || before === '' ? 0 : before.length).replace(/^[^A-Za-z0-9]+/, '');
  const spaced = /[_ ]/.test(own) ? own.replaceAll('_', ' ') : own.replace(/-+/g, ' ');
  return spaced
    .replace(/\btable(\d+)\b/g, 'table $1')
    .replace(/^(ip6?tables)(nat|mangle|raw|filter|security)$/, '$1 -t $2')
    .trim();
};

/** The words beside the tool's that are no options, no number in front and no word of how often it was taken. */
interface Beside {
  readonly before: string;
  readonly after: string;
}

const labelOf = ({ before, after }: Beside): string | undefined => {
  for (const text of [before, after]) {
    const word = withoutTakes(text.replace(/^\d{1,3}[-_. ]+/, '').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, ''));
    if (word === '' || /^\d{1,3}$/.test(word) || isDevice(word)) continue;
    if (word.split(/[^A-Za-z0-9]+/).some((part) => !LABEL_WORDS.has(part.toLowerCase()) && !OPTION_WORDS.has(part)))
      return word;
  }
  return undefined;
};

/** `gw-a_after` → `gw-a`. */
const withoutTakes = (word: string): string => {
  const parts = word.split(/(?<=[A-Za-z0-9])(?=[^A-Za-z0-9])/);
  while (parts.length > 1 && TAKE_WORDS.has((parts.at(-1) ?? '').slice(1).toLowerCase())) parts.pop();
  return parts.join('');
};

/** Names that the kernel and systemd give, with a VLAN's number; names that CNI plugins give. `bravo` and `kube-node-1` are machines. */
const isDevice = (word: string): boolean =>
  /^(?:any|lo|(?:eth|en[opsx]|em|bond|team|eni)\w{0,12}(?:\.\d{1,4})?)$/.test(word) ||
  /^(?:veth|cali|lxc|tap|azv|gke|br-)[0-9a-f]{4,14}$/.test(word) ||
  /^(?:veth|vxlan|flannel|cni|docker|virbr|br|tun|tap|tunl|wg|gre|vti|ipsec|xfrm|genev(?:_sys_)?|dummy|kube-ipvs|nodelocaldns|weave|antrea-gw|ovn-k8s-mp|ip6tnl|sit)[-_.]?(?:v6[-_.])?\d{0,5}$/.test(
    word,
  ) ||
  /^(?:vxlan[-.](?:calico|\w{1,10})|vx-submariner|kube-(?:bridge|dummy-if)|cilium_(?:host|net|vxlan|geneve)|br-(?:int|ex|tun|lan|wan)|ovs-system|raven\d?|wireguard\.cali)$/.test(
    word,
  );

const isTake = (word: string): boolean => OPTION_WORDS.has(word.toLowerCase()) || TAKE_WORDS.has(word.toLowerCase());

/** `tcpdump-any`, `n1_tcpdump_eth0`, `tcpdump-n1-eth0`. */
const packetsBeside = (beside: Beside): { readonly device: string; readonly label: string | undefined } | undefined => {
  const own = [beside.after, beside.before].find(isDevice);
  if (own !== undefined) return { device: own, label: labelOf(beside) };
  for (const text of [beside.after, beside.before]) {
    const split = captureName(text);
    if (isDevice(split.device)) return { device: split.device, label: split.label ?? labelOf(beside) };
  }
  return undefined;
};

/**
 * A packet capture's own name: its device, behind the node (`node1-eth0`) or before a word of how it was taken (`eth0-link`). A name that
 * is none of these is a device that nobody has heard of.
 */
const captureName = (name: string): { readonly device: string; readonly label: string | undefined } => {
  for (let cut = 1; cut < name.length; cut += 1) {
    if (!/[-_. ]/.test(name[cut] ?? '')) continue;
    const [left, right] = [name.slice(0, cut), name.slice(cut + 1)];
    if (isDevice(right) && !isDevice(name)) return { device: right, label: left };
    if (isDevice(left) && !isDevice(name) && !isTake(right)) return { device: left, label: right };
    if (OPTION_WORDS.has(right.toLowerCase()) || TAKE_WORDS.has(right.toLowerCase()))
      return { device: left, label: undefined };
  }
  return { device: name, label: undefined };
};
