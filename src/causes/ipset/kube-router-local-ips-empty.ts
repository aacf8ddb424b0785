import { isLoopback } from '../../tables/address.ts';
import { realHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { serviceReject } from '../facts/kube-router.ts';
import { virtualService } from '../facts/service.ts';
import { memberAdded } from '../facts/set-member.ts';
import { isComplete } from '../facts/sets.ts';
import { shell } from '../facts/shell.ts';

/** kube-router-local-ips, which exempts the node's own addresses from the REJECT of service addresses, holds none of them. */
export const kubeRouterLocalIpsEmpty: Cause = {
  id: 'kube-router-local-ips-empty',
  group: 'C',
  layer: 'ipset',
  control: false,
  needs: ['ipset', 'ip-addr', 'iptables-save'],
  references: ['cloudnativelabs/kube-router#1924', 'cloudnativelabs/kube-router#1927'],
  versions: 'kube-router 2.6.1; IPv6 before 2.1.3',
  explains: ['networkpolicy-drop', 'ipvs-input-chain-drop'],
  detect: (context) => {
    const reject = serviceReject(context);
    if (!reject) return [];
    const { ending, namespace: ns, names, address, port, proto } = reject;
    const own = realHolding(ns, address);
    if (!own || virtualService(ns, { proto, address, port })) return [];
    const set = ns.sets.get(names.local);
    const values = { address, port, device: own.device, set: names.local };
    if (!set) return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    const held = set.members.filter((m) => !isLoopback(m.parts[0] ?? ''));
    if (held.length > 0)
      return [
        {
          kind: 'ruled-out',
          because: 'set-has-addresses',
          values,
          evidence: held.slice(0, 3).flatMap((m) => decisiveLine(m)),
        },
      ];
    if (!isComplete(set)) return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    return [
      foundAt(ending.step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...decisiveLine(set, [names.local]),
          ...decisiveLine(own, [address, own.device]),
          ...proofsOf(ending.step, ['REJECT', names.local]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'fill-set',
            commands: [],
            changes: [memberAdded(ns, names.local, [address], 0)],
            values: { byHand: shell`ipset add ${names.local} ${address} timeout 0`, address, set: names.local },
          },
        ],
      }),
    ];
  },
};
