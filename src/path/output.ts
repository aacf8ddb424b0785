import { UNNAMED_DEVICE } from '../records/link.ts';
import { isLoopback } from '../tables/address.ts';
import { assume, type Branch, finish, inOrder, type Stage, step, type World } from './branch.ts';
import { confirm, conntrackIn } from './conntrack.ts';
import { type Sent, transmit } from './device/transmit.ts';
import { earlySecurity, lateSecurity, table } from './hook.ts';
import { ipvsReply, ipvsRequest } from './ipvs.ts';
import { nat } from './nat.ts';
import { largerOfAll } from './routing/device-conf.ts';
import { lookupRoute } from './routing/lookup.ts';
import type { InputReason, RouteAnswer, RouteQuestion } from './routing/outcome.ts';
import { outputRoute } from './routing/output.ts';
import { waysOut } from './unknown-route.ts';
import { encapsulate, xfrmLookup } from './xfrm/output.ts';

const questionOf = (b: Branch): RouteQuestion => ({
  family: b.packet.family,
  dst: b.nextHop ?? b.packet.dst,
  src: b.packet.src === '' ? undefined : b.packet.src,
  iif: undefined,
  oif: undefined,
  mark: b.packet.mark,
  proto: b.packet.proto,
  sport: b.packet.sport,
  dport: b.packet.dport,
  uid: undefined,
  tos: undefined,
});

const ROUTE_ENDS: Readonly<Record<string, { code: InputReason; verdict: 'drop' | 'reject' | 'unknown' }>> = {
  none: { code: 'no-route', verdict: 'reject' },
  unreachable: { code: 'unreachable', verdict: 'reject' },
  prohibit: { code: 'prohibit', verdict: 'reject' },
  blackhole: { code: 'blackhole', verdict: 'drop' },
  unknown: { code: 'routes-unknown', verdict: 'unknown' },
};

const routeProofs = (answer: RouteAnswer) => answer.proofs.map((source) => ({ source, role: 'decisive' as const }));

/** The branch with a route, or its end where there is none. */
const onRoute = (b: Branch, answer: RouteAnswer, code: 'route' | 'reroute'): Branch => {
  const asked = assume(b, ...answer.assumptions);
  const end = ROUTE_ENDS[answer.type];
  const values = {
    dst: b.packet.dst,
    src: b.packet.src,
    table: answer.table ?? '',
    device: answer.dev === undefined || answer.dev === UNNAMED_DEVICE ? '' : answer.dev,
    via: answer.via ?? '',
    mark: b.packet.mark,
  };
  if (end)
    return finish(asked, {
      place: 'routing',
      stage: 'fib',
      action: { code: end.code, values },
      verdict: end.verdict,
      proofs: routeProofs(answer),
    });
  const device = answer.type === 'local' ? 'lo' : answer.dev;
  const src = b.packet.src === '' ? (answer.prefSrc ?? '') : b.packet.src;
  const isAssumed = answer.assumptions.some((a) => a.code === 'way-assumed');
  return step(
    { ...asked, route: answer, oif: device },
    {
      place: 'routing',
      stage: 'fib',
      device,
      action: isAssumed
        ? { code: 'way-assumed', values: { way: answer.type === 'local' ? 'here' : 'out', dst: b.packet.dst } }
        : { code: answer.type === 'local' ? 'local' : code, values },
      after: { ...b.packet, src },
      proofs: routeProofs(answer),
    },
  );
};

/** Whether the route to a tunnel's far end leads into the same tunnel. */
const isCircular = ({ steps }: Branch, device: string | undefined): boolean => {
  const last = steps.at(-1);
  return last?.action.code === 'vxlan-encapsulate' && last.device === device;
};

/** udp_tunnel_dst_lookup: "circular route to …", and the packet is dropped before any hook. */
const circular = (b: Branch, device: string, answer: RouteAnswer): Branch =>
  finish(b, {
    place: 'device',
    stage: 'vxlan',
    device,
    action: { code: 'vxlan-circular-route', values: { device, dst: b.packet.dst, table: answer.table ?? '' } },
    verdict: 'drop',
    proofs: routeProofs(answer),
  });

