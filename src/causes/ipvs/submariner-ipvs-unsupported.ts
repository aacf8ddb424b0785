import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, stepsOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { chainsLike } from '../facts/rules.ts';
import { hasSubmariner, vtepOf } from '../facts/submariner.ts';
import { isSeenFailing } from '../facts/trace.ts';

/** Submariner supports kube-proxy in iptables mode: Globalnet hangs on its KUBE-SVC chains, and traffic to services that IPVS serves passes beside the agent's rules. */
export const submarinerIpvsUnsupported: Cause = {
  id: 'submariner-ipvs-unsupported',
  group: 'C',
  layer: 'ipvs',
  control: false,
  needs: ['ipvsadm', 'iptables-save', 'ip-addr'],
  references: ['submariner-io/submariner#1559', 'submariner-io/submariner#1611', 'submariner-io/submariner#939'],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const at = served(context);
    if (!at) return unlisted(context);
    const { step, namespace: ns } = at;
    const globalnet = chainsLike(ns, 'nat', 4, /^SM-GN-/);
    return [
      foundAt(step, {
        // An unsupported combination is no proof of what happened to this flow.
        confidence: 'possible',
        values: { services: ns.services.length, globalnet: globalnet.length > 0 },
        evidence: [
          ...ns.services.slice(0, 1).flatMap((service) => decisiveLine(service)),
          ...decisiveLine(ns.links.get('kube-ipvs0'), ['kube-ipvs0']),
          ...globalnet.slice(0, 1).flatMap((chain) => decisiveLine(chain, [chain.name])),
          ...symptomLines(context),
        ],
        fixes: [{ id: 'iptables-mode', commands: [], changes: [], values: {} }],
      }),
    ];
  },
};

const CROSSES: ReadonlySet<string> = new Set<ActionCode>(['esp-encapsulate', 'esp-decapsulate']);

/** IPVS serves services on a Submariner node that the flow passes on its way between clusters. */
const served = (context: CauseContext) => {
  const steps = stepsOf(context);
  const between = steps.some((step) => {
    const ns = context.network.namespaces.get(namespaceId(step));
    return ns !== undefined && (CROSSES.has(step.action.code) || usesVtep(ns, step.device));
  });
  if (!between) return undefined;
  for (const step of steps) {
    const namespace = context.network.namespaces.get(namespaceId(step));
    if (!namespace || !hasSubmariner(namespace) || namespace.services.length === 0) continue;
    if (step.action.code.startsWith('ipvs-') || chainsLike(namespace, 'nat', 4, /^SM-GN-/).length > 0)
      return { step, namespace };
  }
  return undefined;
};

/** kube-proxy's device for IPVS is there, the flow crosses to another cluster, and what IPVS serves was not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!isSeenFailing(context)) return [];
  const hosts = stepsOf(context).flatMap((step) => {
    const ns = context.network.namespaces.get(namespaceId(step));
    return ns && (CROSSES.has(step.action.code) || usesVtep(ns, step.device)) ? [ns] : [];
  });
  const ns = hosts.find((host) => hasSubmariner(host) && host.links.has('kube-ipvs0') && !knows(host, 'ipvsadm'));
  return ns ? [undecided([{ kind: 'ipvsadm', namespace: ns.id }], { services: 0, globalnet: false })] : [];
};

const usesVtep = (ns: NetNamespace, device: string | undefined): boolean =>
  device !== undefined && vtepOf(ns)?.link.name === device;
