import { knows } from '../../network/namespace.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { deleteRule } from '../facts/delete-rule.ts';
import { decisiveLine, endingOf, proofsOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { hostPortTranslation, isHostPortChain } from '../facts/host-port.ts';
import { chainsLike, optionsOf, ruleAt } from '../facts/rules.ts';

const GONE: ReadonlySet<string> = new Set<ActionCode>([
  'neighbour-failed',
  'no-route',
  'outside',
  'unreachable',
  'blackhole',
  'no-listener',
  'bridge-no-port',
  'lost',
]);

/** The rule of a hostPort outlived its pod: traffic for the port goes to an address that nobody has any more. */
export const hostportStaleDnat: Cause = {
  id: 'hostport-stale-dnat',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'kubectl', 'ip-neigh'],
  references: ['kubernetes/kubernetes#58336', 'containernetworking/plugins#683', 'rancher/rke#3440'],
  explains: [
    'neigh-failed-next-hop',
    'podcidr-route-missing',
    'targetport-no-listener-rst',
    'stale-backend-in-dataplane',
  ],
  detect: (context) => {
    const t = hostPortTranslation(context);
    const ending = endingOf(context);
    if (!t || !ending || !isBroken(context) || !GONE.has(ending.leg.end.reason)) return [];
    const { namespace: ns } = t;
    const { kube } = context.network;
    const pod = kube.pods.find((p) => p.ips.includes(t.server) && p.phase !== 'Succeeded' && p.phase !== 'Failed');
    const owned = context.network.owners(t.server).length > 0;
    const family = t.step.before.family;
    // A second rule of the same port, to a pod that is there: the dead one comes first.
    const rivals = chainsLike(ns, 'nat', family, /./)
      .filter((chain) => isHostPortChain(chain.name))
      .flatMap((chain) => chain.rules)
      .filter(
        (r) =>
          r.target?.name === 'DNAT' &&
          optionsOf(r, '--dport').some((v) => v[0] === String(t.port)) &&
          !r.target.options.some((o) => o.values[0]?.startsWith(`${t.server}:`)),
      );
    const failed = ns.neighbours.find(
      (n) => n.address === t.server && n.states.some((s) => s === 'FAILED' || s === 'INCOMPLETE'),
    );
    const values = {
      port: t.port,
      server: t.server,
      serverPort: t.serverPort,
      rivals: rivals.length,
      podsKnown: kube.pods.length > 0,
    };
    if (pod) return [{ kind: 'ruled-out', because: 'pod-is-there', values, evidence: decisiveLine(pod, [t.server]) }];
    if (owned) return [];
    if (kube.pods.length === 0 && !failed && rivals.length === 0)
      return [
        undecided(
          [
            { kind: 'kubectl', namespace: ns.id },
            ...(knows(ns, 'ip-neigh') ? [] : [{ kind: 'ip-neigh' as const, namespace: ns.id }]),
          ],
          values,
        ),
      ];
    const rule = t.step.proofs.map((p) => ruleAt(ns, p.source)).find((r) => r?.rule.target?.name === 'DNAT');
    const deletion = rule && deleteRule(ns, rule);
    return [
      foundAt(ending.step, {
        confidence:
          kube.pods.length > 0 || rivals.length > 0
            ? confidenceOfEnd(context)
            : weaker('likely', confidenceOfEnd(context)),
        values,
        evidence: [
          ...proofsOf(t.step, ['DNAT', t.server]),
          ...decisiveLine(failed, [t.server, 'FAILED']),
          ...rivals.slice(0, 2).flatMap((r) => decisiveLine(r, ['DNAT'])),
          ...proofsOf(ending.step),
          ...symptomLines(context),
        ],
        fixes: rule
          ? [
              {
                id: 'delete-rule',
                commands: deletion === undefined ? [] : [commandIn(ns, deletion)],
                changes: [{ namespace: ns.id, op: 'delete', what: 'iptables-rule', source: rule.rule.source }],
                values: { server: t.server },
              },
            ]
          : [],
      }),
    ];
  },
};
