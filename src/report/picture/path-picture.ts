import type { WalkBranch } from '../../path/walk-result.ts';
import { legsOf } from '../legs.ts';
import { endpoint } from '../packet-text.ts';
import { visibleLine } from '../visible.ts';
import type { Words } from '../words.ts';
import { crossingRow } from './crossing-row.ts';
import { pathRows, type Row } from './path-rows.ts';
import { type Drawn, label, mono, type Pen, SPINE, TEXT_X } from './pen.ts';
import { circle, line, type Picture, rect, type Shape, words as text } from './shapes.ts';
import { packetRow, stepRow } from './step-row.ts';
import { fitted, sansWidth } from './text-width.ts';

const MARGIN = 8;
const GAP = 56;
const GAP_LEAST = 40;
const LANE_LEAST = 236;
const LANE_WANTED = 300;
const LANE_MOST = 430;
/** Width of the page's column: as many lanes as go into it stand without scrolling. */
const WIDTH_WANTED = 1054;
const HEAD = 54;

const drawRow = (pen: Pen, row: Row, y: number, look: string): Drawn => {
  if (row.kind === 'packet') return packetRow(pen, row, y);
  if (row.kind === 'step') return stepRow(pen, row, y);
  if (row.kind === 'crossing') return crossingRow(pen, row, y, look);
  const x = pen.left(row.lane) + TEXT_X;
  if (row.kind === 'more') {
    pen.shapes.push(text(x, y + 16, pen.words.text('picture-more', { count: row.count }), 'label quiet'));
    return { height: 24, axis: 12 };
  }
  const dot = row.outcome === 'lost' ? 'death' : 'open';
  pen.shapes.push(circle(pen.spine(row.lane), y + 16, 9, `${dot}dot`));
  pen.shapes.push(text(x, y + 20, pen.words.text(`picture-end-${row.outcome}`), `label ${dot}`));
  return { height: 32, axis: 16 };
};

/** The rows of one leg and the line that joins them; the line lies below what it joins. Returns the bottom. */
const legShapes = (pen: Pen, rows: readonly Row[], top: number, look: string): number => {
  const spines: Shape[] = [];
  const own: Pen = { ...pen, shapes: [] };
  let y = top;
  let last: { readonly lane: number; readonly y: number } | undefined;
  for (const row of rows) {
    const { height, axis } = drawRow(own, row, y, look);
    const from = row.kind === 'crossing' ? row.from : row.lane;
    if (last?.lane === from) spines.push(line(pen.spine(from), last.y, pen.spine(from), y + axis, `flow ${look}`));
    last = { lane: row.kind === 'crossing' ? row.to : row.lane, y: y + axis };
    y += height;
  }
  pen.shapes.push(...spines, ...own.shapes);
  return y;
};

/** Width of a lane and of the space between two: as wide as the longest name needs, else what the page leaves. */
const spacing = (branch: WalkBranch, lanes: number): { readonly laneWidth: number; readonly gap: number } => {
  let most = 0;
  for (const { leg } of legsOf(branch))
    for (const step of leg.steps)
      for (const packet of [step.before, step.after, step.after.inner])
        if (packet)
          most = Math.max(
            most,
            mono(`→ ${endpoint(packet.src, packet.sport)}`),
            mono(`→ ${endpoint(packet.dst, packet.dport)}`),
          );
  const gap = lanes > 3 ? GAP_LEAST : GAP;
  const fits = Math.floor((WIDTH_WANTED - 2 * MARGIN - (lanes - 1) * gap) / lanes);
  const wanted = Math.max(LANE_LEAST, Math.min(LANE_WANTED, fits), Math.ceil(most) + TEXT_X + 40);
  return { laneWidth: Math.min(LANE_MOST, wanted), gap };
};

/** The way of a flow: a lane per namespace, time downwards, forward above and reply below. */
export const pathPicture = (
  id: string,
  branch: WalkBranch,
  words: Words,
  options: { readonly startsOutside: boolean; readonly title: string; readonly description: string },
): Picture => {
  const { lanes, legs } = pathRows(branch, options.startsOutside);
  const { laneWidth, gap } = spacing(branch, lanes.length);
  const left = (lane: number) => MARGIN + lane * (laneWidth + gap);
  const shapes: Shape[] = [];
  const pen: Pen = { shapes, words, laneWidth, gap, left, spine: (lane) => left(lane) + SPINE };
  const width = MARGIN * 2 + lanes.length * laneWidth + Math.max(0, lanes.length - 1) * gap;
  const body: Shape[] = [];
  let y = HEAD + 14;
  const bands: Shape[] = [];
  for (const leg of legs) {
    const { look } = leg;
    const name = words.text(`leg-${leg.name}`);
    bands.push(text(MARGIN + 4, y + 15, name, `legname ${look}`));
    bands.push(line(MARGIN + 12 + label(name) * 1.15, y + 11, width - MARGIN, y + 11, 'band'));
    y = legShapes({ ...pen, shapes: body }, leg.rows, y + 28, look) + 14;
  }
  lanes.forEach((lane, i) => {
    shapes.push(rect(left(i), 0, laneWidth, y, lane.outside ? 'lane outside' : 'lane', 12));
    const name = lane.outside ? words.text('outside') : visibleLine(lane.node);
    const sub = lane.outside
      ? ''
      : lane.namespace === ''
        ? words.text('lane-host')
        : words.text('lane-pod', { name: lane.namespace });
    shapes.push(
      text(
        left(i) + 16,
        26,
        fitted(name, laneWidth - 32, (v) => sansWidth(v, 16)),
        'lanename',
      ),
    );
    if (sub !== '')
      shapes.push(
        text(
          left(i) + 16,
          44,
          fitted(sub, laneWidth - 32, (v) => sansWidth(v, 12)),
          'lanesub',
        ),
      );
  });
  shapes.push(...bands, ...body);
  return { id, width, height: y + 2, title: options.title, description: options.description, shapes };
};
