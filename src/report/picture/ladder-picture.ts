import type { FlowAnalysis } from '../../causes/facts/finding.ts';
import { decidingLeg, type Leg, wayOf } from '../../path/walk-result.ts';
import type { PacketView } from '../../records/packet.ts';
import { clock } from '../clock.ts';
import { endpoint } from '../packet-text.ts';
import { visibleLine } from '../visible.ts';
import type { Words } from '../words.ts';
import { capturePoints, type Journey, journeysOf, type Sighting } from './journeys.ts';
import { arrowhead, circle, cross, line, type Picture, rect, type Shape, words as text } from './shapes.ts';
import { fitted, monoWidth, sansWidth } from './text-width.ts';

const TIME_WIDTH = 142;
const COLUMN_LEAST = 168;
const COLUMN_MOST = 330;
/** Width that few columns are spread over. */
const WIDTH_WANTED = 1040;
const HEAD = 58;
const NAME_LINE = 15;
const JOURNEYS_SHOWN = 28;

export interface Ladder {
  readonly picture: Picture;
  readonly shown: number;
  readonly total: number;
}

const FLAG_NAMES: ReadonlyMap<string, string> = new Map([
  ['S', 'SYN'],
  ['S.', 'SYN-ACK'],
  ['.', 'ACK'],
  ['P.', 'PSH-ACK'],
  ['F.', 'FIN-ACK'],
  ['F', 'FIN'],
  ['R', 'RST'],
  ['R.', 'RST-ACK'],
]);

/** `SYN`, `SYN-ACK`, `echo request` … of the innermost packet that can be seen. */
const kindOf = (journey: Journey): string => {
  for (const { packet } of journey.sightings) {
    const layer = packet.layer ?? packet.view.inner;
    if (!layer) continue;
    if (layer.tcpFlags !== undefined) return FLAG_NAMES.get(layer.tcpFlags) ?? `[${layer.tcpFlags}]`;
    if (layer.icmp !== undefined) return layer.icmp;
    return layer.proto.toUpperCase();
  }
  return journey.sightings[0]?.packet.wrapping.toUpperCase() ?? '';
};

/** The name that a packet had where it was seen: both ends, one below the other, and the tunnel around it. */
const namesOf = (view: PacketView, wrapping: string): string[] => [
  endpoint(view.src, view.sport),
  `→ ${endpoint(view.dst, view.dport)}`,
  ...(wrapping === 'plain'
    ? []
    : [view.spi === undefined ? wrapping.toUpperCase() : `${wrapping.toUpperCase()} 0x${view.spi.toString(16)}`]),
];

/** Sightings at one point stand close together (the tunnel's packet, then what was in it): they share a column and are set apart in it. */
const spread = (sightings: readonly Sighting[], columnX: (point: number) => number): number[] => {
  const at = new Map<number, number>();
  for (const { point } of sightings) at.set(point, (at.get(point) ?? 0) + 1);
  const seen = new Map<number, number>();
  const rightward = (sightings.at(-1)?.point ?? 0) >= (sightings[0]?.point ?? 0);
  return sightings.map(({ point }) => {
    const count = at.get(point) ?? 1;
    const i = seen.get(point) ?? 0;
    seen.set(point, i + 1);
    return columnX(point) + (i - (count - 1) / 2) * 22 * (rightward ? 1 : -1);
  });
};

/** The leg in which the flow dies, as far as the verdict says. */
const deadLeg = (flow: FlowAnalysis): Leg | undefined => {
  const branch = flow.walked.branches[0];
  if (flow.outcome === 'delivered' || !branch) return undefined;
  const leg = decidingLeg(branch);
  return leg.end.outcome !== 'delivered' ? leg : undefined;
};

/** Whether a seen packet is one of those that die; before the ACK is lost the SYN arrived. */
const isOf = (leg: Leg, { leg: way, sightings }: Journey): boolean => {
  const flags = (sightings[0]?.packet.layer ?? sightings[0]?.packet.view)?.tcpFlags;
  return way === wayOf(leg) && (leg.direction !== 'ack' || flags?.includes('S') !== true);
};

