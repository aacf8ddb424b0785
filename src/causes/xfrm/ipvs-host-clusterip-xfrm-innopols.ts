import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import { counter, knows } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { matchingPolicies } from '../../path/xfrm/policy.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import {
  decisiveLine,
  type Ending,
  endingOf,
  namespaceId,
  proofsOf,
  stepsOf,
  supportingLine,
  textOf,
} from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, RuledOut, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { shell } from '../facts/shell.ts';

const COUNTER = 'XfrmInNoPols';

/**
 * A host process of the node that terminates IPsec asks a ClusterIP that IPVS serves from beyond the tunnel. The answer is decrypted and
 * un-NATed: netfilter puts the masqueraded destination back, IPVS the source. The policy check undoes only what the conntrack status bits
 * tell of, and IPVS sets none, so it looks for a policy from the virtual address to the masqueraded one, finds none and drops the answer.
 */
export const ipvsHostClusteripXfrmInnopols: Cause = {
  id: 'ipvs-host-clusterip-xfrm-innopols',
  group: 'A',
  layer: 'xfrm',
  control: false,
  needs: ['ipvsadm', 'conntrack', 'xfrm-policy', 'xfrm-state', 'xfrm-stat', 'iptables-save'],
  references: [
    'net/netfilter/ipvs/ip_vs_nfct.c: ip_vs_update_conntrack',
    'net/netfilter/nf_nat_core.c: __nf_nat_decode_session',
    'net/xfrm/xfrm_policy.c: __xfrm_policy_check',
    'net/ipv4/tcp_ipv4.c: tcp_v4_rcv',
    'openyurtio/openyurt#1892',
  ],
  explains: ['xfrm-in-or-fwd-policy-missing'],
  detect: (context) => {
    const steps = stepsOf(context);
    if (!steps.some((s) => s.action.code === 'esp-decapsulate' && s.node === context.branch.forward.steps[0]?.node))
      return [];
    const ending = endingOf(context);
    const viaIpvs = steps.find((s) => s.action.code === 'ipvs-dnat' && s.action.values.hook === 'OUTPUT');
    if (!viaIpvs || !ending) return contrast(context, steps);
    if (
      ending.leg.direction !== 'reply' ||
      ending.step.place !== 'xfrm-in' ||
      ending.step.action.code !== 'no-policy'
    ) {
      return [ruledOut('answer-not-dropped-by-policy', viaIpvs, { virtual: textOf(viaIpvs, 'from') })];
    }
    return verdict(context, ending, viaIpvs);
  },
};

const ruledOut = (because: string, step: Step | undefined, values: RuledOut['values']): RuledOut => ({
  kind: 'ruled-out',
  because,
  values,
  evidence: step ? proofsOf(step) : [],
});

/** Flows on the same tunnel that this cause cannot touch, and the fact that keeps it off. */
const contrast = (context: CauseContext, steps: readonly Step[]): readonly Verdict[] => {
  const virtual = context.flow.question.dst;
  const dnat = steps.find((s) => s.action.code === 'dnat');
  if (dnat) return [ruledOut('translated-by-netfilter', dnat, { virtual })];
  const fromPod = steps.find((s) => s.action.code === 'ipvs-dnat');
  if (fromPod) return [ruledOut('client-in-pod', fromPod, { virtual })];
  return [
    ruledOut(
      'not-a-virtual-service',
      steps.find((s) => s.action.code === 'esp-decapsulate'),
      { virtual },
    ),
  ];
};

