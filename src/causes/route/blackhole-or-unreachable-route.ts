import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';
import type { Route } from '../../records/route.ts';
import { prefixContains } from '../../tables/address.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { holderOf, routeOfStep } from '../facts/route-search.ts';
import { ipOf, NO_PART, part, shell } from '../facts/shell.ts';
import { unrouted } from '../facts/unrouted.ts';

/**
 * The longest prefix for the destination is a route that refuses: Calico and kube-router keep such routes for their own blocks, and an address whose narrower
 * route vanished falls to them. `blackhole` drops in silence, `unreachable` and `prohibit` answer with ICMP.
 */
export const blackholeOrUnreachableRoute: Cause = {
  id: 'blackhole-or-unreachable-route',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-route', 'tcpdump'],
  references: ['net/ipv4/fib_semantics.c: fib_props', 'projectcalico/calico: IPAM blocks and borrowed addresses'],
  detect: (context) => {
    const death = deathBy(context, 'blackhole', 'unreachable', 'prohibit');
    if (!death) return unlisted(context);
    const route = routeOfStep(death.namespace, death.step);
    if (!route || route.type !== death.code) return [];
    return deathFound(context, death, {
      values: { type: route.type, prefix: route.prefix, table: route.table, origin: route.proto ?? '' },
      words: [route.type, route.prefix.replace(/\/(32|128)$/, '')],
      fixes: narrower(context, death.namespace, death.step.before.dst, route),
    });
  },
};

/** The client was told that the address is unreachable, and the walk stops at a node whose routes were not captured: one of them may refuse. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const ending = unrouted(context);
  if (!ending || context.evidence.seen !== 'unreachable') return [];
  return [undecided([{ kind: 'ip-route', namespace: ending.namespace.id }], { dst: ending.step.before.dst })];
};

/** The route that should be there: to the pod's veth on this node, or over the node that has the address. */
const narrower = (context: CauseContext, ns: NetNamespace, dst: string, refusing: Route): Found['fixes'] => {
  const holder = holderOf(context.network, dst);
  if (!holder) return [];
  const family = dst.includes(':') ? 6 : 4;
  const prefix = `${dst}/${family === 4 ? 32 : 128}`;
  const hop = holder.node === ns.node ? deviceTowards(context, ns, holder) : viaNode(context, ns, holder);
  if (!hop) return [];
  const change: Change = {
    namespace: ns.id,
    op: 'add',
    what: 'route',
    record: {
      family,
      type: 'unicast',
      prefix,
      table: refusing.table,
      proto: undefined,
      scope: hop.via === undefined ? 'link' : undefined,
      src: undefined,
      metric: 0,
      tos: undefined,
      mtu: undefined,
      advmss: undefined,
      nextHops: [{ via: hop.via, dev: hop.dev, weight: 1, onlink: false, flags: [] }],
      nhid: undefined,
    },
  };
  const table = refusing.table === 'main' ? NO_PART : part` table ${refusing.table}`;
  const via = hop.via === undefined ? NO_PART : part` via ${hop.via}`;
  return [
    {
      id: 'add-route',
      commands: [commandIn(ns, shell`${ipOf(family)} route add ${prefix}${via} dev ${hop.dev}${table}`)],
      changes: [change],
      values: { prefix, device: hop.dev, via: hop.via ?? '' },
    },
  ];
};

interface Hop {
  readonly via: string | undefined;
  readonly dev: string;
}

const deviceTowards = (context: CauseContext, ns: NetNamespace, holder: NetNamespace): Hop | undefined => {
  for (const link of ns.links.values())
    if (context.network.vethPeer(ns, link.name)?.namespace === holder) return { via: undefined, dev: link.name };
  return undefined;
};

/** The route that this node has to the other node's own addresses. */
const viaNode = (context: CauseContext, ns: NetNamespace, holder: NetNamespace): Hop | undefined => {
  const host = context.network.namespaces.get(holder.node);
  for (const link of host?.links.values() ?? [])
    for (const { address, family } of link.addresses) {
      const mine = [...ns.links.values()].find(
        (l) =>
          l.kind !== 'dummy' &&
          l.addresses.some((a) => a.family === family && sameNetwork(a.address, address, a.prefixLength)),
      );
      if (mine && link.kind !== 'dummy' && !link.flags.includes('LOOPBACK')) return { via: address, dev: mine.name };
    }
  return undefined;
};

const sameNetwork = (a: string, b: string, length: number): boolean => prefixContains(`${a}/${length}`, b);
