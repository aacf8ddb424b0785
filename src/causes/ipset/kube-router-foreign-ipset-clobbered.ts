import type { NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain } from '../../path/netfilter/owner.ts';
import type { IpSet } from '../../records/ipset.ts';
import type { Rule } from '../../records/iptables.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { chainNamed, chainsOf, isRuleEnd, optionsOf } from '../facts/rules.ts';
import { isComplete } from '../facts/sets.ts';
import { shell } from '../facts/shell.ts';

/**
 * kube-router up to 2.6.0 restores every ipset of the node from its own copy, those of other programs too. A set that another program filled
 * meanwhile loses its members, and what its rule let in is refused.
 */
export const kubeRouterForeignIpsetClobbered: Cause = {
  id: 'kube-router-foreign-ipset-clobbered',
  group: 'C',
  layer: 'ipset',
  control: false,
  needs: ['ipset', 'iptables-save'],
  references: ['cloudnativelabs/kube-router#1918'],
  versions: 'kube-router up to 2.6.0',
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    const hasRouter =
      [...ns.sets.keys()].some((name) => ownerOfChain(name) === 'kube-router') ||
      ns.tables.some((t) => [...t.chains.keys()].some((name) => name.startsWith('KUBE-ROUTER-')));
    if (!hasRouter) return [];
    const table = step.stage === 'nat' || step.stage === 'mangle' || step.stage === 'raw' ? step.stage : 'filter';
    const rules = chainsOf(ns, step).flatMap((name) => chainNamed(ns, table, step.before.family, name)?.rules ?? []);
    const accepts = rules.filter(
      (r) => (r.target?.name === 'ACCEPT' || r.target?.name === 'RETURN') && setsOf(r).some(isForeign),
    );
    if (accepts.length === 0) return [];
    const values = { set: setsOf(accepts[0] as Rule)[0] ?? '', src: step.before.src, dst: step.before.dst, other: '' };
    if (ns.sets.size === 0) return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    for (const rule of accepts)
      for (const name of setsOf(rule)) {
        const set = ns.sets.get(name);
        if (!set || set.members.length > 0 || !isComplete(set) || !isForeign(name)) continue;
        const twin = fullTwin(context, ns, name);
        return [
          foundAt(step, {
            confidence: twin && context.evidence.seen !== 'unknown' ? 'likely' : 'possible',
            values: { ...values, set: name, other: twin?.node ?? '' },
            evidence: [
              ...decisiveLine(set, [name]),
              ...decisiveLine(rule, [name]),
              ...(twin ? decisiveLine(twin.set, [name]) : []),
              ...proofsOf(step),
              ...supportingLine([...ns.sets.values()].find((s) => ownerOfChain(s.name) === 'kube-router')),
              ...symptomLines(context),
            ],
            fixes: [
              {
                id: 'upgrade-kube-router',
                commands: [commandIn(ns, shell`ipset list ${name}`)],
                changes: [],
                values: { set: name },
              },
            ],
          }),
        ];
      }
    return [];
  },
};

const setsOf = (rule: Rule): readonly string[] =>
  optionsOf(rule, '--match-set').flatMap((values) => (values[0] === undefined ? [] : [values[0]]));

const isForeign = (name: string): boolean => {
  const owner = ownerOfChain(name);
  return owner !== 'kube-router' && owner !== 'kube-proxy';
};

/** The set of the same name on another node, with members. */
const fullTwin = (
  context: CauseContext,
  ns: NetNamespace,
  name: string,
): { readonly node: string; readonly set: IpSet } | undefined => {
  for (const { host } of context.network.nodes) {
    const set = host === ns ? undefined : host.sets.get(name);
    if (set && set.members.length > 0) return { node: host.node, set };
  }
  return undefined;
};
