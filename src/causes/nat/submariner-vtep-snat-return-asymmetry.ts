import { counter, deviceSysctlNumber, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { senderOf } from '../../path/walk-result.ts';
import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, type Ending, endingOf, namespaceId, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Confidence, EvidenceLine, Found, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, foundAtEnd, undecided } from '../facts/found.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { decidingRule } from '../facts/rules.ts';
import { shell } from '../facts/shell.ts';
import { type Vtep, vtepOf } from '../facts/submariner.ts';

const RPF = 'TcpExtIPReversePathFilter';

/**
 * The route agent's SNAT rule for host processes also rewrites what a node sends to its gateway's own VTEP address. The gateway answers to the CNI address
 * outside of the VXLAN, and the answer dies on that way: by a strict reverse path filter, or in a network that takes no packets from VTEP addresses.
 */
export const submarinerVtepSnatReturnAsymmetry: Cause = {
  id: 'submariner-vtep-snat-return-asymmetry',
  group: 'A',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'conntrack', 'ip-route', 'sysctl', 'counters', 'tcpdump'],
  references: ['submariner-io/submariner#3134', 'net/ipv4/fib_frontend.c: fib_validate_source'],
  explains: [
    'rp-filter-strict-drop',
    'underlay-antispoof',
    'return-path-bypasses-nat',
    'policy-route-precedence',
    'masq-wrong-or-no-address',
    'calico-rpf-raw-drop',
  ],
  detect: (context) => {
    const rewritten = rewrittenVtep(context);
    if (!rewritten) return unknownRules(context);
    const { step, namespace: ns, vtep } = rewritten;
    const open = untoldFilter(context, rewritten);
    if (open.length > 0) return open;
    const ending = endingOf(context);
    // A request that dies before it reaches the gateway has no answer that could get lost.
    if (!ending || (ending.leg.direction === 'forward' && ending.leg.end.outcome !== 'delivered')) return [];
    const values = {
      vtep: vtep.address,
      target: step.before.dst,
      translated: step.after.src,
      device: vtep.link.name,
      asker: ns.node,
      chain: decidingRule(ns, step)?.chain ?? '',
    };
    if (
      context.evidence.seen === 'ok' ||
      (context.branch.outcome === 'delivered' && context.evidence.seen === 'unknown')
    )
      return [{ kind: 'ruled-out', because: 'answer-comes-back', values, evidence: proofsOf(step, ['SNAT']) }];
    // The gateway never answered who it is on the agent's network: the request did not get there.
    const failed = ns.neighbours.find(
      (n) => n.dev === vtep.link.name && n.address === step.before.dst && n.states.includes('FAILED'),
    );
    if (failed)
      return [
        { kind: 'ruled-out', because: 'request-never-arrived', values, evidence: decisiveLine(failed, ['FAILED']) },
      ];
    return located(context, ending, step, ns, vtep, values);
  },
};

interface Rewritten {
  readonly step: Step;
  readonly namespace: NetNamespace;
  readonly vtep: Vtep;
}

/** The step at which a VTEP address becomes another one on its way to a VTEP. */
const rewrittenVtep = (context: CauseContext): Rewritten | undefined => {
  for (const step of context.branch.forward.steps) {
    if (step.action.code !== 'snat' && step.action.code !== 'masquerade') continue;
    const namespace = context.network.namespaces.get(namespaceId(step));
    const vtep = namespace && vtepOf(namespace);
    if (!namespace || !vtep || step.device !== vtep.link.name) continue;
    if (step.before.src !== vtep.address || step.after.src === vtep.address) continue;
    return prefixContains(vtep.range, step.before.dst) ? { step, namespace, vtep } : undefined;
  }
  return undefined;
};

/**
 * Nobody saw whether the asker got its answer, which came to its host by another device than the agent's, and whose filter was not captured: there it dies where the
 * filter is strict.
 */
const untoldFilter = (context: CauseContext, { step, namespace: ns, vtep }: Rewritten): readonly Verdict[] => {
  if (context.branch.outcome !== 'delivered' || context.evidence.seen !== 'unknown') return [];
  const answers = context.evidence.packets.filter(
    (p) => p.namespace === ns.id && p.leg === 'reply' && p.view.direction === 'in' && p.layer?.dst === step.after.src,
  );
  const device = answers[0]?.view.device;
  if (device === undefined || answers.some((p) => p.view.device === vtep.link.name)) return [];
  if ([device, 'all'].some((name) => deviceSysctlNumber(ns, 4, name, 'rp_filter') !== undefined)) return [];
  const routed = context.branch.reply?.steps.findLast((s) => s.place === 'routing' && namespaceId(s) === ns.id);
  if (!routed) return [];
  const values = {
    vtep: vtep.address,
    target: step.before.dst,
    translated: step.after.src,
    device: vtep.link.name,
    asker: ns.node,
    chain: decidingRule(ns, step)?.chain ?? '',
    gateway: context.network.owners(step.before.dst)[0]?.namespace.node ?? '',
    byFilter: true,
    untold: true,
    answerDevice: device,
    counter: 0,
    answers: answers.length,
  };
  const entry = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.original.dst === step.before.dst);
  return [
    foundAt(routed, {
      confidence: 'possible',
      values,
      evidence: [
        ...proofsOf(step, ['SNAT', step.after.src, vtep.link.name]).slice(0, 1),
        ...answers
          .slice(0, 1)
          .map((p): EvidenceLine => ({ source: p.view.source, role: 'decisive', words: [step.after.src] })),
        ...(entry ? decisiveLine(entry.entry, [`src=${step.before.src}`, `dst=${step.after.src}`]) : []),
        ...symptomLines(context),
      ],
    }),
    undecided([{ kind: 'sysctl', namespace: ns.id }], values),
  ];
};

