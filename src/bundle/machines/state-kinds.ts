import type { CaptureKind } from '../../records/capture.ts';

/** Kinds that tell how a machine is set up: of two listings the newer one holds. Connections, packets, counters and logs tell of what happened, each of its own time. */
const STATE: ReadonlySet<CaptureKind> = new Set([
  'ip-addr',
  'ip-link',
  'ip-route',
  'ip-rule',
  'ip-neigh',
  'bridge-fdb',
  'bridge-link',
  'iptables-save',
  'iptables-list',
  'nft-ruleset',
  'ipset',
  'ipvsadm',
  'xfrm-state',
  'xfrm-policy',
  'sockets',
  'sysctl',
]);

export const isState = (kind: CaptureKind): boolean => STATE.has(kind);
