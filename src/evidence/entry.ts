import { knows, type NetNamespace } from '../network/namespace.ts';
import type { AddressOwner, Network } from '../network/network.ts';
import { uplinkOf } from '../path/device/underlay.ts';
import { isLocalAddress, knowsLocal } from '../path/routing/local.ts';
import { lookupRoute } from '../path/routing/lookup.ts';
import type { RouteAnswer } from '../path/routing/outcome.ts';
import { firstPacket } from '../path/walk.ts';
import type { EntryCode, FlowQuestion } from '../path/walk-result.ts';
import { matchingPolicies } from '../path/xfrm/policy.ts';
import type { Source } from '../records/source.ts';
import { addressFamily, isLoopback } from '../tables/address.ts';
import { behind } from './behind.ts';
import { type FlowTrace, traceOf } from './entry-trace.ts';
import { probesOf } from './probes.ts';

/** Namespaces that are as likely as each other to be the start are all walked, up to so many. */
const EQUALS = 4;

/**
 * Where the flow's first packet begins: at a socket of the namespace that has the source, or at the device by which it is received. What the user named stands;
 * else the owner of the source, and among several the one whose captures show this flow; else the namespace that saw it come in, or whose connections, policies or
 * routes are about it; else the destination's host, before which nothing is known; else the only one there is. Several questions where nothing tells them apart, one without
 * a start where the flow has to do with nobody in the bundle.
 */
export const entriesOf = (network: Network, question: FlowQuestion): readonly FlowQuestion[] => {
  if (question.start !== undefined) return [asAsked(network, question, question.start)];
  const owned = byOwner(network, question);
  if (owned.length > 0) return owned;
  const found = byArrival(network, question);
  return found.length > 0 ? found : [question];
};

/** The likeliest of them. */
export const entryOf = (network: Network, question: FlowQuestion): FlowQuestion =>
  entriesOf(network, question)[0] ?? question;

const familyOf = ({ src, dst }: FlowQuestion): 4 | 6 => addressFamily(dst) ?? addressFamily(src) ?? 4;

const begins = (
  question: FlowQuestion,
  namespace: NetNamespace,
  code: EntryCode,
  sources: readonly Source[] = [],
  equals = 0,
): FlowQuestion => ({
  ...question,
  start: namespace.id,
  entry: { code, sources: sources.slice(0, 3), ...(equals > 0 ? { equals } : {}) },
});

const arrives = (
  question: FlowQuestion,
  namespace: NetNamespace,
  code: EntryCode,
  sources: readonly Source[] = [],
  equals = 0,
): FlowQuestion => ({
  ...begins(question, namespace, code, sources, equals),
  arrival: { device: arrivalDevice(namespace, question) },
});

/** A source of the named namespace's own, or an unnamed one, is sent there; any other is received there, unless a pod of the node has it. */
const asAsked = (network: Network, question: FlowQuestion, start: string): FlowQuestion => {
  const namespace = network.namespaces.get(start);
  if (!namespace) return question;
  const asked = question.entry ?? { code: 'asked' as const, sources: [] };
  if (question.arrival)
    return {
      ...question,
      entry: asked,
      arrival: { device: question.arrival.device ?? arrivalDevice(namespace, question) },
    };
  const { src } = question;
  if (src === '' || isLocalAddress(namespace, src)) return { ...question, entry: asked };
  const own = network.owners(src).filter((owner) => owner.namespace.node === namespace.node);
  const [pod] = own;
  if (pod && namespace.name === '') return begins(question, pod.namespace, 'owner', [pod.address.source]);
  const trace = traceOf(namespace, question);
  const isForeign =
    knowsLocal(namespace, familyOf(question)) ||
    realOwners(network.owners(src)).some((owner) => owner.namespace !== namespace) ||
    isArriving(trace);
  if (isForeign) return { ...question, entry: asked, arrival: { device: arrivalDevice(namespace, question) } };
  return isSending(trace)
    ? { ...question, entry: asked }
    : unknownOrigin(network, namespace, { ...question, entry: asked });
};

