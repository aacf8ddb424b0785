import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Packet } from '../../path/packet.ts';
import type { Step } from '../../path/step.ts';
import type { XfrmFlow } from '../../path/xfrm/policy.ts';
import { isAt } from '../../records/source.ts';
import type { XfrmPolicy, XfrmState, XfrmTemplate } from '../../records/xfrm.ts';
import { numberOf, textOf } from './ending.ts';
import { commandIn, type FixCommand } from './fix-command.ts';
import { NO_PART, part, type Shell, type ShellPart, shell } from './shell.ts';

type PolicyRecord = Omit<XfrmPolicy, 'source'>;
export type PolicyDir = 'in' | 'out' | 'fwd';

/** The policies and states that a step's lines stand for. */
export const policiesOf = (ns: NetNamespace, step: Step): readonly XfrmPolicy[] =>
  step.proofs.flatMap((proof) => ns.policies.filter((policy) => isAt(policy, proof.source)));
export const statesOf = (ns: NetNamespace, step: Step): readonly XfrmState[] =>
  step.proofs.flatMap((proof) => ns.states.filter((state) => isAt(state, proof.source)));

/** The flow that a policy check looked up, from the step's values. */
export const checkedFlow = (step: Step): XfrmFlow => ({
  family: step.before.family,
  src: textOf(step, 'src'),
  dst: textOf(step, 'dst'),
  proto: textOf(step, 'proto'),
  sport: numberOf(step, 'sport') || undefined,
  dport: numberOf(step, 'dport') || undefined,
  mark: step.before.mark,
  ifId: 0,
});

/** A packet as an outgoing lookup asks for it. */
export const flowOfPacket = (p: Packet): XfrmFlow => ({
  family: p.family,
  src: p.src,
  dst: p.dst,
  proto: p.proto,
  sport: p.sport,
  dport: p.dport,
  mark: p.mark,
  ifId: 0,
});

/** The template as a policy for the other way round asks for it. */
const turned = (t: XfrmTemplate): XfrmTemplate => ({ ...t, src: t.dst, dst: t.src, spi: undefined });

/** The policy with another direction, and its mirror image where that is the other way round. */
export const asDirection = (policy: XfrmPolicy, dir: PolicyDir): PolicyRecord => {
  const { source: _, ...record } = policy;
  const outward = (d: XfrmPolicy['dir']) => d === 'out';
  if (outward(policy.dir) === outward(dir)) return { ...record, dir, index: undefined, used: undefined };
  const { selector } = policy;
  return {
    ...record,
    dir,
    index: undefined,
    used: undefined,
    selector: {
      ...selector,
      src: selector.dst,
      dst: selector.src,
      sport: selector.dport,
      dport: selector.sport,
    },
    templates: policy.templates.map(turned),
  };
};

const templatePart = (t: XfrmTemplate): ShellPart => {
  const src = t.src === '' ? NO_PART : part` src ${t.src}`;
  const dst = t.dst === '' ? NO_PART : part` dst ${t.dst}`;
  const reqid = t.reqid ? part` reqid ${t.reqid}` : NO_PART;
  return part` tmpl${src}${dst} proto ${t.proto}${reqid} mode ${t.mode}${t.optional ? part` level use` : NO_PART}`;
};

/** The selector and direction by which `ip xfrm policy` finds a policy. */
const policyKey = ({ selector: s, dir, mark, ifId }: PolicyRecord): ShellPart => {
  const proto = s.proto === undefined ? NO_PART : part` proto ${s.proto}`;
  const sport = s.sport === undefined ? NO_PART : part` sport ${s.sport}`;
  const dport = s.dport === undefined ? NO_PART : part` dport ${s.dport}`;
  const marked = mark === undefined ? NO_PART : part` mark ${mark.value} mask ${mark.mask}`;
  const device = ifId ? part` if_id ${ifId}` : NO_PART;
  return part`src ${s.src} dst ${s.dst}${proto}${sport}${dport} dir ${dir}${marked}${device}`;
};

/** `ip xfrm policy add` (or `update`) as it would be typed. */
export const policyCommand = (verb: 'add' | 'update', policy: PolicyRecord): Shell => {
  const action = policy.action === 'block' ? part` action block` : NO_PART;
  const priority = policy.priority === 0 ? NO_PART : part` priority ${policy.priority}`;
  const templates = policy.templates.reduce((all, template) => part`${all}${templatePart(template)}`, NO_PART);
  return shell`ip xfrm policy ${verb} ${policyKey(policy)}${action}${priority}${templates}`;
};
export const deletePolicyCommand = (policy: PolicyRecord): Shell => shell`ip xfrm policy delete ${policyKey(policy)}`;

export const addPolicy = (ns: NetNamespace, record: PolicyRecord): Change => ({
  namespace: ns.id,
  op: 'add',
  what: 'xfrm-policy',
  record,
});
export const deletePolicy = (ns: NetNamespace, policy: XfrmPolicy): Change => ({
  namespace: ns.id,
  op: 'delete',
  what: 'xfrm-policy',
  source: policy.source,
});

/** The policies of both ways that a gateway lacks for a tunnel which its `out` policy would describe. */
export const tunnelPolicies = (
  ns: NetNamespace,
  out: PolicyRecord,
): {
  readonly changes: readonly Change[];
  readonly commands: readonly FixCommand[];
} => {
  const here = { source: { file: '', line: 0 }, ...out };
  const missing = (['out', 'in', 'fwd'] as const)
    .map((dir) => asDirection(here, dir))
    .filter(
      (wanted) =>
        !ns.policies.some(
          (p) =>
            p.dir === wanted.dir && p.selector.src === wanted.selector.src && p.selector.dst === wanted.selector.dst,
        ),
    );
  return {
    changes: missing.map((record) => addPolicy(ns, record)),
    commands: missing.map((record) => commandIn(ns, policyCommand('add', record))),
  };
};

/** A policy with other templates in its place: the change and its command. */
export const replaceTemplates = (
  ns: NetNamespace,
  policy: XfrmPolicy,
  templates: readonly XfrmTemplate[],
): { readonly changes: readonly Change[]; readonly command: FixCommand } => {
  const { source: _, ...record } = policy;
  const changed = { ...record, templates };
  return {
    changes: [deletePolicy(ns, policy), addPolicy(ns, changed)],
    command: commandIn(ns, policyCommand('update', changed)),
  };
};

/** A policy's own words in its listing. */
export const policyWords = ({ selector, dir }: XfrmPolicy): readonly string[] => [
  selector.src,
  selector.dst,
  `dir ${dir}`,
];
