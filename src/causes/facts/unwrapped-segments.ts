import type { SeenPacket } from '../../evidence/observation.ts';
import { LARGE_SEGMENT } from '../../evidence/stall.ts';
import type { PacketView } from '../../records/packet.ts';
import { decisiveLine } from './ending.ts';
import type { Found, ToldContext } from './finding.ts';

interface Placed {
  readonly seen: SeenPacket;
  readonly layer: PacketView;
  readonly seq: number;
  readonly length: number;
}

const WRAPPED: ReadonlySet<SeenPacket['wrapping']> = new Set(['vxlan', 'geneve', 'ipip', 'gre']);

const dataOf = (packets: readonly SeenPacket[]): readonly Placed[] =>
  packets.flatMap((seen) => {
    const { layer } = seen;
    const { seq, length = 0 } = layer ?? {};
    return layer && layer.proto === 'tcp' && seq !== undefined && length > 0 && seen.leg !== 'error'
      ? [{ seen, layer, seq, length }]
      : [];
  });

/** Whether the other side has acknowledged the segment's first byte, wherever that was seen. */
const isAcknowledged = (packets: readonly SeenPacket[], { layer, seq }: Placed): boolean =>
  packets.some((p) => p.layer?.src === layer.dst && p.layer?.sport === layer.dport && (p.layer?.ack ?? 0) > seq);

/**
 * One namespace's captures show a large segment of the flow as the pod sent it and never within the tunnel, while a smaller one behind it passes there: what is lost between the two is lost by
 * its size. A capture may have missed packets, so that this is a possibility.
 */
export const unwrappedSegments = ({ evidence, question }: ToldContext): readonly Found[] => {
  if (evidence.seen === 'ok' || question.proto !== 'tcp') return [];
  const data = dataOf(evidence.packets);
  for (const large of data) {
    if (large.length < LARGE_SEGMENT || large.seen.wrapping !== 'plain' || isAcknowledged(evidence.packets, large))
      continue;
    const wrapped = data.filter(
      ({ seen, layer }) =>
        WRAPPED.has(seen.wrapping) && seen.namespace === large.seen.namespace && layer.src === large.layer.src,
    );
    const passed = wrapped.find(
      (one) => one.length < large.length && one.seq > large.seq && (one.layer.time ?? 0) >= (large.layer.time ?? 0),
    );
    const isIn = wrapped.some(({ seq, length }) => seq <= large.seq && seq + length > large.seq);
    if (!passed || isIn) continue;
    const node = large.seen.namespace.split('/')[0] ?? '';
    return [
      {
        kind: 'found',
        confidence: 'possible',
        node,
        namespace: large.seen.namespace.slice(node.length + 1),
        at: 'device',
        values: {
          unwrapped: true,
          payload: large.length,
          passed: passed.length,
          tunnel: passed.seen.wrapping,
          from: node,
        },
        evidence: [
          ...decisiveLine(large.layer, [`length ${large.length}`]),
          ...decisiveLine(passed.layer, [`length ${passed.length}`]),
        ],
        fixes: [],
      },
    ];
  }
  return [];
};
