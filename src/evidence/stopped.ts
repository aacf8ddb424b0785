import type { FlowQuestion } from '../path/walk-result.ts';
import type { PacketView } from '../records/packet.ts';
import type { SeenPacket, Stopped } from './observation.ts';

/** Seconds without an answer after which a sender's waiting is no matter of moments: TCP's and resolvers' first time-out is no shorter. */
const SILENCE = 1;
/** Requests in vain that are no coincidence of the capture's end. */
const TWICE = 2;

/**
 * Whether answers came and then came no more: packets that ask for one were sent again and again after the last answer, at the place that saw both, and the capture went on
 * for a second and more. `packets` are in order of time.
 */
export const stoppedAt = (question: FlowQuestion, packets: readonly SeenPacket[]): Stopped | undefined => {
  const first = packets.find((p) => p.leg === 'forward' && p.layer?.dst === question.dst);
  if (!first) return undefined;
  const here = packets.filter((p) => p.namespace === first.namespace && p.wrapping === first.wrapping);
  const last = here.findLastIndex((p) => isAnswer(p));
  const lastAnswer = here[last]?.layer;
  if (!lastAnswer) return undefined;
  const inVain = here
    .slice(last + 1)
    .flatMap((p): PacketView[] =>
      p.leg === 'forward' &&
      p.layer &&
      asksForAnswer(p.layer) &&
      p.view.device === first.view.device &&
      p.view.direction === first.view.direction
        ? [p.layer]
        : [],
    );
  const [from] = inVain;
  const until = here.at(-1)?.view.time;
  if (!from || inVain.length < TWICE || from.time === undefined || until === undefined) return undefined;
  return until - from.time >= SILENCE ? { lastAnswer, inVain } : undefined;
};

const isAnswer = ({ leg, layer }: SeenPacket): boolean =>
  leg === 'reply' && layer !== undefined && (layer.icmp === undefined || layer.icmp === 'echo reply');

/** A bare acknowledgement and the end of a connection ask for nothing. */
const asksForAnswer = ({ proto, icmp, tcpFlags, length }: PacketView): boolean => {
  if (icmp !== undefined) return icmp === 'echo request';
  if (proto !== 'tcp' || tcpFlags === undefined) return proto === 'udp';
  return tcpFlags.includes('S') || ((length ?? 0) > 0 && !tcpFlags.includes('R'));
};
