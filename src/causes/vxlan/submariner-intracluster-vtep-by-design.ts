import { prefixContains } from '../../tables/address.ts';
import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { vtepOf } from '../facts/submariner.ts';

/** VTEP addresses of one cluster are no service for anybody: the route agent's VXLAN carries what leaves for other clusters, from node to gateway, and nothing else. */
export const submarinerIntraclusterVtepByDesign: Cause = {
  id: 'submariner-intracluster-vtep-by-design',
  group: 'A',
  layer: 'vxlan',
  control: true,
  needs: ['ip-addr', 'ip-route'],
  references: ['submariner-io/submariner#3134'],
  detect: (context) => {
    const [first] = context.branch.forward.steps;
    const ns = first && context.network.namespaces.get(namespaceId(first));
    const vtep = ns && vtepOf(ns);
    const { dst } = context.flow.question;
    if (!first || !vtep || vtep.usualRange || !prefixContains(vtep.range, dst)) return [];
    return [
      foundAt(first, {
        confidence: vtep.inferred ? 'likely' : 'certain',
        values: { device: vtep.link.name, range: vtep.range, vtep: vtep.address, dst },
        evidence: [...decisiveLine(vtep.link, [vtep.link.name]), ...proofsOf(first, [vtep.range])],
      }),
    ];
  },
};
