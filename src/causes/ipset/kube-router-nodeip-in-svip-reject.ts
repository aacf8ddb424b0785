import { realHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { serviceReject, setsSay } from '../facts/kube-router.ts';
import { virtualService } from '../facts/service.ts';
import { memberAdded } from '../facts/set-member.ts';
import { shell } from '../facts/shell.ts';

/**
 * kube-router fills kube-router-svip from every IPVS service of the host, those on the node's own address included. An own address in that
 * set that is not in kube-router-local-ips is refused on every port but those of services: the API server, kubelet, SSH.
 */
export const kubeRouterNodeipInSvipReject: Cause = {
  id: 'kube-router-nodeip-in-svip-reject',
  group: 'A',
  layer: 'ipset',
  control: false,
  needs: ['ipset', 'ipvsadm', 'iptables-save', 'ip-addr'],
  references: [
    'cloudnativelabs/kube-router#1685',
    'cloudnativelabs/kube-router#1699',
    'cloudnativelabs/kube-router#1924',
  ],
  versions: 'kube-router before 2.2.0',
  explains: ['kube-router-local-ips-empty', 'networkpolicy-drop', 'ipvs-input-chain-drop'],
  detect: (context) => {
    const reject = serviceReject(context);
    if (!reject) return [];
    const { ending, namespace: ns, names, address, port, proto } = reject;
    const own = realHolding(ns, address);
    if (!own || virtualService(ns, { proto, address, port })) return [];
    const introducers = ns.services.filter((s) => s.address === address);
    const localSet = ns.sets.get(names.local);
    const values = {
      address,
      port,
      device: own.device,
      set: names.svip,
      localSet: names.local,
      localEntries: localSet?.members.length ?? 0,
      services: introducers.map((s) => `${s.address}:${s.port}`),
      untold: reject.guessed || !ns.sets.has(names.svip) || !localSet,
      rejected: Number(ending.step.action.values.packets ?? 0),
    };
    // The rule that refused the packet asks for an address that is in the one set and not in the other.
    const isUntold = reject.guessed || !ns.sets.has(names.svip);
    if (isUntold && !reject.seen) return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    const { inServices, inLocal } = setsSay(reject);
    if (!isUntold && (inLocal || !inServices)) return [];
    return [
      foundAt(ending.step, {
        confidence: isUntold ? weaker('likely', confidenceOfEnd(context)) : confidenceOfEnd(context),
        values,
        evidence: [
          ...decisiveLine(inServices, [address]),
          ...decisiveLine(localSet, [names.local]),
          ...decisiveLine(own, [address, own.device]),
          ...introducers.slice(0, 2).flatMap((s) => decisiveLine(s, [`:${s.port}`])),
          ...proofsOf(ending.step, ['REJECT', names.local]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'add-local-address',
            commands: [],
            changes: [memberAdded(ns, names.local, [address], 0)],
            values: { byHand: shell`ipset add ${names.local} ${address} timeout 0`, address, set: names.local },
          },
        ],
      }),
    ];
  },
};
