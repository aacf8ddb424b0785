import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { serviceReject, setsSay } from '../facts/kube-router.ts';
import { virtualService } from '../facts/service.ts';
import { memberAdded } from '../facts/set-member.ts';
import { shell } from '../facts/shell.ts';

/**
 * kube-router's policy controller restored all ipsets from a stale copy of its own and so took an address and port out of
 * kube-router-svip-prt that its service controller had added. INPUT refuses the service before IPVS sees the packet.
 */
export const kubeRouterSvipPrtRace: Cause = {
  id: 'kube-router-svip-prt-race',
  group: 'A',
  layer: 'ipset',
  control: false,
  needs: ['ipset', 'ipvsadm', 'iptables-save'],
  references: ['cloudnativelabs/kube-router#1732', 'net/netfilter/xt_set.c: set_match_v4'],
  versions: 'kube-router before 2.5.0',
  explains: ['kube-router-local-ips-empty', 'networkpolicy-drop', 'ipvs-input-chain-drop'],
  detect: (context) => {
    const reject = serviceReject(context);
    if (!reject) return [];
    const { ending, namespace: ns, names, address, port, proto } = reject;
    const service = virtualService(ns, { proto, address, port });
    if (!service) return [];
    const values = {
      virtual: address,
      port,
      proto,
      set: names.ports,
      addresses: names.svip,
      servers: service.servers.map((s) => `${s.address}:${s.port}`),
      untold: reject.guessed || !ns.sets.has(names.ports),
      rejected: Number(ending.step.action.values.packets ?? 0),
    };
    // Had the entry been there, the rule before would have taken the packet, and not the one that refused it.
    const isUntold = values.untold;
    if (isUntold && (!reject.seen || service.servers.length === 0))
      return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    const { inServices, inPorts } = setsSay(reject);
    if (inPorts)
      return [{ kind: 'ruled-out', because: 'entry-present', values, evidence: decisiveLine(inPorts, [address]) }];
    const set = ns.sets.get(names.ports);
    const others = (set?.members ?? []).filter((m) => m.parts[0] === address);
    return [
      foundAt(ending.step, {
        confidence: isUntold ? weaker('likely', confidenceOfEnd(context)) : confidenceOfEnd(context),
        values,
        evidence: [
          ...decisiveLine(set, [names.ports]),
          ...proofsOf(ending.step, ['REJECT', names.local]).slice(0, 1),
          ...decisiveLine(service, [`${address}:${port}`]),
          ...decisiveLine(inServices, [address]),
          ...others.slice(0, 2).flatMap((m) => decisiveLine(m, [address])),
          ...service.servers.slice(0, 2).flatMap((s) => decisiveLine(s)),
          ...proofsOf(ending.step).slice(1),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'add-entry',
            commands: [],
            changes: [memberAdded(ns, names.ports, [address, `${proto}:${port}`], 0)],
            values: {
              byHand: shell`ipset add ${names.ports} ${`${address},${proto}:${port}`} timeout 0`,
              virtual: address,
              port,
              proto,
              set: names.ports,
            },
          },
        ],
      }),
    ];
  },
};