/** The answers of a lookup, with the ways that stand for one that nobody captured. */
const open = (world: World, b: Branch, answers: readonly RouteAnswer[]): readonly RouteAnswer[] =>
  answers.flatMap((answer) => waysOut(world, b, answer));

/** ip_route_output_flow: the FIB, then XFRM. */
const routeOut: Stage = (world, b) =>
  open(world, b, outputRoute(b.namespace, { ...questionOf(b), oif: b.boundTo })).map((answer, _i, all) => {
    const routed = onRoute({ ...b, boundTo: undefined, share: b.share / all.length }, answer, 'route');
    if (routed.end) return routed;
    return isCircular(b, routed.oif) ? circular(b, routed.oif ?? '', answer) : blackholed(routed, xfrmLookup(routed));
  });

/** xfrm_lookup_route: a policy whose states are not there (yet) makes the route a blackhole; the packet still passes OUTPUT. */
const blackholed = (routed: Branch, looked: Branch): Branch => {
  const last = looked.steps.at(-1);
  if (looked.end?.reason !== 'no-state' || last?.verdict !== 'drop') return looked;
  const { place, stage, action, proofs } = last;
  return { ...routed, discarded: { place, stage, action, proofs, verdict: 'drop' } };
};

/**
 * ip_route_me_harder: a new lookup with the packet's present addresses and mark, and XFRM with it. The source is kept as it is,
 * local or not.
 */
const reroute: Stage = (world, before) =>
  open(world, before, lookupRoute(before.namespace, questionOf(before))).map((answer, _i, all) => {
    const b = { ...before, discarded: undefined };
    const { route } = b;
    const same = answer.dev === route?.dev && answer.via === route?.via && answer.type === route?.type;
    const routed = same ? { ...b, route: answer } : onRoute({ ...b, share: b.share / all.length }, answer, 'reroute');
    return routed.end ? routed : (loopbackAbroad(routed) ?? xfrmLookup(routed));
  });

/** __mkroute_output: a loopback source leaves the host only by a device with route_localnet; the new route fails otherwise, and the packet is dropped. */
const loopbackAbroad = (b: Branch): Branch | undefined => {
  const { family, src } = b.packet;
  const device = b.oif ?? 'lo';
  if (family !== 4 || device === 'lo' || !isLoopback(src)) return undefined;
  const localnet = largerOfAll(b.namespace, 4, device, 'route_localnet');
  if (localnet.value !== 0 || localnet.assumptions.length > 0) return undefined;
  return finish(b, {
    place: 'routing',
    stage: 'fib',
    device,
    action: { code: 'martian-source', values: { src, device, sysctl: 'route_localnet' } },
    verdict: 'drop',
    proofs: localnet.sources.map((source) => ({ source, role: 'decisive' as const })),
  });
};

/** ipt_mangle_out: a changed mark or address asks the FIB again. */
const mangleOutput: Stage = (world, b) =>
  table('OUTPUT', 'mangle')(world, b).flatMap((next) =>
    next.end || next.packet.mark === b.packet.mark ? [next] : reroute(world, next),
  );

/** The entry's tuple in the packet's direction, and the other one. */
const tuplesOf = ({ ct: { entry, direction } }: Branch) =>
  entry &&
  (direction === 'original'
    ? { here: entry.original, there: entry.reply }
    : { here: entry.reply, there: entry.original });

const isIcmp = ({ packet }: Branch): boolean => packet.proto === 'icmp' || packet.proto === 'icmp6';

/**
 * nf_nat_ipv4_local_fn: where the entry's two tuples disagree about the destination's address, the FIB is asked again, IPVS' own change included; where they
 * disagree about its port alone, only XFRM is.
 */
const natOutput: Stage = (world, b) =>
  nat('OUTPUT')(world, b).flatMap((next) => {
    const tuples = tuplesOf(next);
    if (next.end || !tuples) return [next];
    const { here, there } = tuples;
    if (here.dst !== there.src) return reroute(world, next);
    return next.transformed || isIcmp(next) || here.dport === there.sport ? [next] : [xfrmLookup(next)];
  });

/** The hook's own view of the way out is taken as it begins. */
const enterHook: Stage = (_world, b) => [{ ...b, hookOut: b.oif }];

