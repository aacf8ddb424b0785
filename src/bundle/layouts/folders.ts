/** Folders that sort a node's files and are no node themselves. */
const STRUCTURE: ReadonlySet<string> = new Set(
  (
    'networking network net proc self sys systeminfo system sysctls sysctl kernel tcpdump pcap pcaps cmd commands ip ipsec firewall logs log host info dump dumps linux output ' +
    'outputs captures capture kubectl k8s kubernetes cluster cluster-info iptables ipvs ipvsadm conntrack xfrm ipset nft nftables routes routing sockets state stat nodes hosts node ' +
    'workers masters control-plane control-planes collect diag diagnostics data files results result tables packets traces tmp stats gateway gateways bundle bundles support support-bundle attachments attachment ticket tickets'
  ).split(' '),
);

const WRAPPERS: ReadonlySet<string> = new Set(
  (
    'output outputs logs log dump dumps captures capture collect diag diagnostics data files result results tmp info ' +
    'bundle bundles support support-bundle attachments attachment ticket tickets'
  ).split(' '),
);

/** Folders below which each folder is a network namespace of the node above. */
const NAMESPACES: ReadonlySet<string> = new Set(['netns', 'ns', 'pods', 'pod', 'namespaces', 'containers']);

/** A folder for one node's packets beside its other files: `node1-tcpdump`. */
const PACKETS_OF = /(?<=.)[-_.](?:tcpdumps?|pcaps?|packets)$/i;

/** A member's folders, told apart. */
export interface Folders {
  readonly node: readonly string[];
  readonly namespace: string | undefined;
}

/** The folders of /proc/sys are parts of a setting's name. */
const aboveSettings = (segments: readonly string[]): readonly string[] => {
  const at = segments.findIndex((segment, i) => segment === 'proc' && segments[i + 1] === 'sys');
  return at < 0 ? segments : segments.slice(0, at);
};

export const foldersOf = (all: readonly string[]): Folders => {
  const segments = aboveSettings(all);
  const node: string[] = [];
  for (let at = 0; at < segments.length; at += 1) {
    const segment = segments[at] ?? '';
    const lower = segment.toLowerCase();
    if (NAMESPACES.has(lower) && at + 1 < segments.length) {
      const inner = segments.slice(at + 1).filter((name) => !isStructure(name));
      return { node, namespace: inner.join('/') || segments[at + 1] };
    }
    const process = segments[at - 1] === 'proc' && /^\d+$/.test(segment);
    if (!isStructure(segment) && !process) node.push(segment.replace(PACKETS_OF, ''));
  }
  return { node, namespace: undefined };
};

export const isWrapper = (folder: string): boolean => WRAPPERS.has(folder.toLowerCase());

export const isStructure = (folder: string): boolean => STRUCTURE.has(folder.toLowerCase());