/** The packets of a flow over all capture points, time downwards. Undefined where none was seen. */
export const ladderPicture = (
  id: string,
  flow: FlowAnalysis,
  words: Words,
  order: readonly string[],
  title: string,
): Ladder | undefined => {
  const { packets, clockOffsets } = flow.evidence;
  if (packets.length === 0) return undefined;
  const points = capturePoints(packets, order);
  const all = journeysOf(packets, points, clockOffsets);
  const journeys = all.slice(0, JOURNEYS_SHOWN);
  const dead = deadLeg(flow);
  const longest = Math.max(
    ...packets.map(({ view }) =>
      Math.max(monoWidth(endpoint(view.src, view.sport), 11), monoWidth(`→ ${endpoint(view.dst, view.dport)}`, 11)),
    ),
  );
  const column = Math.min(
    COLUMN_MOST,
    Math.max(
      COLUMN_LEAST,
      Math.ceil(longest) + 26,
      Math.min(240, Math.floor((WIDTH_WANTED - TIME_WIDTH) / points.length)),
    ),
  );
  const columnX = (point: number) => TIME_WIDTH + column * (point + 0.5);
  const width = TIME_WIDTH + column * points.length;
  const shapes: Shape[] = [];
  const body: Shape[] = [];
  let y = HEAD;
  for (const journey of journeys) {
    const xs = spread(journey.sightings, columnX);
    const kind = kindOf(journey);
    const first = journey.sightings[0] as Sighting;
    const last = journey.sightings.at(-1) as Sighting;
    const look = journey.leg;
    const axis = y + 24;
    const label = journey.repeat > 0 ? words.text('ladder-repeat', { kind, count: journey.repeat }) : kind;
    if (y > HEAD) body.push(line(0, y, width, y, 'rowline'));
    if (first.time !== undefined) body.push(text(8, axis + 4, clock(first.time), 'smallmono time'));
    body.push(
      text(
        8,
        axis + 21,
        fitted(label, TIME_WIDTH - 8, (v) => sansWidth(v, 12)),
        `kindname ${look}`,
      ),
    );
    for (let i = 1; i < xs.length; i += 1) {
      const from = xs[i - 1] ?? 0;
      const to = xs[i] ?? 0;
      const tunnel =
        journey.sightings[i]?.packet.wrapping !== 'plain' && journey.sightings[i - 1]?.packet.wrapping !== 'plain';
      if (tunnel)
        body.push(rect(Math.min(from, to) + 8, axis - 7, Math.max(0, Math.abs(to - from) - 16), 14, 'tube', 7));
      const way = to >= from ? 1 : -1;
      body.push(line(from, axis, to - way * 6, axis, `flow ${look}`));
      if (Math.abs(to - from) > 40)
        body.push(arrowhead(to - way * 5, axis, way > 0 ? 'right' : 'left', `head ${look}`));
    }
    let lastNames = '';
    let lines = 0;
    journey.sightings.forEach(({ packet, point }, i) => {
      const x = xs[i] ?? 0;
      body.push(circle(x, axis, 5, `sight ${look} ${packet.wrapping === 'plain' ? '' : 'wrapped'}`));
      const shares = journey.sightings.some((other, j) => j > i && other.point === point);
      const names = namesOf(packet.view, packet.wrapping);
      const key = names.join(' ');
      if (key !== lastNames && !shares) {
        names.forEach((name, k) => {
          body.push(
            text(
              columnX(point),
              axis + 20 + k * NAME_LINE,
              fitted(name, column - 8, (v) => monoWidth(v, 11)),
              `smallmono halo ${packet.wrapping === 'plain' ? '' : 'muted'}`,
              'middle',
            ),
          );
        });
        lines = Math.max(lines, names.length);
      }
      if (!shares) lastNames = key;
    });
    let height = 36 + Math.max(lines, 1) * NAME_LINE + 6;
    if (dead && isOf(dead, journey)) {
      const x = xs.at(-1) ?? 0;
      const rightward = journey.leg === 'forward';
      const way = rightward ? 1 : -1;
      const neighbour = last.point + way;
      const stop =
        neighbour >= 0 && neighbour < points.length
          ? columnX(neighbour) - way * 30
          : x + way * Math.min(64, column / 2 - 12);
      body.push(line(x + way * 6, axis, stop - way * 12, axis, 'flow missing'));
      body.push(circle(stop, axis, 9, 'deathdot'), cross(stop, axis, 3.5, 'glyph'));
      height = Math.max(height, 50);
    }
    y += height;
  }
  points.forEach((point, i) => {
    const x = columnX(i);
    shapes.push(line(x, HEAD, x, y, 'rung'));
    const [node = '', namespace = ''] = point.namespace.split('/');
    const name = namespace === '' ? node : `${node} / ${namespace}`;
    shapes.push(
      text(
        x,
        24,
        fitted(visibleLine(name), column - 10, (v) => sansWidth(v, 14)),
        'pointname',
        'middle',
      ),
    );
    if (point.device !== undefined)
      shapes.push(
        text(
          x,
          43,
          fitted(visibleLine(point.device), column - 10, (v) => monoWidth(v, 12)),
          'pointdevice',
          'middle',
        ),
      );
  });
  shapes.push(line(0, HEAD, width, HEAD, 'band'), ...body);
  const description = words.text('ladder-description', { packets: packets.length, points: points.length });
  return {
    picture: { id, width, height: y + 4, title, description, shapes },
    shown: journeys.length,
    total: all.length,
  };
};