/** Nothing shows the flow, and the addresses of the host that it begins at were not captured: its source is behind the host, or may be the host's own as well. */
const unknownOrigin = (network: Network, namespace: NetNamespace, question: FlowQuestion): FlowQuestion => {
  const place = behind(namespace, question.src);
  const asking = place ? undefined : askingPod(network, namespace, question);
  if (asking)
    return {
      ...question,
      ...{ origin: 'received', arrival: { device: undefined }, entry: { code: 'pod-asked', sources: [asking] } },
    };
  if (!place) return { ...question, origin: 'open', arrival: { device: undefined } };
  const { device, source } = place;
  return { ...question, origin: 'received', arrival: { device }, entry: { code: 'behind', sources: [source] } };
};

/** What a tool printed of the flow's destination in a pod of the host, and in no other namespace of it. */
const askingPod = (network: Network, host: NetNamespace, question: FlowQuestion): Source | undefined => {
  const told = probesOf(network, { ...question, origin: 'received' }).map(({ namespace, probe }) => ({
    namespace: network.namespaces.get(namespace),
    source: probe.source,
  }));
  const isPod = (ns: NetNamespace | undefined): boolean =>
    ns !== undefined && ns.name !== '' && !knowsLocal(ns, familyOf(question));
  return host.name === '' && told.every(({ namespace }) => isPod(namespace)) ? told.at(-1)?.source : undefined;
};

const realOwners = (owners: readonly AddressOwner[]): readonly AddressOwner[] =>
  owners.filter((owner) => owner.link.kind !== 'dummy' && !owner.link.flags.includes('LOOPBACK'));

/** Each namespace once. */
const distinct = (owners: readonly AddressOwner[]): readonly AddressOwner[] =>
  [...new Map(owners.map((owner) => [owner.namespace.id, owner] as const).toReversed()).values()].toReversed();

