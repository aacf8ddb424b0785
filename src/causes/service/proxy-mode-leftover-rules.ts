import type { NetNamespace } from '../../network/namespace.ts';
import { knows } from '../../network/namespace.ts';
import { virtualHolding } from '../facts/address.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { chainsLike, chainsOf } from '../facts/rules.ts';
import { virtualService } from '../facts/service.ts';
import { shell } from '../facts/shell.ts';
import { translationsOf } from '../facts/translation.ts';

const SERVICE_CHAIN = /^KUBE-(SVC|SEP)-/;

/**
 * The proxy's mode was changed and the old mode's state stayed: rules of a dead iptables proxy translate to pods that are gone, or addresses
 * of a dead ipvs proxy keep services' traffic on the node.
 */
export const proxyModeLeftoverRules: Cause = {
  id: 'proxy-mode-leftover-rules',
  group: 'C',
  layer: 'service',
  control: false,
  needs: ['iptables-save', 'ipvsadm', 'ip-addr', 'nft-ruleset'],
  references: [
    'cloudnativelabs/kube-router#425',
    'kubernetes pkg/proxy/iptables: CleanupLeftovers',
    'kubernetes pkg/proxy/ipvs: CleanupLeftovers',
  ],
  explains: [
    'stale-backend-in-dataplane',
    'neigh-failed-next-hop',
    'podcidr-route-missing',
    'vip-on-dummy-unserved-port',
    'svc-no-endpoints',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const ending = endingOf(context);
    if (!ending || ending.leg.end.outcome === 'delivered') return [];
    return [...leftoverRules(context), ...leftoverAddress(context, ending)];
  },
};

const ruleProxies = (ns: NetNamespace, family: 4 | 6) => chainsLike(ns, 'nat', family, SERVICE_CHAIN);

/** iptables' translation of a service that IPVS has with other servers. */
const leftoverRules = (context: CauseContext): readonly Verdict[] => {
  const t = translationsOf(context).find((candidate) => candidate.by === 'netfilter');
  if (!t || !chainsOf(t.namespace, t.step).some((chain) => SERVICE_CHAIN.test(chain))) return [];
  const { namespace: ns } = t;
  const values = {
    virtual: t.virtual,
    port: t.port,
    server: t.server,
    leftover: 'iptables',
    servers: [] as readonly string[],
    device: '',
  };
  if (!knows(ns, 'ipvsadm')) {
    return virtualHolding(ns, t.virtual) ? [undecided([{ kind: 'ipvsadm', namespace: ns.id }], values)] : [];
  }
  const service = virtualService(ns, { proto: t.step.before.proto, address: t.virtual, port: t.port });
  if (!service || service.servers.some((s) => s.address === t.server && s.port === t.serverPort)) return [];
  const failing = context.evidence.seen !== 'unknown';
  return [
    foundAt(t.step, {
      confidence: failing ? 'certain' : 'likely',
      values: { ...values, servers: service.servers.map((s) => `${s.address}:${s.port}`) },
      evidence: [
        ...proofsOf(t.step, ['DNAT', t.server]),
        ...decisiveLine(service, [`${t.virtual}:${t.port}`]),
        ...service.servers.slice(0, 3).flatMap((s) => decisiveLine(s, [s.address])),
        ...symptomLines(context),
      ],
      fixes: [cleanup(ns.node, 'iptables')],
    }),
  ];
};

/** A service's address that a dead ipvs proxy left on its dummy device, while the rules of iptables mode serve the other addresses. */
const leftoverAddress = (
  context: CauseContext,
  ending: NonNullable<ReturnType<typeof endingOf>>,
): readonly Verdict[] => {
  const { step, namespace: ns } = ending;
  const { dst, dport, family, proto } = step.before;
  if (ending.leg.direction !== 'forward' || dport === undefined) return [];
  const holding = virtualHolding(ns, dst);
  const rules = ruleProxies(ns, family);
  const nft = ns.nftTables.find((table) => table.name === 'kube-proxy');
  if (!holding || (rules.length === 0 && !nft) || !knows(ns, 'ipvsadm')) return [];
  const stale = virtualService(ns, { proto, address: dst, port: dport });
  // An ipvs proxy at work has virtual services and its own sets; a few of its own chains are there too.
  if (stale ? stale.servers.length > 0 : ns.services.length > 0) return [];
  if (translationsOf(context).length > 0) return [];
  const failing = context.evidence.seen !== 'unknown';
  return [
    foundAt(step, {
      confidence: failing && ns.services.length === 0 ? 'certain' : 'likely',
      values: { virtual: dst, port: dport, server: '', leftover: 'ipvs', servers: [], device: holding.device },
      evidence: [
        ...decisiveLine(holding, [dst, holding.device]),
        ...decisiveLine(rules[0]),
        ...supportingLine(nft),
        ...proofsOf(step),
        ...symptomLines(context),
      ],
      fixes: [
        {
          ...cleanup(ns.node, 'ipvs'),
          changes: [{ namespace: ns.id, op: 'delete', what: 'address', device: holding.device, address: dst }],
        },
      ],
    }),
  ];
};

const cleanup = (node: string, leftover: 'iptables' | 'ipvs') => ({
  id: 'clean-up',
  commands: [
    commandOn(node, shell`kube-proxy --cleanup`),
    ...(leftover === 'ipvs'
      ? [commandOn(node, shell`ip link del kube-ipvs0`), commandOn(node, shell`ipvsadm -C`)]
      : []),
  ],
  changes: [],
  values: { leftover },
});