/** A VTEP asks a VTEP and no rules were captured: they would decide. */
const unknownRules = (context: CauseContext): readonly Verdict[] => {
  const { src, dst } = context.flow.question;
  const ns = context.network.namespaces.get(senderOf(context.flow.question) ?? '');
  const vtep = ns && vtepOf(ns);
  if (!ns || !vtep || context.evidence.seen === 'ok' || vtep.address !== src || !prefixContains(vtep.range, dst))
    return [];
  if (ns.tables.length > 0 || ns.nftTables.length > 0) return [];
  return [undecided([{ kind: 'iptables-save', namespace: ns.id }], { vtep: vtep.address, target: dst })];
};

const located = (
  context: CauseContext,
  ending: Ending,
  step: Step,
  ns: NetNamespace,
  vtep: Vtep,
  values: Found['values'],
): readonly Verdict[] => {
  const byFilter = ending.step.action.code === 'rp-filter';
  const filtered = byFilter ? counter(ending.namespace, RPF) : undefined;
  if (filtered?.value === 0)
    return [
      {
        kind: 'ruled-out',
        because: 'counter-zero',
        values: { ...values, counter: RPF },
        evidence: decisiveLine(filtered, [RPF]),
      },
    ];
  const entry = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.original.dst === step.before.dst);
  const answers = context.evidence.packets.filter((p) => p.leg === 'reply' && p.layer?.dst === step.after.src);
  const found = foundAtEnd(context, {
    confidence: confidenceOf(context, byFilter, filtered !== undefined, answers.length > 0),
    values: {
      ...values,
      gateway: context.network.owners(step.before.dst)[0]?.namespace.node ?? '',
      byFilter,
      device: vtep.link.name,
      answerDevice: byFilter ? textOf(ending.step, 'iif') : (answers[0]?.view.device ?? ''),
      counter: filtered?.value ?? 0,
      answers: answers.length,
    },
    evidence: [
      ...proofsOf(step, ['SNAT', step.after.src, vtep.link.name]).slice(0, 1),
      ...(entry ? decisiveLine(entry.entry, [`src=${step.before.src}`, `dst=${step.after.src}`]) : []),
      ...answers
        .slice(0, 1)
        .map((p): EvidenceLine => ({ source: p.view.source, role: 'decisive', words: [step.after.src] })),
      ...proofsOf(ending.step, ['rp_filter', vtep.link.name]),
      ...decisiveLine(filtered, [RPF, String(filtered?.value ?? '')]),
      ...proofsOf(step).slice(1),
      ...gatewayRoute(context),
      ...symptomLines(context),
    ],
    fixes: fixes(ns, vtep, ending, values.chain as string),
  });
  return found ? [found] : [];
};

/** Certain where the answer was seen outside of the tunnel and the place of its death is known. */
const confidenceOf = (context: CauseContext, byFilter: boolean, counted: boolean, answered: boolean): Confidence => {
  if (byFilter && counted && answered) return 'certain';
  const end = confidenceOfEnd(context);
  return answered ? end : weaker('likely', end);
};

/** The gateway's route for its answer. */
const gatewayRoute = ({ branch }: CauseContext): readonly EvidenceLine[] => {
  const routed = branch.reply?.steps.find((s) => s.place === 'routing');
  return routed ? proofsOf(routed).flatMap((line) => supportingLine(line)) : [];
};

const fixes = (ns: NetNamespace, vtep: Vtep, ending: Ending, chain: string): Found['fixes'] => {
  const { change, command } = ruleChange(ns, {
    family: 4,
    table: 'nat',
    chain: chain === '' ? 'POSTROUTING' : chain,
    position: 1,
    src: vtep.range,
    dst: vtep.range,
    target: 'ACCEPT',
  });
  const exempt = { id: 'exempt-vteps', commands: [command], changes: [change], values: { range: vtep.range } };
  if (ending.step.action.code !== 'rp-filter') return [exempt];
  const name = `net.ipv4.conf.${textOf(ending.step, 'iif').replaceAll('.', '/')}.rp_filter`;
  return [
    exempt,
    {
      id: 'loose-filter',
      commands: [commandIn(ending.namespace, shell`sysctl -w ${name}=2`)],
      changes: [{ namespace: ending.namespace.id, op: 'set', what: 'sysctl', name, value: '2' }],
      values: { sysctl: name },
    },
  ];
};
