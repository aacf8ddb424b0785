import type { Network } from '../network/network.ts';
import { UNNAMED_DEVICE } from '../records/link.ts';
import { addressFamily } from '../tables/address.ts';
import { type Branch, startBranch } from './branch.ts';
import type { WalkTuple } from './conntrack-entry.ts';
import { lostWay } from './device/underlay.ts';
import { withAck } from './handshake.ts';
import { branchOf, legOf, MANY_ENTRIES, starts, worldOf } from './leg.ts';
import { type Packet, replyTo } from './packet.ts';
import { isRefused } from './refusal.ts';
import { refusedBranches } from './refused.ts';
import { run } from './run.ts';
import { seenAnswer } from './seen-answer.ts';
import { sightings } from './sightings.ts';
import { answers } from './socket.ts';
import { assumption } from './vocabulary/assumptions.ts';
import { type FlowQuestion, type Leg, senderOf, type WalkBranch, type WalkedFlow } from './walk-result.ts';

/** A SYN with its usual options, an echo request with ping's 56 bytes. */
const SYN_LENGTH = { 4: 60, 6: 80 } as const;
const ECHO_LENGTH = { 4: 84, 6: 104 } as const;

/** The first packet of the flow as the sender's socket makes it. */
export const firstPacket = (question: FlowQuestion): Packet => {
  const family = addressFamily(question.dst) ?? 4;
  const icmp = question.proto === 'icmp' || question.proto === 'icmp6';
  return {
    family,
    proto: icmp && family === 6 ? 'icmp6' : question.proto,
    src: question.src,
    dst: question.dst,
    sport: icmp ? undefined : question.sport,
    dport: icmp ? undefined : question.dport,
    icmp: icmp ? { type: family === 6 ? 128 : 8, code: 0, id: question.sport } : undefined,
    tcp: question.proto === 'tcp' ? 'syn' : undefined,
    mark: 0,
    ttl: 64,
    length: question.length ?? (icmp ? ECHO_LENGTH : SYN_LENGTH)[family],
    // ip_dont_fragment: Linux' sockets look for the path's MTU unless told otherwise.
    df: true,
    spi: undefined,
    vni: undefined,
    inner: undefined,
  };
};

export interface WalkOptions {
  /** The flow as it was walked before the network was changed; undefined where it is as the bundle shows it. */
  readonly unchanged?: WalkedFlow;
}

/** The ways on which a walk lost its packet between two nodes. */
const lostWaysOf = (flow: WalkedFlow): ReadonlySet<string> =>
  new Set(
    flow.branches.flatMap((b) =>
      [b.forward, b.reply].flatMap((leg) => {
        const last = leg?.steps.at(-1);
        return last?.action.code === 'lost' ? [lostWay(last.action.values)] : [];
      }),
    ),
  );

/**
 * Walks a flow there and back: as its start sends it, as its start receives it, or both where nothing tells which. What both end by, it ends by.
 */
export const walkFlow = (network: Network, question: FlowQuestion, options: WalkOptions = {}): WalkedFlow => {
  const { arrival, origin, ...sent } = question;
  if (origin === undefined) return walkOnce(network, question, options);
  const received = takenAs('received', question, walkOnce(network, { ...sent, arrival }, options));
  if (origin === 'received') return received;
  const own = takenAs('sent', question, walkOnce(network, sent, options));
  return {
    question,
    branches: alternating(own.branches, received.branches).sort((a, b) => b.share - a.share),
    cut: own.cut || received.cut,
  };
};

/** Its ways, each with what it takes for granted of the source. */
const takenAs = (way: 'sent' | 'received', question: FlowQuestion, { branches, cut }: WalkedFlow): WalkedFlow => {
  const { src, start, entry, origin } = question;
  const taken = assumption(
    'origin-assumed',
    { way, src },
    {
      missing: start === undefined ? undefined : { kind: 'ip-addr', namespace: start },
      source: origin === 'received' ? entry?.sources[0] : undefined,
    },
  );
  return { question, branches: branches.map((b) => ({ ...b, assumptions: [taken, ...b.assumptions] })), cut };
};

/** One of each in turn. */
const alternating = <T>(ones: readonly T[], others: readonly T[]): T[] =>
  Array.from({ length: Math.max(ones.length, others.length) }, (_, i) => [
    ...ones.slice(i, i + 1),
    ...others.slice(i, i + 1),
  ]).flat();

/**
 * The flow from the one beginning that its question names. For every way in which the request may be delivered the answer is walked with the conntrack entries and
 * IPVS connections that the request left behind, so that it is translated by whoever translated the request, or by nobody.
 */
