import { expect, test } from 'vitest';
import { withoutForeignEsp } from '../../src/evidence/esp.ts';
import type { SeenPacket } from '../../src/evidence/observation.ts';
import type { PacketView } from '../../src/records/packet.ts';

const view = (over: Partial<PacketView>): PacketView =>
  ({ source: { file: 'f', line: 1 }, absolute: true, checksumBad: false, proto: 'tcp', ...over }) as PacketView;
const esp = (namespace: string, time: number, espSeq: number, direction: 'in' | 'out'): SeenPacket => ({
  namespace,
  view: view({ time, spi: 7, espSeq, direction, proto: 'esp' }),
  layer: undefined,
  leg: 'reply',
  step: 1,
  wrapping: 'esp',
});
const plain = (namespace: string, time: number): SeenPacket => {
  const v = view({ time, direction: 'in' });
  return { namespace, view: v, layer: v, leg: 'reply', step: 2, wrapping: 'plain' };
};

test('of all ESP packets of an SA those stay that stand beside a packet of the flow, on both nodes', () => {
  const ours = [esp('a', 10.0, 5, 'in'), plain('a', 10.001), esp('b', 9.999, 5, 'out')];
  const foreign = [esp('a', 8.0, 4, 'in'), esp('b', 7.999, 4, 'out'), esp('a', 10.1, 6, 'in')];
  expect(withoutForeignEsp([...foreign, ...ours])).toEqual(ours);
});

test('a packet that comes out of the tunnel follows its ESP packet, never precedes it', () => {
  const late = esp('a', 10.002, 5, 'in');
  expect(withoutForeignEsp([plain('a', 10.001), late])).not.toContain(late);
});

test('without any plain packet nothing tells them apart and all are kept', () => {
  const all = [esp('a', 1, 1, 'in'), esp('a', 2, 2, 'in')];
  expect(withoutForeignEsp(all)).toEqual(all);
});
