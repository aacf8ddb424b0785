import type { NetNamespace } from '../../network/namespace.ts';
import type { Packet } from '../../path/packet.ts';
import type { Step } from '../../path/step.ts';
import type { Chain, Rule, TableName } from '../../records/iptables.ts';
import type { Link } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import { canonicalPrefix, prefixContains } from '../../tables/address.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { chainNamed, chainsLike, optionsOf, rulesCaptured } from './rules.ts';
import { isSeenFailing, legsOf, mayEndAt } from './trace.ts';

/** The route agent's VXLAN between a cluster's nodes and its gateway: `vx-submariner`, VNI 100, UDP port 4800. */
export const VTEP_PORT = 4800;
const VTEP_NAME = 'vx-submariner';
export const CHAIN = 'SUBMARINER-POSTROUTING';
/** Routing table of the gateway's own traffic to remote clusters. */
export const HOST_TABLE = '150';

export interface Vtep {
  readonly link: Link;
  /** No listing shows the address: a route tells it. */
  readonly inferred: boolean;
  readonly address: string;
  /** The range that all VTEPs of the clusters have in common, as a prefix. */
  readonly range: string;
  /** No line tells the range: it is the route agent's usual one. */
  readonly usualRange: boolean;
}

/** The namespace's end of the route agent's VXLAN. */
export const vtepOf = (ns: NetNamespace): Vtep | undefined => {
  const link =
    ns.links.get(VTEP_NAME) ?? [...ns.links.values()].find((l) => l.vxlan?.port === VTEP_PORT && l.vxlan.id === 100);
  const listed = link?.addresses.filter((a) => a.family === 4) ?? [];
  // Masqueraded packets leave by the device under an address of another one.
  const own = listed.find((a) => !isInferred(a) || isOfAgent(a.address)) ?? unplaced(ns) ?? listed[0];
  if (!link || !own) return undefined;
  // Where no listing tells the length, the agent's own network holds it.
  const isBare = isInferred(own) && own.prefixLength === 32 && isOfAgent(own.address);
  const range = isBare ? VTEP_NETWORK : rangeOf(own.address, own.prefixLength);
  return { link, inferred: isInferred(own), address: own.address, range, usualRange: isBare };
};

/** An address of the agent's network that no listing shows, and no line shows at another device. */
const unplaced = (ns: NetNamespace) =>
  [...ns.links.values()]
    .flatMap((link) => link.addresses)
    .find((a) => isInferred(a) && a.family === 4 && isOfAgent(a.address));

/** The route agent gives each node the address of this network that ends as the node's own does. */
const VTEP_NETWORK = '240.0.0.0/8';

const isOfAgent = (address: string): boolean => prefixContains(VTEP_NETWORK, address);

const rangeOf = (address: string, length: number): string => canonicalPrefix(`${address}/${length}`) ?? `${address}/32`;

/** The node runs Submariner's route agent: its device or its chains are there. */
export const hasSubmariner = (ns: NetNamespace): boolean =>
  vtepOf(ns) !== undefined || chainsLike(ns, 'nat', 4, /^SUBMARINER-/).length > 0 || nftWords(ns, CHAIN);

/** Whether an nftables chain of this name is there (route agents with the nftables driver). */
const nftWords = (ns: NetNamespace, name: string): boolean => ns.nftTables.some((table) => table.chains.has(name));

export const agentChain = (ns: NetNamespace, table: TableName): Chain | undefined => chainNamed(ns, table, 4, CHAIN);

/** The rule by which the route agent hides VTEP addresses from other clusters. */
export const hostNetworkSnat = (ns: NetNamespace): Rule | undefined =>
  chainsLike(ns, 'nat', 4, /^(SUBMARINER-POSTROUTING|POSTROUTING)$/)
    .flatMap((chain) => chain.rules)
    .find(
      (rule) =>
        (rule.target?.name === 'SNAT' || rule.target?.name === 'MASQUERADE') &&
        optionsOf(rule, '-o').some((values) => values[0] === (vtepOf(ns)?.link.name ?? VTEP_NAME)),
    );

/** The same as a rule of nftables' own. */
export const nftSnat = (ns: NetNamespace): boolean => {
  const device = vtepOf(ns)?.link.name ?? VTEP_NAME;
  return ns.nftTables.some((table) =>
    [...table.chains.values()].some((chain) =>
      chain.rules.some((rule) => rule.text.includes(`oifname "${device}"`) && /\b(snat|masquerade)\b/.test(rule.text)),
    ),
  );
};

/** Pairs of networks that the agent exempts from other programs' source NAT. */
export const exemptPairs = (
  ns: NetNamespace,
): readonly { readonly rule: Rule; readonly src: string; readonly dst: string }[] =>
  (agentChain(ns, 'nat')?.rules ?? []).flatMap((rule) => {
    const src = optionsOf(rule, '-s')[0]?.[0];
    const dst = optionsOf(rule, '-d')[0]?.[0];
    return rule.target?.name === 'ACCEPT' && src !== undefined && dst !== undefined ? [{ rule, src, dst }] : [];
  });

/** The exemption that the packet falls under. */
export const exemptionOf = (ns: NetNamespace, p: Packet) =>
  exemptPairs(ns).find(({ src, dst }) => prefixContains(src, p.src) && prefixContains(dst, p.dst));

/** An address of the node in one of its cluster's own networks: what the agent takes for the CNI interface. */
export const cniAddress = (
  ns: NetNamespace,
  dst: string,
): { readonly address: string; readonly device: string } | undefined => {
  const local = exemptPairs(ns).filter((pair) => prefixContains(pair.dst, dst));
  for (const link of ns.links.values())
    for (const { address } of link.addresses)
      if (local.some((pair) => prefixContains(pair.src, address))) return { address, device: link.name };
  return undefined;
};

/**
 * A failing flow to another cluster's network comes to a node of Submariner whose rules were not captured, and nothing of it was seen behind: its step there. Which networks
 * those are, the other nodes' rules or sets tell.
 */
export const unlistedAgent = (
  context: CauseContext,
): { readonly step: Step; readonly namespace: NetNamespace } | undefined => {
  if (!isSeenFailing(context)) return undefined;
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      const namespace = context.network.namespaces.get(namespaceId(step));
      if (step.place !== 'routing' || step.before.inner || namespace?.name !== '' || rulesCaptured(namespace)) continue;
      const remote = remoteNetwork(context, step.before.dst);
      if (!hasSubmariner(namespace) || remote === undefined || prefixContains(remote, step.before.src)) continue;
      if (mayEndAt(context, leg, step)) return { step, namespace };
    }
  return undefined;
};

/** The remote cluster's network that holds the address, as any node's agent knows it. */
export const remoteNetwork = ({ network }: CauseContext, dst: string): string | undefined => {
  for (const { host } of network.nodes) {
    const pair = exemptPairs(host).find((p) => prefixContains(p.dst, dst));
    if (pair) return pair.dst;
    const member = host.sets.get('SUBMARINER-REMOTECIDRS')?.members.find((m) => prefixContains(m.parts[0] ?? '', dst));
    if (member) return member.parts[0];
  }
  return undefined;
};
