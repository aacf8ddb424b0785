import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { FlowQuestion } from '../../path/walk-result.ts';
import type { Rule } from '../../records/iptables.ts';
import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, stepsOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, ToldContext } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { reachedFrom } from '../facts/reached-chains.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { chainNamed, chainsOf, optionsOf } from '../facts/rules.ts';
import { agentChain, CHAIN, exemptionOf, unlistedAgent } from '../facts/submariner.ts';

/** The agent's exemptions from source NAT stand in their chain, but POSTROUTING does not go there, or only after another program's MASQUERADE. */
export const submarinerChainNotHooked: Cause = {
  id: 'submariner-chain-not-hooked',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'conntrack'],
  references: ['submariner-io/submariner#1116'],
  explains: ['snat-before-xfrm-policy-miss', 'xfrm-out-policy-missing-plaintext', 'underlay-antispoof'],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const at = translatedInspite(context);
    if (!at) {
      const unlisted = unlistedAgent(context);
      return unlisted
        ? [
            undecided([{ kind: 'iptables-save', namespace: unlisted.namespace.id }], {
              chain: CHAIN,
              dst: unlisted.step.before.dst,
            }),
          ]
        : [];
    }
    const { step, namespace: ns, exemption, jump } = at;
    const delivered = context.branch.outcome === 'delivered';
    const { change, command } = ruleChange(ns, {
      family: 4,
      table: 'nat',
      chain: 'POSTROUTING',
      position: 1,
      target: CHAIN,
    });
    return [
      foundAt(step, {
        // A flow that the walk delivers in the clear may have failed for another reason.
        confidence: delivered ? weaker('likely', confidenceOfEnd(context)) : confidenceOfEnd(context),
        values: {
          chain: CHAIN,
          src: step.before.src,
          dst: step.before.dst,
          translated: step.after.src,
          late: jump !== undefined,
          position: jump?.position ?? 0,
          by: chainsOf(ns, step),
        },
        evidence: [
          ...decisiveLine(agentChain(ns, 'nat'), [CHAIN]),
          ...decisiveLine(jump, [CHAIN]),
          ...decisiveLine(exemption.rule, [exemption.src, exemption.dst]),
          ...proofsOf(step, ['MASQUERADE', 'SNAT']),
          ...symptomLines(context),
        ],
        fixes: [{ id: 'hook-chain', commands: [command], changes: [change], values: { chain: CHAIN } }],
      }),
    ];
  },
  told: (context) => (context.evidence.seen === 'ok' ? [] : unhooked(context)),
};

/** Chains in which the agents translate what leaves the cluster: their names begin so. */
const EGRESS = /^SM-GN-EGRESS|^SUBMARINER-GN-EGRESS/;

/**
 * The agent's chain for global addresses has a translation for the flow's source, POSTROUTING does not lead there, and nothing was ever counted in it. Where the flow's route is not
 * known the walk cannot say more than that no packet of it gets there.
 */
const unhooked = ({ network, question }: ToldContext): readonly Found[] =>
  [...network.namespaces.values()].flatMap((ns) =>
    ns.tables
      .filter((table) => table.name === 'nat' && table.family === 4)
      .flatMap((table): readonly Found[] => {
        const postrouting = table.chains.get('POSTROUTING');
        const reached = postrouting && reachedFrom(ns, table, 'POSTROUTING');
        if (!reached) return [];
        const chain = [...table.chains.values()].find(
          ({ name, rules }) =>
            EGRESS.test(name) && !reached.has(name) && rules.some((rule) => translates(rule, question)),
        );
        if (!chain || chain.rules.some((rule) => (rule.counters?.packets ?? 0) > 0)) return [];
        const rule = chain.rules.find((one) => translates(one, question));
        return [
          {
            kind: 'found',
            confidence: rule?.counters ? 'likely' : 'possible',
            node: ns.node,
            namespace: ns.name,
            at: 'POSTROUTING',
            values: {
              chain: chain.name,
              src: question.src,
              dst: question.dst,
              translated: '',
              late: false,
              position: 0,
              by: [],
            },
            evidence: [
              ...decisiveLine(postrouting, ['POSTROUTING']),
              ...decisiveLine(chain, [chain.name]),
              ...decisiveLine(rule),
            ],
            fixes: [],
          },
        ];
      }),
  );

/** A source translation whose networks hold the flow. */
const translates = (rule: Rule, { src, dst }: FlowQuestion): boolean => {
  const [from] = optionsOf(rule, '-s');
  const [to] = optionsOf(rule, '-d');
  return (
    rule.target?.name === 'SNAT' &&
    from?.[0] !== undefined &&
    prefixContains(from[0], src) &&
    (to?.[0] === undefined || prefixContains(to[0], dst))
  );
};

/** A source NAT of a packet that the agent's chain would have let through as it is. */
const translatedInspite = (context: CauseContext) => {
  for (const step of stepsOf(context)) {
    if (step.action.code !== 'masquerade' && step.action.code !== 'snat') continue;
    if (step.before.src === step.after.src) continue;
    const namespace = context.network.namespaces.get(namespaceId(step));
    const exemption = namespace && exemptionOf(namespace, step.before);
    if (!namespace || !exemption || passesChain(namespace, step)) continue;
    return { step, namespace, exemption, jump: jumpOf(namespace) };
  }
  return undefined;
};

const jumpOf = (ns: NetNamespace): Rule | undefined =>
  chainNamed(ns, 'nat', 4, 'POSTROUTING')?.rules.find((rule) => rule.target?.name === CHAIN);

const passesChain = (ns: NetNamespace, step: Step): boolean => chainsOf(ns, step).includes(CHAIN);
