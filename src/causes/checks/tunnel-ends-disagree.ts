import type { NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import type { Link } from '../../records/link.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { BundleCheck } from '../facts/finding.ts';

interface End {
  readonly namespace: NetNamespace;
  readonly link: Link;
}

/** What all ends of one overlay must have alike. */
const ASPECTS: readonly { readonly aspect: string; readonly of: (link: Link) => number | undefined }[] = [
  { aspect: 'vni', of: (link) => link.vxlan?.id },
  { aspect: 'port', of: (link) => link.vxlan?.port },
  { aspect: 'mtu', of: (link) => link.mtu },
];

/** VXLAN devices by their name: an agent gives them the same one on every node. */
const overlays = (network: Network): readonly (readonly End[])[] => {
  const byName = new Map<string, End[]>();
  for (const { host } of network.nodes)
    for (const link of host.links.values())
      if (link.vxlan) byName.set(link.name, [...(byName.get(link.name) ?? []), { namespace: host, link }]);
  return [...byName.values()].filter((ends) => ends.length > 1);
};

/** The ends of an overlay were made with different identifiers, ports or MTUs. */
export const tunnelEndsDisagree: BundleCheck = {
  id: 'tunnel-ends-disagree',
  needs: ['ip-link', 'ip-addr'],
  detect: (network) =>
    overlays(network).flatMap((ends) =>
      ASPECTS.flatMap(({ aspect, of }) => {
        const [first] = ends;
        const usual = mostCommon(ends.map((end) => of(end.link)));
        const odd = ends.find((end) => of(end.link) !== undefined && of(end.link) !== usual);
        const like = ends.find((end) => of(end.link) === usual) ?? first;
        if (!odd || !like || usual === undefined) return [];
        const value = of(odd.link) ?? 0;
        return [
          {
            confidence: 'certain' as const,
            node: odd.namespace.node,
            namespace: odd.namespace.name,
            at: 'device',
            values: { aspect, device: odd.link.name, value, usual, other: like.namespace.node },
            evidence: [...decisiveLine(odd.link, [String(value)]), ...decisiveLine(like.link, [String(usual)])],
          },
        ];
      }),
    ),
};

const mostCommon = (values: readonly (number | undefined)[]): number | undefined => {
  const counts = new Map<number, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
};
