import { decisiveLine, namespaceId, stepsOf } from '../../causes/facts/ending.ts';
import { sysctl, sysctlNumber } from '../../network/namespace.ts';
import type { Excludes } from './rival.ts';

/** Below this part of nf_conntrack_max no new flow is refused for want of room, nor was just before the capture. */
const ROOMY = 0.9;

/** Every namespace on the way that tells its number of entries has room for more (nf_conntrack_alloc refuses at nf_conntrack_max only). */
export const conntrackRoom: Excludes = (context) => {
  const hosts = [...new Set(stepsOf(context).map(namespaceId))]
    .flatMap((id) => context.network.namespaces.get(id) ?? [])
    .filter((ns) => ns.name === '');
  const tables = hosts.map((ns) => {
    const count = sysctlNumber(ns, 'net.netfilter.nf_conntrack_count');
    const max = sysctlNumber(ns, 'net.netfilter.nf_conntrack_max');
    const dropped = ns.conntrackStats.some(
      (s) => (s.counters.get('drop') ?? 0) + (s.counters.get('early_drop') ?? 0) > 0,
    );
    return { ns, count, max, roomy: count !== undefined && max !== undefined && !dropped && count < max * ROOMY };
  });
  if (tables.length === 0 || tables.some((t) => !t.roomy)) return [];
  const fullest = [...tables].sort((a, b) => (b.count ?? 0) / (b.max ?? 1) - (a.count ?? 0) / (a.max ?? 1))[0];
  if (!fullest) return [];
  return [
    {
      because: 'conntrack-has-room',
      excludes: ['conntrack-table-full'],
      values: { node: fullest.ns.node, count: fullest.count ?? 0, max: fullest.max ?? 0 },
      evidence: [
        ...decisiveLine(sysctl(fullest.ns, 'net.netfilter.nf_conntrack_count')),
        ...decisiveLine(sysctl(fullest.ns, 'net.netfilter.nf_conntrack_max')),
      ],
    },
  ];
};