/** The half of OUTPUT that lies behind IPVS. */
const outputFilter = inOrder(table('OUTPUT', 'filter'), earlySecurity('OUTPUT'), lateSecurity('OUTPUT'));

/**
 * IPVS hands a translated packet to NF_HOOK(LOCAL_OUT) again (ip_vs_nat_send_or_cont): mangle, nat and filter OUTPUT see it with the
 * real server as destination. The nat table's rules no longer act on it, the re-route does.
 */
export const reinject: Stage = inOrder(
  (world, b) => {
    const target = { ...b, iif: undefined };
    return open(world, target, lookupRoute(target.namespace, { ...questionOf(target), src: undefined })).map((answer) =>
      onRoute(target, answer, 'route'),
    );
  },
  enterHook,
  table('OUTPUT', 'raw'),
  mangleOutput,
  natOutput,
  outputFilter,
);

const throughIpvs: Stage = (world, b) => {
  if (b.ipvs) return outputFilter(world, b);
  return inOrder(ipvsReply('OUTPUT'), ipvsRequest('OUTPUT'))(world, b).flatMap((next) => {
    if (next.end) return [next];
    if (!next.ipvs || next.packet.dst === b.packet.dst) return outputFilter(world, next);
    return reinject(world, next);
  });
};

/** NF_INET_LOCAL_OUT in the kernel's order. */
const outputHook = inOrder(
  enterHook,
  table('OUTPUT', 'raw'),
  conntrackIn('OUTPUT'),
  mangleOutput,
  natOutput,
  throughIpvs,
);

/**
 * POSTROUTING, within ip_output or within xfrm4_output: mangle, source NAT, and where that changed the source another XFRM lookup
 * (nf_nat_ipv4_out, nf_xfrm_me_harder).
 */
const postrouting: Stage = inOrder(
  table('POSTROUTING', 'mangle'),
  table('POSTROUTING', 'filter'),
  nat('POSTROUTING'),
  (_world, b) => {
    const tuples = tuplesOf(b);
    if (!tuples || b.transformed) return [b];
    const { here, there } = tuples;
    if (here.src === there.dst && (isIcmp(b) || here.sport === there.dport)) return [b];
    const before = b.bundle;
    const after = xfrmLookup(b);
    if (after.end || before?.policy === after.bundle?.policy) return [after];
    const values = {
      src: b.packet.src,
      dst: b.packet.dst,
      encrypted: after.bundle !== undefined,
      wasEncrypted: before !== undefined,
    };
    const policy = after.bundle?.policy ?? before?.policy;
    return [
      step(after, {
        place: 'xfrm-out',
        stage: 'xfrm',
        device: after.oif,
        action: { code: 'xfrm-after-snat', values },
        proofs: policy ? [{ source: policy.source, role: 'decisive' }] : [],
      }),
    ];
  },
  confirm,
);

/** dst_output: POSTROUTING, then ESP by the bundle (whose packet starts over at OUTPUT) or the device. */
export const sendOn = (world: World, b: Branch): readonly Sent[] =>
  postrouting(world, b).flatMap((next) => {
    if (next.end) return [{ branch: next, next: 'ended' as const }];
    if (!next.bundle) return transmit(world, next);
    return encapsulate(world, next).flatMap((outer) =>
      localOut(world, {
        ...outer,
        ct: UNTRACKED_CT,
        notrack: false,
        ipvs: false,
        route: undefined,
        nextHop: undefined,
      }),
    );
  });

const UNTRACKED_CT = { state: 'UNTRACKED', direction: 'original', entry: undefined } as const;

/** ip_local_out: a packet of this host's own, from the route to the device. */
export const localOut = (world: World, b: Branch): readonly Sent[] =>
  inOrder(
    routeOut,
    outputHook,
    discard,
  )(world, b).flatMap((next) => (next.end ? [{ branch: next, next: 'ended' as const }] : sendOn(world, next)));

/** dst_discard. */
const discard: Stage = (_world, b) => [b.discarded ? finish(b, b.discarded) : b];

/** What IPVS translated at LOCAL_IN leaves through OUTPUT and POSTROUTING. */
export const sendReinjected = (world: World, b: Branch): readonly Sent[] =>
  reinject(world, b).flatMap((next) => (next.end ? [{ branch: next, next: 'ended' as const }] : sendOn(world, next)));
