import type { Packet } from '../../path/packet.ts';
import { endpoint, tunnelId, tunnelName } from '../packet-text.ts';
import type { Row } from './path-rows.ts';
import { type Drawn, type Pen, small } from './pen.ts';
import { arrowhead, circle, cross, line, rect, type TextRun, words as text } from './shapes.ts';
import { fitted } from './text-width.ts';

const LINE = 15;

/** Both ends on one line where they fit, else on two. */
const endLines = (packet: Packet, room: number, before: readonly TextRun[] = [], after = ''): TextRun[][] => {
  const src = endpoint(packet.src, packet.sport);
  const dst = `→ ${endpoint(packet.dst, packet.dport)}`;
  const used = small(before.map((run) => run.text).join(''));
  const tail: TextRun[] = after === '' ? [] : [{ text: `  ${after}`, look: '' }];
  const one = `${src} ${dst}`;
  if (used + small(`${one}  ${after}`) <= room) return [[...before, { text: one, look: '' }, ...tail]];
  const second = small(`${dst}  ${after}`) <= room ? tail : [];
  return [
    [...before, { text: fitted(src, room - used, small), look: '' }],
    [{ text: fitted(dst, room, small), look: '' }, ...second],
  ];
};

/** From lane to lane: an arrow, or a tube where the packet travels inside another, with the tunnel's ends above the line and the flow's own below. */
export const crossingRow = (pen: Pen, row: Row & { kind: 'crossing' }, y: number, look: string): Drawn => {
  const from = pen.spine(row.from);
  const to = pen.spine(row.to);
  const sign = to > from ? 1 : -1;
  // A loss is marked in the middle of the space before the lane that it never reaches.
  const edge = sign > 0 ? pen.left(row.to) : pen.left(row.to) + pen.laneWidth + pen.gap;
  const stop = row.lost ? edge - pen.gap / 2 : to;
  const left = Math.min(from, stop) + 14;
  const right = Math.max(from, stop) - 14;
  const middle = (left + right) / 2;
  const room = right - left - 14;
  const tunnel = tunnelName(row.packet);
  const above = tunnel
    ? endLines(row.packet, room, [{ text: `${tunnel}  `, look: 'tunnel' }], tunnelId(row.packet) ?? '')
    : endLines(row.packet, room + 12);
  const below = tunnel && row.packet.inner ? endLines(row.packet.inner, room) : [];
  const axis = 10 + above.length * LINE + (tunnel ? 4 : 0);
  const at = y + axis;
  if (tunnel) {
    const top = at - above.length * LINE - 9;
    const height = (above.length + below.length) * LINE + 16;
    pen.shapes.push(rect(left, top, right - left, height, 'tube', Math.min(23, height / 2)));
  }
  pen.shapes.push(line(from, at, stop, at, `flow ${look}`));
  above.forEach((runs, i) => {
    pen.shapes.push(text(middle, at - 7 - (above.length - 1 - i) * LINE, runs, 'smallmono', 'middle'));
  });
  below.forEach((runs, i) => {
    pen.shapes.push(text(middle, at + 15 + i * LINE, runs, 'smallmono', 'middle'));
  });
  const height = axis + below.length * LINE + (tunnel ? 17 : 14);
  if (!row.lost) {
    pen.shapes.push(arrowhead(to - sign * 7, at, sign > 0 ? 'right' : 'left', `head ${look}`));
    return { height, axis };
  }
  pen.shapes.push(line(stop, at, to - sign * 12, at, 'flow missing'));
  pen.shapes.push(circle(stop, at, 10, 'deathdot'), cross(stop, at, 4, 'glyph'));
  pen.shapes.push(
    text(stop + sign * 16, at + 26, pen.words.text('picture-lost'), 'label death', sign > 0 ? 'start' : 'end'),
  );
  return { height: Math.max(height, axis + 40), axis };
};