const verdict = (context: CauseContext, ending: Ending, viaIpvs: Step): readonly Verdict[] => {
  const ns = ending.namespace;
  if (namespaceId(viaIpvs) !== ns.id) return [];
  const virtual = textOf(viaIpvs, 'from');
  const server = textOf(viaIpvs, 'to');
  const masqueraded = textOf(ending.step, 'dst');
  const plain = {
    family: ending.step.before.family,
    src: server,
    dst: masqueraded,
    proto: ending.step.before.proto,
    sport: undefined,
    dport: undefined,
    mark: 0,
    ifId: 0,
  };
  const covering = matchingPolicies(ns, 'in', plain)[0];
  // Without a policy for the plain flow the answer would die without IPVS as well: another cause.
  if (!covering) return [ruledOut('plain-flow-has-no-policy', ending.step, { server, masqueraded })];

  const seen = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.original.dst === virtual);
  if (seen?.entry.unreplied)
    return [
      {
        kind: 'ruled-out',
        because: 'no-answer-came-back',
        values: { virtual, server },
        evidence: decisiveLine(seen.entry, ['[UNREPLIED]']),
      },
    ];
  const decrypted = context.evidence.packets.filter(
    (p) =>
      p.namespace === ns.id &&
      p.leg === 'reply' &&
      p.layer?.src === server &&
      p.layer.dst === masqueraded &&
      p.layer.tcpFlags !== 'R',
  );
  const replied = seen !== undefined && !seen.entry.unreplied && seen.entry.state !== 'ESTABLISHED';
  // Answers that came out of the tunnel, and an entry that stays half open, tell without the counter where they die.
  const isCounted = knows(ns, 'xfrm-stat');
  if (!isCounted && (!replied || decrypted.length === 0))
    return [
      {
        kind: 'undecided',
        missing: [{ kind: 'xfrm-stat', namespace: ns.id }],
        values: { virtual, server, masqueraded },
      },
    ];
  const dropped = counter(ns, COUNTER);
  if (isCounted && (!dropped || dropped.value === 0))
    return [
      {
        kind: 'ruled-out',
        because: 'counter-flat',
        values: { counter: COUNTER, node: ns.node },
        evidence: decisiveLine(dropped, [COUNTER]),
      },
    ];

  const drops = dropped?.value ?? 0;
  const grows = (ns.counters.get(COUNTER)?.[0]?.value ?? drops) < drops;
  const counted = decrypted.length > 0 && drops >= decrypted.length;
  const confidence = replied && (counted || grows) ? 'certain' : 'likely';
  const values = {
    virtual,
    port: Number(viaIpvs.action.values.fromPort ?? 0),
    server,
    serverPort: Number(viaIpvs.action.values.toPort ?? 0),
    masqueraded,
    counterName: COUNTER,
    counter: drops,
    answersSeen: decrypted.length,
    policySrc: covering.selector.src,
    policyDst: covering.selector.dst,
    entryState: seen?.entry.state ?? '',
  };
  const evidence: EvidenceLine[] = [
    ...decisiveLine(dropped, [COUNTER, String(drops)]),
    ...decisiveLine(seen?.entry, [
      seen?.entry.state ?? '',
      `src=${virtual}`,
      `dst=${virtual}`,
      `src=${server}`,
      `dst=${masqueraded}`,
    ]),
    ...decisiveLine(decrypted[0]?.view, [`${server}.`, masqueraded, '[S.]']),
    ...decisiveLine(covering, [covering.selector.src, covering.selector.dst, 'dir in']),
    ...ns.policies
      .filter((p) => p.dir === 'in' && p !== covering)
      .flatMap((p) => decisiveLine(p, [p.selector.src, p.selector.dst])),
    ...proofsOf(viaIpvs, [virtual, server]),
    ...context.evidence.connections
      .filter((c) => c.namespace === ns.id)
      .flatMap((c) => supportingLine(c.connection, [c.connection.state])),
    ...decrypted.slice(1, 4).flatMap((p) => supportingLine(p.view)),
  ];
  return [
    {
      kind: 'found',
      confidence,
      node: ns.node,
      namespace: ns.name,
      at: ending.step.place,
      values,
      evidence,
      fixes: [addPolicy(ns, virtual, masqueraded, covering)],
    },
  ];
};

/** The smallest selector that is safe to write down: the virtual address itself; an engineer widens it to the service range. */
const addPolicy = (ns: NetNamespace, virtual: string, masqueraded: string, covering: XfrmPolicy) => {
  const length = virtual.includes(':') ? 128 : 32;
  const src = `${virtual}/${length}`;
  const { dst } = covering.selector;
  const change: Change = {
    namespace: ns.id,
    op: 'add',
    what: 'xfrm-policy',
    record: {
      dir: 'in',
      selector: { src, dst, proto: undefined, sport: undefined, dport: undefined, dev: undefined },
      action: 'allow',
      priority: covering.priority,
      index: undefined,
      ptype: 'main',
      mark: covering.mark,
      ifId: covering.ifId,
      templates: [
        { src: '', dst: '', proto: 'esp', spi: undefined, reqid: undefined, mode: 'tunnel', optional: false },
      ],
      used: undefined,
    },
  };
  return {
    id: 'add-in-policy',
    commands: [
      commandIn(
        ns,
        shell`ip xfrm policy add src ${src} dst ${dst} dir in priority ${covering.priority} ptype main tmpl proto esp mode tunnel`,
      ),
    ],
    changes: [change],
    values: { src, dst, masqueraded },
  };
};
