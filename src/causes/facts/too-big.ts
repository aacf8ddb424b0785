import type { SeenPacket } from '../../evidence/observation.ts';
import type { PacketView } from '../../records/packet.ts';
import type { EvidenceLine, Found, ToldContext } from './finding.ts';

/** What an ICMP error answers with when a packet must be cut and may not (RFC 792 code 4 with RFC 1191's MTU, RFC 4443 type 2). */
const TOO_BIG = /need to frag|too big/;

/** A packet of the flow, and what said that it is too long. */
interface TooBig {
  readonly namespace: string;
  readonly error: PacketView;
  readonly mtu: number;
}

/**
 * A router, or a tunnel's device, answers the flow's packets with "fragmentation needed" and the MTU that it has. A TCP sender that hears it sends smaller segments
 * (tcp_v4_mtu_reduced), and the flow goes on: it is a cause only where the flow was seen to fail all the same. A ping with DF, and UDP, get no further.
 */
export const toldTooBig = (context: ToldContext): readonly Found[] => {
  const { seen } = context.evidence;
  // Of a connection that stalls the sizes of what is stuck tell more.
  if (seen !== 'unreachable' && seen !== 'timeout') return [];
  const told = tooBigOf(context);
  const [first] = told;
  return first ? [foundBy(context, first, told.length)] : [];
};

const tooBigOf = ({ evidence }: ToldContext): readonly TooBig[] =>
  evidence.packets.flatMap((p): TooBig[] => {
    const error = p.leg === 'error' ? p.layer : undefined;
    if (error?.mtu === undefined || !TOO_BIG.test(error.icmp ?? '')) return [];
    return [{ namespace: p.namespace, error, mtu: error.mtu }];
  });

const foundBy = ({ evidence, question }: ToldContext, { namespace, error, mtu }: TooBig, times: number): Found => {
  const [node = namespace, ...rest] = namespace.split('/');
  const long = evidence.packets.filter((p) => isTooLong(p, mtu)).slice(0, 2);
  return {
    kind: 'found',
    confidence: 'likely',
    node,
    namespace: rest.join('/'),
    at: 'device',
    values: {
      byIcmp: true,
      mtu,
      times,
      by: error.src ?? '',
      src: question.src,
      dst: question.dst,
      proto: question.proto,
    },
    evidence: [
      { source: error.source, role: 'decisive', words: [error.icmp ?? '', `mtu ${mtu}`] },
      ...long.map((p): EvidenceLine => ({ source: (p.layer ?? p.view).source, role: 'supporting' })),
    ],
    fixes: [],
  };
};

const isTooLong = ({ leg, layer }: SeenPacket, mtu: number): boolean =>
  leg === 'forward' && layer?.length !== undefined && layer.length + LEAST_HEADERS > mtu;

/** An IPv4 header and an ICMP or UDP one. */
const LEAST_HEADERS = 28;
