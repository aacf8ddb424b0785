import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';
import { clusterChains } from '../filter/iptables-backend-split.ts';

const FAMILIES = [4, 6] as const;

/** The cluster's chains are filled in both iptables backends: the kernel asks both, and only one is kept up to date. */
export const rulesInBothBackends: BundleCheck = {
  id: 'rules-in-both-backends',
  needs: ['iptables-save'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) =>
      FAMILIES.flatMap((family) => {
        const legacy = clusterChains(ns, 'legacy', family);
        const nft = clusterChains(ns, 'nft', family);
        const [old, recent] = [legacy[0], nft[0]];
        if (!old || !recent) return [];
        return [
          {
            confidence: 'certain' as const,
            node: ns.node,
            namespace: ns.name,
            at: 'FORWARD',
            values: { legacy: legacy.length, nft: nft.length, legacyChain: old.chain, nftChain: recent.chain, family },
            evidence: [...decisiveLine(old.table), ...decisiveLine(recent.table)],
          },
        ];
      }),
    ),
};
