import { type Leg, legsOfBranch } from '../../src/path/walk-result.ts';
import type { CaseResult } from './case.ts';
import type { Lab } from './namespaces.ts';
import type { Ingredient, State } from './state.ts';

const ingredientText = (one: Ingredient): string => {
  switch (one.kind) {
    case 'sysctl':
      return `${one.host}: sysctl ${one.path}=${one.value}`;
    case 'ip':
      return `${one.host}: ip -${one.family} ${one.add}`;
    case 'set':
      return `${one.host}: ipset ${one.lines.join('; ')}`;
    case 'nft':
      return `${one.host}: nft ${one.lines.join(' ; ')}`;
    case 'policy':
      return `${one.host}: ${one.chain.backend}/${one.chain.family} -t ${one.chain.table} -P ${one.chain.name} DROP`;
    default:
      return `${one.host}: ${one.chain.backend}/${one.chain.family} -t ${one.chain.table} -A ${one.chain.name} ${one.text}`;
  }
};

const legText = (leg: Leg): string[] => [
  `  ${leg.direction}: ${leg.end.outcome} ${leg.end.reason} at ${leg.end.node}${leg.end.namespace && `/${leg.end.namespace}`}`,
  ...shortened(leg.steps).map(
    (s) =>
      `    ${s.node}${s.namespace && `/${s.namespace}`} ${s.place} ${s.stage} ${s.device ?? ''} ${s.action.code} ${s.before.src}:${s.before.sport ?? ''}>${s.before.dst}:${s.before.dport ?? ''}${s.after === s.before ? '' : ` => ${s.after.src}:${s.after.sport ?? ''}>${s.after.dst}:${s.after.dport ?? ''}`}${s.after.mark ? ` mark ${s.after.mark}` : ''} ${JSON.stringify(Object.fromEntries(Object.entries(s.action.values).filter(([k]) => ['via', 'table', 'chain', 'position', 'rpFilter', 'reverseDevice', 'owner', 'with'].includes(k))))}`,
  ),
];

/** A loop's steps are worth seeing once. */
const shortened = (steps: Leg['steps']): Leg['steps'] =>
  steps.length <= 40 ? steps : [...steps.slice(0, 14), ...steps.slice(-3)];

/** Branches of a walk that are worth reading. */
const SHOWN = 3;

/** A disagreement for whoever looks into it: how to play it again, what was there, what was said. */
export const describe = (seed: number, where: string, lab: Lab, state: State, result: CaseResult): string => {
  const { flow, verdict, walked, kernel } = result;
  const branches = walked?.branches ?? [];
  return [
    `DISAGREED --seed ${seed} --only ${where}, flow ${flow.n}: ${flow.proto} from ${flow.from} ${flow.src ?? '(any)'}:${flow.sport} to ${flow.dst}:${flow.dport}; the client saw ${kernel}`,
    `  hosts: ${lab.topology.title}`,
    ...verdict.differences.map((d) => `  - ${d}`),
    ...state.ingredients.map((one) => `  | ${ingredientText(one)}`),
    ...branches.slice(0, SHOWN).flatMap((branch) => legsOfBranch(branch).flatMap(legText)),
    ...(branches.length > SHOWN ? [`  (${branches.length} branches)`] : []),
  ].join('\n');
};
