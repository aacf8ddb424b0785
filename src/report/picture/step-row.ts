import type { Packet } from '../../path/packet.ts';
import { endpoint, packetKind, tunnelName } from '../packet-text.ts';
import { stepHook, stepLabel } from '../wording.ts';
import type { Row } from './path-rows.ts';
import { boldLabel, type Drawn, label, mono, type Pen, small, TEXT_X } from './pen.ts';
import { circle, cross, rect, type TextRun, words as text, tick } from './shapes.ts';
import { fitted } from './text-width.ts';

const LINE = 18;

interface Rewrite {
  readonly end: 'src' | 'dst';
  readonly old: string;
  readonly new: string;
}

/** The ends that a step rewrites: old name and new name. */
const rewrites = (before: Packet, after: Packet): Rewrite[] => {
  if ((tunnelName(before) === undefined) !== (tunnelName(after) === undefined)) return [];
  const ends: Rewrite[] = [
    { end: 'src', old: endpoint(before.src, before.sport), new: endpoint(after.src, after.sport) },
    { end: 'dst', old: endpoint(before.dst, before.dport), new: endpoint(after.dst, after.dport) },
  ];
  return ends.filter((pair) => pair.old !== pair.new && pair.old !== '');
};

const rewriteLines = (pair: Rewrite, room: number): TextRun[][] => {
  const head = { text: `${pair.end} `, look: 'end' };
  if (mono(`${pair.end} ${pair.old} → ${pair.new}`) <= room)
    return [[head, { text: pair.old, look: 'old' }, { text: ' → ', look: 'end' }, { text: pair.new, look: 'new' }]];
  return [
    [head, { text: fitted(pair.old, room - 36, mono), look: 'old' }],
    [
      { text: '  → ', look: 'end' },
      { text: fitted(pair.new, room - 36, mono), look: 'new' },
    ],
  ];
};

/** The label in one line, or in two where it is too long for one. */
const labelLines = (name: string, room: number, measure: (text: string) => number): string[] => {
  if (measure(name) <= room) return [name];
  const parts = name.match(/\S+\s*|\s+/g) ?? [name];
  let first = '';
  while (parts.length > 1 && measure(first + (parts[0] ?? '')) <= room) first += parts.shift();
  return first === '' ? [fitted(name, room, measure)] : [first.trimEnd(), fitted(parts.join(''), room, measure)];
};

/** One step: its words, hook and device, and below them what it rewrites. */
export const stepRow = (pen: Pen, row: Row & { kind: 'step' }, y: number): Drawn => {
  const x = pen.left(row.lane) + TEXT_X;
  const boxed = row.look !== 'pass';
  const strong = row.look === 'death' || row.look === 'arrival';
  const room = pen.laneWidth - TEXT_X - (boxed ? 18 : 10);
  const measure = boxed ? boldLabel : label;
  const name = stepLabel(pen.words, row.step);
  const hook = stepHook(pen.words, row.step);
  const oneLine = measure(name) + small(hook) + 14 <= room;
  const names = oneLine ? [name] : labelLines(name, room, measure);
  const pairs = row.look === 'death' ? [] : rewrites(row.step.before, row.step.after);
  const lines = pairs.flatMap((pair) => rewriteLines(pair, room));
  const pad = strong ? 6 : boxed ? 3 : 0;
  const head = names.length * 17 + (oneLine ? 0 : 16);
  const height = head + lines.length * LINE + 9 + pad * 2;
  if (boxed) {
    const look = row.look === 'change' || strong ? `${row.look === 'change' ? 'change' : row.look}box` : 'changebox';
    pen.shapes.push(rect(x - 8, y + 2, pen.laneWidth - TEXT_X + 2, height - 4, look, 7));
  }
  const base = y + pad;
  names.forEach((part, i) => {
    pen.shapes.push(text(x, base + 17 * (i + 1), part, `label ${row.look}`));
  });
  if (oneLine) pen.shapes.push(text(x + room, base + 17, hook, `hook ${row.look}`, 'end'));
  else pen.shapes.push(text(x, base + 17 * names.length + 16, fitted(hook, room, small), `hook ${row.look}`));
  lines.forEach((runs, i) => {
    pen.shapes.push(text(x, base + head + LINE * (i + 1), runs, 'mono'));
  });
  const axis = pad + 13;
  const at = y + axis;
  const spine = pen.spine(row.lane);
  if (row.look === 'death') pen.shapes.push(circle(spine, at, 10, 'deathdot'), cross(spine, at, 4, 'glyph'));
  else if (row.look === 'arrival')
    pen.shapes.push(circle(spine, at, 10, 'arrivaldot'), tick(spine, at, 5, 'glyph arrivaltick'));
  else pen.shapes.push(circle(spine, at, row.look === 'change' ? 6 : 4, `dot ${row.look}`));
  return { height, axis };
};

/** The packet as it sets out. */
export const packetRow = (pen: Pen, row: Row & { kind: 'packet' }, y: number): Drawn => {
  const room = pen.laneWidth - TEXT_X - 18;
  const x = pen.left(row.lane) + TEXT_X - 8;
  const src = endpoint(row.packet.src, row.packet.sport);
  const dst = `→ ${endpoint(row.packet.dst, row.packet.dport)}`;
  const kind = `${packetKind(row.packet)} `;
  const lines = mono(`${kind}${src} ${dst}`) <= room ? [`${src} ${dst}`] : [src, dst];
  const height = lines.length * LINE + 10;
  pen.shapes.push(rect(x, y + 4, pen.laneWidth - TEXT_X + 2, height, 'pill', 7));
  lines.forEach((value, i) => {
    const runs: TextRun[] = [
      ...(i === 0 ? [{ text: kind, look: 'kind' }] : []),
      { text: fitted(value, room - (i === 0 ? mono(kind) : 0), mono), look: '' },
    ];
    pen.shapes.push(text(x + 9, y + 22 + i * LINE, runs, 'mono'));
  });
  pen.shapes.push(circle(pen.spine(row.lane), y + 4 + height / 2, 6, 'origin'));
  return { height: height + 12, axis: 4 + height / 2 };
};
