import { isAnswerSeen, type SeenPacket } from '../../evidence/observation.ts';
import type { Packet } from '../../path/packet.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { Place } from '../../path/vocabulary/places.ts';
import { wayOf } from '../../path/walk-result.ts';
import type { PacketView } from '../../records/packet.ts';
import { confidenceOfEnd, contradicted, isBroken, symptomLines, weaker } from './confidence.ts';
import { type Ending, endingOf, namespaceId, proofsOf } from './ending.ts';
import type { CauseContext, Confidence, EvidenceLine, Found, Values } from './finding.ts';
import { foundAtEnd } from './found.ts';

/** The place where the walk says that the packet dies, and what was seen of the packet around it. */
export interface Death extends Ending {
  readonly code: ActionCode;
  /** Packets of this leg that came to the namespace under the name that the packet dies by. */
  readonly arrivals: readonly SeenPacket[];
  /** Such packets that left it again: the walk's death is refuted where there are any. */
  readonly departures: readonly SeenPacket[];
}

/** Places behind which a packet that passes shows at a device; at the others tcpdump sees it although it dies. */
const BEFORE_SENDING: ReadonlySet<string> = new Set<Place>([
  'ingress',
  'decapsulation',
  'PREROUTING',
  'routing',
  'INPUT',
  'FORWARD',
  'OUTPUT',
  'xfrm-in',
  'xfrm-fwd',
]);

const innermost = (p: Packet): Packet => (p.inner ? innermost(p.inner) : p);

const isNamed = (view: PacketView | undefined, p: Packet): boolean => {
  const same = (a: number | undefined, b: number | undefined) => a === undefined || b === undefined || a === b;
  return (
    view !== undefined &&
    view.src === p.src &&
    view.dst === p.dst &&
    same(view.sport, p.sport) &&
    same(view.dport, p.dport)
  );
};

/** Not the handshake's ACK nor what follows it. */
const isSyn = (view: PacketView | undefined): boolean => view?.tcpFlags?.includes('S') === true;

/** The flow's death by one of these codes; undefined where it ends otherwise or was seen to work. */
export const deathBy = (context: CauseContext, ...codes: readonly ActionCode[]): Death | undefined => {
  const ending = endingOf(context);
  if (!ending || ending.leg.end.outcome === 'delivered' || !isBroken(context)) return undefined;
  const { code } = ending.step.action;
  return codes.length === 0 || codes.includes(code) ? { ...ending, code, ...sightingsAt(context, ending) } : undefined;
};

const sightingsAt = (
  context: CauseContext,
  { leg, step, namespace }: Ending,
): Pick<Death, 'arrivals' | 'departures'> => {
  const name = innermost(step.before);
  const here = context.evidence.packets.filter(
    (p) =>
      p.namespace === namespace.id &&
      p.leg === wayOf(leg) &&
      isNamed(p.layer, name) &&
      (leg.direction !== 'ack' || !isSyn(p.layer)),
  );
  const passedBefore = leg.steps.some(
    (s) =>
      s !== step && namespaceId(s) === namespace.id && s.place === 'device' && innermost(s.before).dst === name.dst,
  );
  const tells = BEFORE_SENDING.has(step.place) && !passedBefore;
  return {
    arrivals: here.filter((p) => p.view.direction !== 'out'),
    departures: tells ? here.filter((p) => p.view.direction === 'out') : [],
  };
};

/** Other ways of the flow that the bundle leaves open and that may have been delivered. */
const hasOpenWay = (context: CauseContext): boolean =>
  context.flow.branches.some((b) => b !== context.branch && (b.outcome === 'delivered' || b.outcome === 'unknown'));

/** A rule on the way asks for something that was not captured (a set's members), and the packet would live if the answer were another. */
const hangsOnMissing = (context: CauseContext, { namespace }: Death): boolean =>
  hasOpenWay(context) &&
  context.branch.assumptions.some(
    (a) => a.missing?.namespace === namespace.id && a.missing.kind !== 'tcpdump' && a.code !== 'rules-not-captured',
  );

/**
 * A death that the dumped state decides is certain where the flow was seen to fail, or where its packets were seen to come to the place and not to leave it.
 * It is likely where nothing was seen, and where the bundle leaves a way open on which the flow would live; packets seen behind the place refute it.
 */
export const confidenceOfDeath = (context: CauseContext, death: Death): Confidence => {
  if (death.departures.length > 0 || (death.leg.direction === 'forward' && isAnswerSeen(context.evidence)))
    return 'possible';
  if (hangsOnMissing(context, death)) return weaker('likely', confidenceOfEnd(context));
  const sawIt = death.arrivals.length > 0 && BEFORE_SENDING.has(death.step.place) && !contradicted(context);
  if (sawIt) return 'certain';
  const base = confidenceOfEnd(context);
  return base === 'certain' && hasOpenWay(context) ? 'likely' : base;
};

/** A packet that the network lost left by the device that the walk says: one that was seen to leave by others only took another way. */
export const leftAsWalked = (context: CauseContext, { leg, step, namespace }: Death): boolean => {
  const left = context.evidence.packets.filter(
    (p) => p.leg === leg.direction && p.namespace === namespace.id && p.view.direction !== 'in',
  );
  return left.length === 0 || left.some((p) => p.view.device === undefined || p.view.device === step.device);
};

/** Names of the packet at its death, for templates. */
export const packetOf = ({ before }: Death['step']): { src: string; dst: string; port: number; proto: string } => ({
  src: before.src,
  dst: before.dst,
  port: before.dport ?? 0,
  proto: before.proto,
});

interface DeathParts {
  readonly values?: Values;
  /** Before the walk's own proofs. */
  readonly evidence?: readonly EvidenceLine[];
  readonly words?: readonly string[];
  readonly fixes?: Found['fixes'];
  readonly confidence?: Confidence;
}

/** The death as a finding: its step's lines, the packets that came and did not go on, the symptom. */
export const deathFound = (context: CauseContext, death: Death, parts: DeathParts = {}): readonly Found[] => {
  const found = foundAtEnd(context, {
    confidence: parts.confidence ?? confidenceOfDeath(context, death),
    values: { ...packetOf(death.step), seenArriving: death.arrivals.length, ...parts.values },
    evidence: [
      ...(parts.evidence ?? []),
      ...proofsOf(death.step, parts.words),
      ...death.arrivals.slice(0, 2).map(
        (p, i): EvidenceLine => ({
          source: p.view.source,
          role: i === 0 ? 'decisive' : 'supporting',
        }),
      ),
      ...symptomLines(context),
    ],
    ...(parts.fixes ? { fixes: parts.fixes } : {}),
  });
  return found ? [found] : [];
};
