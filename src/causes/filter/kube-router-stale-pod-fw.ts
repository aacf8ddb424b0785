import { policyNameOf } from '../../path/netfilter/subject.ts';
import type { Rule } from '../../records/iptables.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { chainsLike, chainsOf, isRuleEnd, optionsOf } from '../facts/rules.ts';

/** kube-router's firewall chain of a pod that is over still stands on an address that another pod has now. */
export const kubeRouterStalePodFw: Cause = {
  id: 'kube-router-stale-pod-fw',
  group: 'C',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'kubectl'],
  references: ['cloudnativelabs/kube-router#1056', 'cloudnativelabs/kube-router#2059'],
  explains: ['networkpolicy-drop'],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    const chain = chainsOf(ns, step).find((name) => name.startsWith('KUBE-POD-FW-'));
    if (chain === undefined) return [];
    const { family, src, dst } = step.before;
    const jumps = chainsLike(ns, 'filter', family, /^KUBE-ROUTER-/).flatMap((c) =>
      c.rules.filter((r) => r.target?.name.startsWith('KUBE-POD-FW-')),
    );
    const mine = jumps.filter((r) => r.target?.name === chain);
    const address = [dst, src].find((a) => mine.some((r) => addressesOf(r).includes(a)));
    if (address === undefined) return [];
    const named = podOf(mine[0]);
    const rivals = jumps.filter((r) => r.target?.name !== chain && addressesOf(r).includes(address));
    const owner = context.network.kube.pods.find(
      (p) => p.ips.includes(address) && p.phase !== 'Succeeded' && p.phase !== 'Failed',
    );
    const values = {
      address,
      chain,
      pod: named,
      owner: owner ? `${owner.namespace}/${owner.name}` : podOf(rivals[0]),
      packets: Number(step.action.values.packets ?? -1),
    };
    const other = owner !== undefined && named !== '' && named !== `${owner.namespace}/${owner.name}`;
    if (owner && !other && rivals.length === 0)
      return [{ kind: 'ruled-out', because: 'pod-is-current', values, evidence: decisiveLine(owner, [address]) }];
    if (!other && rivals.length === 0) {
      // One chain for one address is how it should be; whose it is only the pods tell.
      return context.network.kube.pods.length > 0 || context.network.owners(address).some((o) => !o.namespace.imagined)
        ? []
        : [undecided([{ kind: 'kubectl', namespace: ns.id }], values)];
    }
    const jump = mine.find((r) => addressesOf(r).includes(address));
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...proofsOf(step, ['REJECT', 'DROP', textOf(step, 'chain')]),
          ...decisiveLine(jump, [chain, address]),
          ...rivals.slice(0, 2).flatMap((r) => decisiveLine(r, [address])),
          ...decisiveLine(owner, [address]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'delete-stale-jump',
            commands: [],
            changes: mine
              .filter((r) => addressesOf(r).includes(address))
              .map((r) => ({
                namespace: ns.id,
                op: 'delete' as const,
                what: 'iptables-rule' as const,
                source: r.source,
              })),
            values: { address, pod: named },
          },
        ],
      }),
    ];
  },
};

const addressesOf = (rule: Rule): readonly string[] =>
  [...optionsOf(rule, '-s'), ...optionsOf(rule, '-d')].flatMap((values) => {
    const [address, length] = (values[0] ?? '').split('/');
    return address !== undefined && (length === undefined || length === '32' || length === '128') ? [address] : [];
  });

const podOf = (rule: Rule | undefined): string => {
  if (!rule) return '';
  const name = policyNameOf([
    {
      source: rule.source,
      chain: rule.chain,
      position: rule.position,
      packets: undefined,
      comment: rule.comment,
      target: rule.target?.name,
    },
  ]);
  return name?.kind === 'pod' ? `${name.namespace ?? ''}/${name.name}` : '';
};
