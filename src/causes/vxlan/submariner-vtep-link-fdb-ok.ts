import { decisiveLine, namespaceId, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt } from '../facts/found.ts';
import { vtepOf } from '../facts/submariner.ts';

/** The flow's packets pass the route agent's VXLAN: device, VNI, port and forwarding entries fit on both ends. */
export const submarinerVtepLinkFdbOk: Cause = {
  id: 'submariner-vtep-link-fdb-ok',
  group: 'A',
  layer: 'vxlan',
  control: true,
  needs: ['ip-link', 'bridge-fdb'],
  references: ['drivers/net/vxlan/vxlan_core.c: vxlan_xmit'],
  detect: (context) => {
    const { steps } = context.branch.forward;
    const sent = steps.findIndex((s) => s.action.code === 'vxlan-encapsulate' && isVtep(s));
    const opened = steps.findIndex((s, i) => i > sent && s.action.code === 'vxlan-decapsulate');
    const from = steps[sent];
    const to = steps[opened];
    if (!from || !to) return [];
    const receiver = context.network.namespaces.get(namespaceId(to));
    return [
      foundAt(from, {
        confidence: 'certain',
        values: {
          device: from.device ?? '',
          vni: Number(from.action.values.vni ?? 0),
          port: Number(from.action.values.port ?? 0),
          remote: String(from.action.values.remote ?? ''),
          to: to.node,
        },
        evidence: [...proofsOf(from), ...decisiveLine(receiver && vtepOf(receiver)?.link)],
      }),
    ];

    function isVtep(step: (typeof steps)[number]): boolean {
      const ns = context.network.namespaces.get(namespaceId(step));
      return ns !== undefined && vtepOf(ns)?.link.name === step.device;
    }
  },
};
