import type { CauseId } from '../../causes/facts/cause-id.ts';
import { decisiveLine, endingOf } from '../../causes/facts/ending.ts';
import type { SeenPacket } from '../../evidence/observation.ts';
import type { Excludes } from './rival.ts';

/** What would stop packets of a wrapping between two nodes. */
const BLOCKED: Readonly<Partial<Record<SeenPacket['wrapping'], readonly CauseId[]>>> = {
  esp: ['esp-or-natt-blocked-in-transit'],
  vxlan: ['vxlan-udp-blocked'],
  ipip: ['ipip-proto4-blocked'],
  plain: ['underlay-antispoof'],
};

/** A packet of the failing direction was captured as it came in where the walk ends: the network between the nodes let it through. */
export const crossed: Excludes = (context) => {
  const end = endingOf(context);
  if (!end || end.step.place === 'between') return [];
  const from = end.leg.steps[0]?.node;
  const came = context.evidence.packets.find(
    (p) =>
      p.leg === end.leg.direction &&
      p.view.direction === 'in' &&
      p.namespace === end.step.node &&
      p.namespace !== from &&
      p.step !== undefined,
  );
  const excludes = came ? (BLOCKED[came.wrapping] ?? []) : [];
  if (!came || excludes.length === 0) return [];
  return [{ because: 'came-across', excludes, values: { node: end.step.node }, evidence: decisiveLine(came.view) }];
};
