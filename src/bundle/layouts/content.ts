import { CAPTURE_MODULES } from '../../captures/registry.ts';
import type { CaptureKind } from '../../records/capture.ts';

/** Bytes of a member's beginning that tell its kind. */
export const SNIFFED = 4096;

/**
 * The order in which formats are tried: the narrow before the wide. Neighbours and forwarding entries look like routes, a bridge's ports
 * like links, the kernel's table of virtual services like ipvsadm's.
 */
const ORDER: readonly CaptureKind[] = [
  'nft-ruleset',
  'kubectl',
  'conntrack',
  'iptables-save',
  'iptables-list',
  'ipset',
  'ipvsadm',
  'xfrm-policy',
  'xfrm-stat',
  'rt-cache',
  'counters',
  'bridge-link',
  'ip-addr',
  'ip-rule',
  'ip-neigh',
  'bridge-fdb',
  'sockets',
  'sysctl',
  'dmesg',
  'tcpdump',
  'ip-route',
  'uname',
  'hostname',
  'date',
];

const SNIFFERS = ORDER.flatMap((kind) => {
  const module = CAPTURE_MODULES.find((m) => m.kinds.includes(kind));
  return module?.sniff ? [module.sniff.bind(module)] : [];
});

/** The kind that a member's first lines show. */
export const kindOfContent = (head: string): CaptureKind | undefined => {
  for (const sniff of SNIFFERS) {
    const kind = sniff(head);
    if (kind) return kind;
  }
  return undefined;
};

const FAMILIES: readonly (readonly CaptureKind[])[] = [
  ['iptables-save', 'iptables-list'],
  ['ipvsadm', 'ipvsadm-connections', 'ipvsadm-timeout'],
  ['conntrack', 'conntrack-stats'],
  ['xfrm-state', 'xfrm-policy', 'xfrm-stat'],
  ['ip-route', 'ip-rule', 'ip-neigh', 'bridge-fdb'],
];

/** Outputs that may begin with anything, or that carry other outputs' lines: their name decides. */
const NAMED_ONLY: ReadonlySet<CaptureKind> = new Set([
  'dmesg',
  'hostname',
  'date',
  'uname',
  'tcpdump',
  'sysctl',
  'counters',
  'kubectl',
]);

/**
 * What a member is, by its name and by its content. One tool's outputs are told apart by the content; a name that is clear wins over
 * a content that is not; where both are clear and differ, somebody misnamed the file.
 */
export const kindOf = (named: CaptureKind | undefined, common: boolean, head: string): CaptureKind | undefined => {
  const shown = kindOfContent(head);
  if (named === undefined || shown === named) return shown;
  if (common) return shown;
  if (shown === undefined) return named;
  if (FAMILIES.some((family) => family.includes(named) && family.includes(shown))) return shown;
  if (NAMED_ONLY.has(named)) return named;
  // `ip link` without an address and `ip addr` of a namespace without one look the same.
  if ((named === 'ip-addr' || named === 'ip-link') && (shown === 'ip-addr' || shown === 'ip-link')) return named;
  if (named === 'bridge-link' && (shown === 'ip-addr' || shown === 'ip-link')) return named;
  return shown;
};