const byOwner = (network: Network, question: FlowQuestion): readonly FlowQuestion[] => {
  const { src } = question;
  if (src === '') return [];
  const all = distinct(network.owners(src));
  const [only] = all;
  if (!only) return [];
  if (all.length === 1) return [begins(question, only.namespace, 'owner', [only.address.source])];
  const shown = all
    .map((owner) => ({ owner, ...evidenceOf(traceOf(owner.namespace, question)) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.first - b.first);
  const [best] = shown;
  // Each that sent it itself has a flow of that name; an entry alone may be that of a flow which passed.
  const senders =
    best && best.weight >= SENT ? shown.filter(({ weight }) => weight === best.weight) : shown.slice(0, 1);
  if (best)
    return senders
      .slice(0, EQUALS)
      .map(({ owner, code, sources }) => begins(question, owner.namespace, code, sources, senders.length - 1));
  const real = distinct(realOwners(network.owners(src)));
  const told = real.length > 0 ? real : all;
  return told
    .slice(0, EQUALS)
    .map(({ namespace, address }) => begins(question, namespace, 'owner', [address.source], told.length - 1));
};

/** Weight of what only the sender has. */
const SENT = 3;

/** What an owner's captures say for it: a socket that asks, packets that it sent, an entry. Its being seen to come in speaks against it. */
const evidenceOf = (
  trace: FlowTrace,
): {
  readonly weight: number;
  readonly code: EntryCode;
  readonly sources: readonly Source[];
  readonly first: number;
} => {
  const { sockets, sent, came, entries, connections } = trace;
  const first = Math.min(...[...sent, ...came].map((view) => view.time ?? Number.POSITIVE_INFINITY));
  const told = (weight: number, code: EntryCode, sources: readonly Source[]) => ({ weight, code, sources, first });
  if (sockets.length > 0) return told(4, 'socket', sockets);
  if (sent.length > 0 && came.length === 0)
    return told(
      3,
      'packets',
      sent.map((view) => view.source),
    );
  if (came.length > 0)
    return told(
      sent.length > 0 ? 1 : 0,
      'packets',
      sent.map((view) => view.source),
    );
  if (entries.length > 0)
    return told(
      2,
      'conntrack',
      entries.map((entry) => entry.source),
    );
  return told(connections.length > 0 ? 2 : 0, 'conntrack', connections);
};

const isArriving = ({ came }: FlowTrace): boolean => came.length > 0;

/** A socket has it, or it was seen to leave and not to come in. */
const isSending = ({ sockets, sent, came }: FlowTrace): boolean =>
  sockets.length > 0 || (came.length === 0 && sent.some((view) => view.direction === 'out'));

/** Nobody in the bundle has the source. */
const byArrival = (network: Network, question: FlowQuestion): readonly FlowQuestion[] => {
  const namespaces = [...network.namespaces.values()].filter((ns) => !ns.imagined);
  const traces = namespaces.map((namespace) => ({ namespace, trace: traceOf(namespace, question) }));
  const seen = traces.filter(({ trace }) => trace.came.length > 0);
  if (seen.length > 0) {
    const at = (one: (typeof seen)[number]) => Math.min(...one.trace.came.map((view) => view.time ?? 0));
    const [first] = upstream(network, question, seen).toSorted((a, b) => at(a) - at(b));
    if (first)
      return [
        arrives(
          question,
          first.namespace,
          'seen-arriving',
          first.trace.came.map((view) => view.source),
        ),
      ];
  }
  const left = traces.filter(({ trace }) => trace.sent.length > 0);
  if (left.length > 0) {
    const at = (one: (typeof left)[number]) => Math.min(...one.trace.sent.map((view) => view.time ?? 0));
    const [first] = upstream(network, question, left).toSorted((a, b) => at(a) - at(b));
    const sources = first?.trace.sent.map((view) => view.source);
    if (first)
      return [
        knowsLocal(first.namespace, familyOf(question))
          ? arrives(question, first.namespace, 'packets', sources)
          : begins(question, first.namespace, 'packets', sources),
      ];
  }
  const tracked = traces.filter(({ trace }) => trace.entries.length + trace.connections.length > 0);
  const [entry] = upstream(network, question, tracked);
  if (entry)
    return [
      arrives(question, entry.namespace, 'conntrack', [
        ...entry.trace.entries.map((one) => one.source),
        ...entry.trace.connections,
      ]),
    ];
  return byPicture(network, question, namespaces);
};

/** Those of the namespaces that no other namespace of the bundle lies before, on the way back to the source. */
const upstream = <T extends { readonly namespace: NetNamespace }>(
  network: Network,
  question: FlowQuestion,
  candidates: readonly T[],
): readonly T[] => {
  if (candidates.length < 2) return candidates;
  const first = candidates.filter(({ namespace }) => {
    const next = routesTo(namespace, question.src).flatMap(({ via }) => (via === undefined ? [] : network.owners(via)));
    return !next.some((owner) => owner.namespace !== namespace);
  });
  return first.length > 0 ? first : candidates;
};

const routesTo = (namespace: NetNamespace, dst: string): readonly RouteAnswer[] =>
  lookupRoute(namespace, {
    family: addressFamily(dst) ?? 4,
    dst,
    src: undefined,
    iif: undefined,
    oif: undefined,
    mark: 0,
    proto: undefined,
    sport: undefined,
    dport: undefined,
    uid: undefined,
    tos: undefined,
  });

/** No capture shows the flow: the policies, the destination's owner, the routes, and whether there is anybody else. */
const byPicture = (
  network: Network,
  question: FlowQuestion,
  namespaces: readonly NetNamespace[],
): readonly FlowQuestion[] => {
  const guarded = namespaces.flatMap((namespace) => {
    const policy = protecting(namespace, question);
    return policy ? [{ namespace, source: policy }] : [];
  });
  const [gateway] = guarded;
  if (gateway && guarded.length === 1) return [arrives(question, gateway.namespace, 'policy', [gateway.source])];
  const [server] = distinct(realOwners(network.owners(question.dst)));
  if (server) {
    const host = network.namespaces.get(server.namespace.node) ?? server.namespace;
    return [arrives(question, host, 'destination', [server.address.source])];
  }
  const balanced = loadBalanced(network, question.dst);
  if (balanced.length > 0)
    return balanced
      .slice(0, EQUALS)
      .map(({ namespace, address }) =>
        arrives(question, namespace, 'destination', [address.source], balanced.length - 1),
      );
  const near = namespaces.flatMap((namespace) => {
    const [route] = routesTo(namespace, question.src);
    const isNear = route?.type === 'unicast' && route.route !== undefined && !/\/0$/.test(route.route.prefix);
    const onward = routesTo(namespace, question.dst)[0];
    // A service's address is local to every node that serves it: the one beside the source gets the packet first.
    const passes = onward?.type === 'local' || (onward?.type === 'unicast' && onward.dev !== route?.dev);
    return isNear && passes && route.route
      ? [{ namespace, source: route.route.source, isBeside: route.via === undefined }]
      : [];
  });
  const beside = near.filter(({ isBeside }) => isBeside);
  const nearest = beside.length > 0 ? beside : near;
  if (nearest.length === 1 && nearest[0])
    return [arrives(question, nearest[0].namespace, 'routes', [nearest[0].source])];
  const [only] = network.nodes;
  if (only && network.nodes.length === 1) return [alone(network, question, only.host)];
  return [];
};

/** Sets of kube-proxy's that hold the addresses by which clients from outside come. */
const OUTWARD_SETS = /^KUBE6?-(?:LOAD-BALANCER|EXTERNAL-IP)/;

/** The hosts that have a load balancer's address, to whichever of which it hands its packets. A cluster's own address is nobody's outside of it. */
const loadBalanced = (network: Network, dst: string): readonly AddressOwner[] => {
  const isKnown = network.kube.services.some((s) => [...s.loadBalancerIPs, ...s.externalIPs].includes(dst));
  return distinct(network.owners(dst)).filter(
    ({ namespace }) =>
      namespace.name === '' &&
      (isKnown ||
        [...namespace.sets.values()].some(
          (set) => OUTWARD_SETS.test(set.name) && set.members.some((member) => member.parts[0] === dst),
        )),
  );
};

/** The one host there is: it receives the packet; where nothing tells whether the source is its own, it may be the sender as well. */
const alone = (network: Network, question: FlowQuestion, host: NetNamespace): FlowQuestion =>
  knowsLocal(host, familyOf(question)) || network.owners(question.dst).length > 0
    ? arrives(question, host, 'only-namespace')
    : unknownOrigin(network, host, begins(question, host, 'only-namespace'));

/** The policy of an IPsec gateway that lets the flow in through a tunnel. */
const protecting = (namespace: NetNamespace, question: FlowQuestion): Source | undefined => {
  if (!knows(namespace, 'xfrm-policy')) return undefined;
  const { src, dst, proto, sport, dport } = question;
  const flow = { family: familyOf(question), src, dst, proto, sport, dport, mark: 0, ifId: 0 };
  for (const dir of ['in', 'fwd'] as const) {
    const policy = matchingPolicies(namespace, dir, flow)[0];
    if (policy && policy.templates.length > 0) return policy.source;
  }
  return undefined;
};

/** The device by which a namespace receives the flow: where it was seen, else the one that leads back to the source, else the uplink. */
const arrivalDevice = (namespace: NetNamespace, question: FlowQuestion): string | undefined => {
  const seen = traceOf(namespace, question).came.find((view) => view.device !== undefined && view.device !== 'lo');
  if (seen?.device !== undefined) return seen.device;
  if (question.src === '' || isLoopback(question.src)) return undefined;
  const answers = routesTo(namespace, question.src);
  const devices = new Set(answers.map((answer) => (answer.type === 'unicast' ? answer.dev : undefined)));
  const [device] = devices;
  if (devices.size === 1 && device !== undefined) return device;
  return namespace.links.size === 0 ? undefined : uplinkOf(namespace, firstPacket(question));
};
