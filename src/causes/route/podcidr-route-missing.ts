import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import type { Leg } from '../../path/walk-result.ts';
import { isInferred } from '../../records/origin.ts';
import type { Route } from '../../records/route.ts';
import { canonicalPrefix, prefixContains, prefixLength } from '../../tables/address.ts';
import { isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { confidenceOfDeath, deathBy, deathFound } from '../facts/death.ts';
import { tunnelTo } from '../facts/departure.ts';
import { decisiveLine, endingOf, namespaceId, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Found, Undecided, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { holderOf, isDefault, routeOfStep, routesElsewhere } from '../facts/route-search.ts';
import { ipOf, NO_PART, part, shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { unrouted } from '../facts/unrouted.ts';
import { flowOfPacket } from '../facts/xfrm-policy.ts';

/** Ends of a packet that was sent the wrong way, or could not be sent at all. */
const ENDS = ['no-route', 'lost', 'outside', 'neighbour-failed', 'rp-filter', 'ct-invalid', 'loop'] as const;

/**
 * A node has no route for another node's pods: the packet follows the default route, whose gateway knows nothing of pods, or has no route at all. Agents of
 * host-gw, BGP and cloud route tables write these routes; systemd-networkd removes what it does not know.
 */
export const podcidrRouteMissing: Cause = {
  id: 'podcidr-route-missing',
  group: 'B',
  layer: 'route',
  control: false,
  needs: ['ip-route', 'ip-addr', 'xfrm-policy', 'tcpdump', 'kubectl'],
  references: [
    'net/ipv4/fib_trie.c: fib_table_lookup',
    'cloudnativelabs/kube-router#509',
    'cloudnativelabs/kube-router#1815',
    'systemd: ManageForeignRoutes=',
  ],
  explains: ['no-return-route', 'ttl-expired', 'underlay-antispoof'],
  detect: (context) => {
    const death = deathBy(context, ...ENDS);
    if (!death) return [...unlisted(context), ...trusted(context)];
    const lost = misrouted(context, death.leg);
    if (!lost) return unlisted(context);
    if (hidesPolicies(lost)) return policiesUnknown(context, lost);
    const told = describe(context, death.leg, lost);
    const walked = confidenceOfDeath(context, death);
    return deathFound(context, death, {
      ...told,
      // Where no node has such a route, the network between the nodes is to route pods itself: then it is its table that lacks the entry.
      confidence: told.others > 0 ? walked : weaker('likely', walked),
    }).map((found) => {
      // The packet is sent the wrong way here, wherever it dies afterwards.
      const { between: _, ...rest } = found;
      return { ...rest, node: lost.ns.node, namespace: lost.ns.name, at: 'routing' };
    });
  },
};

const IKE: ReadonlySet<number | undefined> = new Set([500, 4500]);

/** A node with SAs, or where a keying daemon listens. */
const isGateway = (ns: NetNamespace): boolean =>
  ns.states.length > 0 || ns.sockets.some((s) => s.proto.startsWith('udp') && IKE.has(s.localPort));

/** What a gateway encrypts follows no plain route, and which packets that are was not captured. */
const hidesPolicies = ({ ns }: Misrouted): boolean => !knows(ns, 'xfrm-policy') && isGateway(ns);

const policiesUnknown = (context: CauseContext, { ns, prefix, home }: Misrouted): readonly Verdict[] =>
  isSeenFailing(context) ? [undecided([{ kind: 'xfrm-policy', namespace: ns.id }], { prefix, home: home.node })] : [];

/** What is said of a misrouted packet, and by how many other nodes' routes. */
const describe = (context: CauseContext, leg: Leg, { ns, step, prefix, home }: Misrouted) => {
  const others = routesElsewhere(context.network, [ns.node, home.node], step.before.dst);
  const used = routeOfStep(ns, step);
  const subject = subjectOf(context, step.before.dst);
  const sent = context.evidence.packets.filter(
    (p) =>
      p.namespace === ns.id && p.view.direction === 'out' && p.layer?.dst === step.before.dst && p.wrapping === 'plain',
  );
  const evidence: EvidenceLine[] = [
    ...(used ? decisiveLine(used, ['default']) : proofsOf(step)),
    ...others.slice(0, 2).flatMap(({ route }) => decisiveLine(route, [route.prefix])),
    ...supportingLine(subject, [prefix]),
    ...sent.slice(0, 2).flatMap((p) => decisiveLine(p.view)),
  ];
  return {
    others: others.length,
    evidence,
    values: {
      prefix,
      gateway: textOf(step, 'via'),
      device: textOf(step, 'device'),
      none: step.action.code === 'no-route',
      home: home.node,
      address: step.before.dst,
      answer: leg.direction === 'reply',
    },
    fixes: fixOf(context, ns, prefix, home, others[0]?.route),
  };
};

/**
 * The walk took for granted that the gateway of the default route knows the way, and the flow failed all the same: with other nodes' routes to compare, the gateway
 * is not meant to carry pods.
 */
const trusted = (context: CauseContext): readonly Verdict[] => {
  const isOpen = context.branch.assumptions.some((a) => a.code === 'network-between');
  if (!isOpen || !isBroken(context) || context.evidence.seen === 'unknown') return [];
  for (const leg of [context.branch.reply, context.branch.forward]) {
    const lost = leg && misrouted(context, leg);
    if (!lost) continue;
    if (hidesPolicies(lost)) return policiesUnknown(context, lost);
    const { others, evidence, ...told } = describe(context, leg, lost);
    if (others === 0) return [];
    return [foundAt(lost.step, { ...told, confidence: 'certain', evidence: [...evidence, ...symptomLines(context)] })];
  }
  return [];
};

/**
 * The node's routes were not captured, and the flow fails: whether one of them leads to the pod's node is what the walk stops at, or what it had only from where packets
 * were seen to go.
 */
const unlisted = (context: CauseContext): readonly Undecided[] => {
  const open = unrouted(context);
  const ending = open ?? endingOf(context);
  if (!ending || !isSeenFailing(context)) return [];
  const { leg } = ending;
  const step = open ? open.step : inferredWay(context, leg);
  const ns = step && context.network.namespaces.get(namespaceId(step));
  if (!step || ns?.name !== '' || step.before.inner) return [];
  const home = homeOf(context, step.before.dst);
  if (!home || home.namespace.node === ns.node) return [];
  return [
    undecided([{ kind: 'ip-route', namespace: ns.id }], {
      prefix: home.prefix,
      home: home.namespace.node,
      address: step.before.dst,
      answer: leg.direction === 'reply',
    }),
  ];
};

/** The last routing decision of the leg, where it followed no captured route. */
const inferredWay = (context: CauseContext, leg: Leg): Step | undefined => {
  const step = leg.steps.findLast((s) => s.place === 'routing' && s.action.code !== 'local');
  const ns = step && context.network.namespaces.get(namespaceId(step));
  const route = ns && routeOfStep(ns, step);
  return route && isInferred(route) ? step : undefined;
};

interface Misrouted {
  readonly ns: NetNamespace;
  readonly step: Step;
  readonly prefix: string;
  readonly home: NetNamespace;
}

/** The last routing decision about a pod of another node that only a default route, or none, answered. */
const misrouted = (context: CauseContext, leg: Leg): Misrouted | undefined => {
  for (const step of leg.steps.toReversed()) {
    if (step.place !== 'routing' || step.before.inner) continue;
    if (step.action.code === 'local') continue;
    const ns = context.network.namespaces.get(namespaceId(step));
    if (ns?.name !== '') continue;
    const { dst } = step.before;
    const home = homeOf(context, dst);
    if (!home || home.namespace.node === ns.node) continue;
    // An XFRM policy takes the packet after the plain route was chosen: with ESP the default route is as good as any.
    if (isEncrypted(leg, step)) return undefined;
    // A tunnel leads there for other sources: not the route is missing, the packet has the wrong source or its policy is gone.
    if (tunnelTo(ns, flowOfPacket(step.before)).length > 0) return undefined;
    const route = routeOfStep(ns, step);
    const wrong = step.action.code === 'no-route' || (isDefault(route) && route?.table === 'main');
    return wrong ? { ns, step, prefix: home.prefix, home: home.namespace } : undefined;
  }
  return undefined;
};

const isEncrypted = (leg: Leg, routed: Step): boolean =>
  leg.steps
    .slice(leg.steps.indexOf(routed) + 1)
    .some((s) => s.action.code === 'esp-encapsulate' && namespaceId(s) === namespaceId(routed));

/** The node whose pods have the address, and their network: the bridge's, else what the cluster or the other nodes' routes say, else the address. */
const homeOf = (
  context: CauseContext,
  address: string,
): { readonly namespace: NetNamespace; readonly prefix: string } | undefined => {
  const holder = holderOf(context.network, address);
  const host = holder && context.network.namespaces.get(holder.node);
  const kube = context.network.kube.nodes.find((n) => n.podCIDRs.some((cidr) => prefixContains(cidr, address)));
  const owner = host ?? (kube && context.network.namespaces.get(kube.name));
  if (!owner || (holder && holder.name === '')) return undefined;
  const cidr = kube?.podCIDRs.find((c) => prefixContains(c, address));
  const routed = routesElsewhere(context.network, [owner.node], address)[0]?.route.prefix;
  return {
    namespace: owner,
    prefix: cidr ?? routed ?? bridgeNetwork(owner, address) ?? `${address}/${address.includes(':') ? 128 : 32}`,
  };
};

const bridgeNetwork = (ns: NetNamespace, address: string): string | undefined => {
  for (const link of ns.links.values())
    for (const a of link.addresses) {
      const prefix = canonicalPrefix(`${a.address}/${a.prefixLength}`);
      if (prefix && (prefixLength(prefix) ?? 0) < (a.family === 4 ? 32 : 128) && prefixContains(prefix, address))
        return prefix;
    }
  return undefined;
};

const subjectOf = (context: CauseContext, address: string) =>
  context.network.kube.nodes.find((n) => n.podCIDRs.some((cidr) => prefixContains(cidr, address)));

/** The route as this node's routes to the other nodes' pods are made: over the node's own address, or over its VTEP. */
const fixOf = (
  context: CauseContext,
  ns: NetNamespace,
  prefix: string,
  home: NetNamespace,
  elsewhere: Route | undefined,
): Found['fixes'] => {
  const hop = tunnelHop(ns, prefix, elsewhere) ?? directHop(context, ns, home);
  if (!hop) return [];
  const family = prefix.includes(':') ? 6 : 4;
  const change: Change = {
    namespace: ns.id,
    op: 'add',
    what: 'route',
    record: {
      family,
      type: 'unicast',
      prefix,
      table: 'main',
      proto: undefined,
      scope: undefined,
      src: undefined,
      metric: 0,
      tos: undefined,
      mtu: undefined,
      advmss: undefined,
      nextHops: [{ via: hop.via, dev: hop.dev, weight: 1, onlink: hop.onlink, flags: [] }],
      nhid: undefined,
    },
  };
  const onlink = hop.onlink ? part` onlink` : NO_PART;
  const words = shell`${ipOf(family)} route add ${prefix} via ${hop.via} dev ${hop.dev}${onlink}`;
  return [
    {
      id: 'add-route',
      commands: [commandIn(ns, words)],
      changes: [change],
      values: { prefix, via: hop.via, device: hop.dev },
    },
  ];
};

interface Hop {
  readonly via: string;
  readonly dev: string;
  readonly onlink: boolean;
}

/** flannel and its like: the other networks lie behind a VXLAN device, each by its network's first address. */
const tunnelHop = (ns: NetNamespace, prefix: string, elsewhere: Route | undefined): Hop | undefined => {
  const network = prefix.split('/')[0] ?? '';
  const sibling = ns.routes.find((r) => {
    const hop = r.nextHops[0];
    const link = hop?.dev === undefined ? undefined : ns.links.get(hop.dev);
    return (
      link?.vxlan !== undefined && hop?.via !== undefined && r.prefix.startsWith(`${hop.via}/`) && r.table === 'main'
    );
  });
  const dev = sibling?.nextHops[0]?.dev;
  if (dev !== undefined) return { via: network, dev, onlink: sibling?.nextHops[0]?.onlink ?? true };
  const far = elsewhere?.nextHops[0];
  const same = far?.dev === undefined ? undefined : ns.links.get(far.dev);
  return same?.vxlan && far?.via === network ? { via: network, dev: same.name, onlink: true } : undefined;
};

/** host-gw: the node's own address on a network that both are in. */
const directHop = (context: CauseContext, ns: NetNamespace, home: NetNamespace): Hop | undefined => {
  const host = context.network.namespaces.get(home.node);
  for (const link of host?.links.values() ?? []) {
    if (link.kind === 'dummy' || link.kind === 'bridge' || link.flags.includes('LOOPBACK')) continue;
    for (const theirs of link.addresses)
      for (const mine of ns.links.values())
        if (
          mine.kind !== 'dummy' &&
          mine.vxlan === undefined &&
          mine.addresses.some(
            (a) =>
              a.family === theirs.family &&
              a.prefixLength < (a.family === 4 ? 32 : 128) &&
              a.scope === 'global' &&
              prefixContains(`${a.address}/${a.prefixLength}`, theirs.address),
          )
        )
          return { via: theirs.address, dev: mine.name, onlink: false };
  }
  return undefined;
};
