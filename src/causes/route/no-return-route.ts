import type { NetNamespace } from '../../network/namespace.ts';
import type { LinkAddress } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import type { Route } from '../../records/route.ts';
import { prefixContains } from '../../tables/address.ts';
import { type Death, deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, namespaceId } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Found, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { specificRoute } from '../facts/route-search.ts';
import { ipOf, NO_PART, part, shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { unrouted } from '../facts/unrouted.ts';

/**
 * The request arrives and its answer cannot leave: the server, or a router on the way back, has no route to whoever asked, and no default route. A server's kernel frees the
 * SYN-ACK that it cannot route and tells nobody; the client waits.
 */
export const noReturnRoute: Cause = {
  id: 'no-return-route',
  group: 'B',
  layer: 'route',
  control: false,
  needs: ['ip-route', 'ip-rule', 'ip-addr'],
  references: [
    'net/ipv4/route.c: ip_route_output_key_hash_rcu',
    'net/ipv4/inet_connection_sock.c: inet_csk_route_req',
    'net/ipv6/route.c: ip6_route_output_flags',
  ],
  explains: [],
  detect: (context) => {
    const death = deathBy(context, 'no-route');
    if (!death) return unlisted(context);
    const { namespace: ns, leg, step } = death;
    if (leg.direction !== 'reply' || step.before.inner) return [];
    const { dst } = step.before;
    return deathFound(context, death, {
      values: { own: leg.steps.every((s) => namespaceId(s) === ns.id) },
      evidence: routesOf(ns, step.before.family),
      fixes: wayBack(context, death, dst),
    });
  },
};

/** The flow fails, and the answer comes to a namespace whose routes were not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const open = unrouted(context);
  if (open?.leg.direction !== 'reply' || !isSeenFailing(context)) return [];
  return [undecided([{ kind: 'ip-route', namespace: open.namespace.id }], { dst: open.step.before.dst })];
};

const QUOTED = 4;

/** The routes that there are, none of which leads to the client. */
const routesOf = (ns: NetNamespace, family: 4 | 6): readonly EvidenceLine[] =>
  ns.routes
    .filter((r) => r.family === family && r.table === 'main' && r.type === 'unicast' && !isInferred(r))
    .slice(0, QUOTED)
    .flatMap((route) => decisiveLine(route, [route.prefix]));

/** The route by which the request came, turned round: over the machine that sent it on, or to a client on the link itself. */
const wayBack = (context: CauseContext, { namespace: ns, step }: Death, dst: string): Found['fixes'] => {
  const { family } = step.before;
  const hop = hopBack(context, ns, dst);
  if (!hop) return [{ id: 'route-back', commands: [], changes: [], values: { dst } }];
  const { via, dev, router } = hop;
  const prefix = (router && specificRoute(router, dst)?.prefix) ?? `${dst}/${family === 4 ? 32 : 128}`;
  const record: Omit<Route, 'source'> = {
    family,
    type: 'unicast',
    prefix,
    table: 'main',
    proto: undefined,
    scope: via === undefined ? 'link' : undefined,
    src: undefined,
    metric: 0,
    tos: undefined,
    mtu: undefined,
    advmss: undefined,
    nextHops: [{ via, dev, weight: 1, onlink: false, flags: [] }],
    nhid: undefined,
  };
  const way = via === undefined ? NO_PART : part` via ${via}`;
  const command = shell`${ipOf(family)} route add ${prefix}${way} dev ${dev}`;
  return [
    {
      id: 'add-route',
      commands: isPod(context, ns) ? [] : [commandIn(ns, command)],
      changes: [{ namespace: ns.id, op: 'add', what: 'route', record }],
      values: { prefix, via: via ?? '', device: dev },
    },
  ];
};

/** A pod's routes are its network plugin's to write: nothing is typed there. */
const isPod = ({ network }: CauseContext, { name }: NetNamespace): boolean =>
  network.kube.pods.some((pod) => pod.name === name);

interface HopBack {
  readonly via: string | undefined;
  readonly dev: string;
  /** Undefined where the client is on the link. */
  readonly router: NetNamespace | undefined;
}

const hopBack = ({ network, branch }: CauseContext, ns: NetNamespace, dst: string): HopBack | undefined => {
  const { steps } = branch.forward;
  const entered = steps.findIndex((s) => namespaceId(s) === ns.id);
  const before = entered > 0 ? steps[entered - 1] : undefined;
  const from = before && network.namespaces.get(namespaceId(before));
  if (!from || from.imagined) return undefined;
  const near = neighbours(ns, from);
  const isClient = near.find(({ theirs }) => theirs.address === dst);
  if (isClient) return { via: undefined, dev: isClient.dev, router: undefined };
  const [only, ...others] = near.filter(({ theirs }) => theirs.family === (dst.includes(':') ? 6 : 4));
  return only && others.length === 0 ? { via: only.theirs.address, dev: only.dev, router: from } : undefined;
};

/** Addresses of another namespace on networks that this one is in, and by which device of this one. */
const neighbours = (
  ns: NetNamespace,
  other: NetNamespace,
): readonly { readonly dev: string; readonly theirs: LinkAddress }[] =>
  [...ns.links.values()].flatMap((link) =>
    link.flags.includes('LOOPBACK') || link.kind === 'dummy'
      ? []
      : [...other.links.values()].flatMap(({ addresses }) =>
          addresses
            .filter((theirs) =>
              link.addresses.some(
                (mine) =>
                  mine.family === theirs.family &&
                  mine.scope === 'global' &&
                  mine.address !== theirs.address &&
                  mine.prefixLength === theirs.prefixLength &&
                  mine.prefixLength < (mine.family === 4 ? 32 : 128) &&
                  prefixContains(`${mine.address}/${mine.prefixLength}`, theirs.address),
              ),
            )
            .map((theirs) => ({ dev: link.name, theirs })),
        ),
  );
