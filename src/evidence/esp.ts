import type { SeenPacket } from './observation.ts';

/** Seconds within which a host that decrypts or encrypts shows the same packet on both sides of it. */
const SAME_MOMENT = 0.02;

const espKey = (p: SeenPacket): string | undefined =>
  p.view.spi !== undefined && p.view.espSeq !== undefined ? `${p.view.spi} ${p.view.espSeq}` : undefined;

/**
 * ESP hides what it carries, and all flows of a tunnel share its SPI. Of the ESP packets those are the flow's that stand beside one of its
 * plain packets (just before it where they come in, just after it where they go out), and the same ESP packet on the other node.
 * Where no plain packet was seen at all, every ESP packet of the SA is kept: nothing tells them apart.
 */
export const withoutForeignEsp = (packets: readonly SeenPacket[]): readonly SeenPacket[] => {
  const esp = packets.filter((p) => p.wrapping === 'esp');
  const plain = packets.filter((p) => p.wrapping !== 'esp' && p.leg !== 'error' && p.view.time !== undefined);
  if (esp.length === 0 || plain.length === 0) return packets;
  const own = new Set<SeenPacket>();
  const keys = new Set<string>();
  const taken = new Set<SeenPacket>();
  for (const inner of plain) {
    const beside = esp
      .filter((p) => p.namespace === inner.namespace && p.leg === inner.leg && !taken.has(p) && isBeside(p, inner))
      .sort((a, b) => distance(a, inner) - distance(b, inner))[0];
    if (!beside) continue;
    taken.add(beside);
    own.add(beside);
    const key = espKey(beside);
    if (key !== undefined) keys.add(key);
  }
  return packets.filter((p) => p.wrapping !== 'esp' || own.has(p) || keys.has(espKey(p) ?? ''));
};

const distance = (a: SeenPacket, b: SeenPacket): number => Math.abs((a.view.time ?? 0) - (b.view.time ?? 0));

const isBeside = (outer: SeenPacket, inner: SeenPacket): boolean => {
  const after = (inner.view.time ?? 0) - (outer.view.time ?? 0);
  if (outer.view.direction === 'in') return after >= 0 && after <= SAME_MOMENT;
  if (outer.view.direction === 'out') return after <= 0 && after >= -SAME_MOMENT;
  return Math.abs(after) <= SAME_MOMENT;
};
