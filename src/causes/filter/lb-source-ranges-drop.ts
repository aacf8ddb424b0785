import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, namespaceId, proofsOf, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { patchService } from '../facts/kube-command.ts';
import { chainsOf, isRuleEnd } from '../facts/rules.ts';
import { isNodePort, kubeFront, serviceName } from '../facts/service.ts';
import { isAssumed } from '../facts/set-assumption.ts';
import { memberAdded } from '../facts/set-member.ts';
import { proxySet } from '../facts/sets.ts';

/** Chains in which kube-proxy keeps `loadBalancerSourceRanges`: iptables before and after 1.25, ipvs, nftables. */
const RANGES =
  /^(KUBE-FW-|KUBE-PROXY-FIREWALL$|KUBE-SOURCE-RANGES-FIREWALL$|KUBE-LOAD-BALANCER-FW|KUBE-IPVS-OUT-FILTER$|firewall-)/;
const DROP_MARK = 0x8000;

/** The service lets only some sources in (`loadBalancerSourceRanges`), and the client, as this node sees it, is none of them. */
export const lbSourceRangesDrop: Cause = {
  id: 'lb-source-ranges-drop',
  group: 'B',
  layer: 'filter',
  control: false,
  needs: ['iptables-save', 'nft-ruleset', 'ipset', 'kubectl'],
  references: [
    'kubernetes pkg/proxy/iptables/proxier.go',
    'kubernetes pkg/proxy/ipvs/proxier.go',
    'kubernetes/kubernetes#119656',
  ],
  explains: ['ipvs-input-chain-drop', 'forward-chain-drop', 'networkpolicy-drop'],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending || !isRuleEnd(ending.step) || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    const marked = markStep(context, step, ns);
    const chains = [textOf(step, 'chain'), ...chainsOf(ns, step), ...(marked ? chainsOf(ns, marked) : [])];
    const chain = chains.find((name) => RANGES.test(name));
    if (chain === undefined) return [];
    const first = context.branch.forward.steps.find((s) => namespaceId(s) === ns.id) ?? step;
    const front = { proto: first.before.proto, address: first.before.dst, port: first.before.dport ?? 0 };
    const kube = kubeFront(context.network, front, isNodePort(ns, front));
    const ranges = kube?.service.loadBalancerSourceRanges ?? [];
    const values = {
      virtual: front.address,
      port: front.port,
      client: step.before.src,
      chain,
      service: serviceName(kube),
      ranges,
      packets: Number(step.action.values.packets ?? -1),
    };
    if (isAssumed(context, ns)) return [undecided([{ kind: 'ipset', namespace: ns.id }], values)];
    const set = proxySet(step.before.family, 'KUBE-LOAD-BALANCER-SOURCE-CIDR');
    const allowed = (ns.sets.get(set)?.members ?? []).filter((m) => m.parts[0] === front.address);
    const length = step.before.family === 4 ? 32 : 128;
    const changes: readonly Change[] = ns.sets.has(set)
      ? [memberAdded(ns, set, [front.address, `${front.proto}:${front.port}`, `${step.before.src}/${length}`])]
      : [];
    const loadBalancerSourceRanges = [...ranges, `${step.before.src}/${length}`];
    return [
      foundAt(step, {
        confidence: confidenceOfEnd(context),
        values,
        evidence: [
          ...proofsOf(step, ['DROP', textOf(step, 'chain')]),
          ...(marked ? proofsOf(marked) : []),
          ...allowed.slice(0, 4).flatMap((m) => decisiveLine(m, [m.parts[2] ?? ''])),
          ...(kube ? decisiveLine(kube.service) : []),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'allow-source',
            commands: kube ? [patchService(ns.node, kube, { loadBalancerSourceRanges })] : [],
            changes,
            values: { client: step.before.src },
          },
        ],
      }),
    ];
  },
};

/** The step that marked the packet for kube-proxy's later drop. */
const markStep = (context: CauseContext, end: Step, ns: NetNamespace): Step | undefined =>
  (end.before.mark & DROP_MARK) === 0
    ? undefined
    : stepsOf(context).findLast(
        (s) =>
          s.action.code === 'mark' &&
          namespaceId(s) === ns.id &&
          (s.after.mark & DROP_MARK) !== 0 &&
          (s.before.mark & DROP_MARK) === 0,
      );