const walkOnce = (network: Network, question: FlowQuestion, options: WalkOptions): WalkedFlow => {
  const lostWays = options.unchanged && lostWaysOf(options.unchanged);
  const sent = firstPacket(question);
  const ofConnection = question.sport !== undefined && question.attempt === undefined;
  const forwardWorld = worldOf(network, undefined, 1, lostWays, { ofConnection });
  const requests = run(forwardWorld, starts(network, question, sent));
  let cut = forwardWorld.cut;
  const branches: WalkBranch[] = [];
  for (const request of requests) {
    const forward = legOf('forward', sent, request);
    const seen = forward.end.outcome === 'unknown' ? seenAnswer(request) : undefined;
    if (seen) {
      const world = worldOf(
        network,
        { namespace: senderOf(question), packet: originalOf(forward, sent), unbound: question.src === '' },
        MANY_ENTRIES,
        lostWays,
        { before: request.assumptions, ofConnection },
      );
      for (const answer of run(world, [{ branch: seen, next: 'receive' }])) {
        const leg = deliveredOutside(question, sent, legOf('reply', seen.packet, answer), answer);
        const assumptions = [...request.assumptions, ...answer.assumptions];
        branches.push(
          branchOf({ ...answer, share: request.share * answer.share, assumptions }, forward, leg, leg.end.outcome),
        );
      }
      cut = cut || world.cut;
      continue;
    }
    if (forward.end.outcome !== 'delivered') {
      const refused = branchOf(request, forward, undefined, forward.end.outcome);
      branches.push(...refusedBranches(network, senderOf(question), originalOf(forward, sent), request, refused));
      continue;
    }
    const reply = replyTo(request.packet);
    const answerSent = forward.steps[0]?.before ?? sent;
    const replyWorld = worldOf(
      network,
      { namespace: senderOf(question), packet: originalOf(forward, answerSent), unbound: question.src === '' },
      forwardWorld.nextEntryId,
      lostWays,
      { before: request.assumptions, ofConnection },
    );
    const answering = startBranch(request.namespace, reply, request.tracking);
    const back = run(replyWorld, [{ branch: { ...answering, boundTo: deviceOfReply(request) }, next: 'output' }]);
    cut = cut || replyWorld.cut;
    for (const answer of back) {
      const leg = deliveredOutside(question, sent, legOf('reply', reply, answer), answer);
      const whole = {
        ...answer,
        share: request.share * answer.share,
        assumptions: [...request.assumptions, ...answer.assumptions],
      };
      const answered = branchOf(whole, forward, leg, leg.end.outcome);
      if (isRefused(answer)) {
        branches.push(...refusedBranches(network, request.namespace.id, reply, answer, answered));
        continue;
      }
      branches.push(
        ...withAck(network, {
          question,
          sent: originalOf(forward, answerSent),
          answered,
          reply,
          server: request.namespace,
          lostWays,
        }),
      );
    }
  }
  return { question, branches: joined(branches), cut };
};

/** icmpv6_echo_reply asks for a route by the device that the request came in by; of a request to oneself, by the address's own (icmp6_dev). */
const deviceOfReply = ({ packet, iif, namespace }: Branch): string | undefined => {
  if (packet.proto !== 'icmp6' || iif !== 'lo') return packet.proto === 'icmp6' ? iif : undefined;
  return [...namespace.links.values()].find((link) => link.addresses.some((a) => a.address === packet.dst))?.name;
};

/** The packet as the sender's socket knows it: with the source that the route gave it, where none was named. */
const originalOf = (forward: Leg, sent: Packet): Packet => {
  const routed = forward.steps.find((s) => s.place === 'routing');
  return sent.src === '' && routed ? { ...sent, src: routed.after.src } : sent;
};

/** A sender outside the bundle has its answer when the packet leaves for it under the name that it asked. */
const deliveredOutside = (question: FlowQuestion, sent: Packet, leg: Leg, answer: Branch): Leg => {
  const seen = isSeenLeaving(answer);
  const isLeaving = leg.end.reason === 'outside' || (leg.end.reason === 'not-followed' && seen);
  if (!isLeaving || senderOf(question) !== undefined || answer.packet.dst !== question.src) return leg;
  const right = answers(sent, answer.packet);
  // By a device that nobody knows it leaves for nobody knows where.
  if (right && answer.oif === UNNAMED_DEVICE && !seen) return leg;
  return {
    ...leg,
    end: { ...leg.end, outcome: right ? 'delivered' : 'dropped', reason: right ? 'outside' : 'answer-from-stranger' },
  };
};

const isSeenLeaving = ({ namespace, packet }: Branch): boolean =>
  sightings(namespace, packet).some((view) => view.direction === 'out');

/** Branches that end alike at the same place by the same rules are one; the largest first. */
const joined = (branches: readonly WalkBranch[]): readonly WalkBranch[] => {
  const byEnd = new Map<string, WalkBranch>();
  for (const branch of branches) {
    const key = signature(branch);
    const known = byEnd.get(key);
    byEnd.set(key, known ? { ...known, share: known.share + branch.share } : branch);
  }
  return [...byEnd.values()].sort((a, b) => b.share - a.share);
};

const tupleText = ({ src, dst, sport, dport }: WalkTuple): string => `${src}:${sport}>${dst}:${dport}`;

const signature = (branch: WalkBranch): string => {
  const leg = (l: Leg | undefined) =>
    l
      ? [
          l.end.outcome,
          l.end.node,
          l.end.namespace,
          l.end.reason,
          ...l.steps.map(
            (s) =>
              `${s.node}/${s.namespace} ${s.place} ${s.stage} ${s.action.code} ${s.device ?? ''} ${s.after.dst}:${s.after.dport ?? ''} ${s.action.values.with ?? ''}`,
          ),
        ].join('|')
      : '';
  const entries = [...branch.entries].map(
    ([id, own]) =>
      `${id} ${own.map((e) => `${e.zone} ${e.zoneOnly} ${tupleText(e.original)} ${tupleText(e.reply)}`).join()}`,
  );
  return `${leg(branch.forward)}#${leg(branch.reply)}#${leg(branch.ack)}#${leg(branch.refusal)}#${entries.join()}`;
};
