import { sysctl } from '../../network/namespace.ts';
import { fullnessOf } from '../conntrack/conntrack-table-full.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';

const NEARLY = 0.9;

/** A connection table that is near its limit, or has dropped for want of room: new connections fail when it is reached. */
export const conntrackNearlyFull: BundleCheck = {
  id: 'conntrack-nearly-full',
  needs: ['sysctl', 'conntrack', 'dmesg'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) => {
      const { count, max, message } = fullnessOf(ns);
      if (count === undefined || max === undefined || max <= 0 || count < NEARLY * max) return [];
      return [
        {
          confidence: 'certain' as const,
          node: ns.node,
          namespace: ns.name,
          at: 'PREROUTING',
          values: { count, max, percent: Math.round((100 * count) / max), message: message !== undefined },
          evidence: [
            ...decisiveLine(sysctl(ns, 'net.netfilter.nf_conntrack_count')),
            ...decisiveLine(sysctl(ns, 'net.netfilter.nf_conntrack_max')),
            ...supportingLine(message, ['table full']),
          ],
        },
      ];
    }),
};
