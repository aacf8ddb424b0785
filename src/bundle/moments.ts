import { readMoment } from '../captures/system/clock.ts';
import type { Placed } from './assign.ts';
import type { Moment } from './bundle.ts';
import type { Units } from './layouts/units.ts';
import { type BundleNote, note } from './note.ts';
import { readStamps, type Stamp } from './stamps.ts';

/** Seconds between two captures of one bundle that no longer show one state. */
export const TORN = 600;

/** How far a clock is to be trusted: one that was printed with its zone, one that was not, one of the whole run, one of the archive's header. */
export type Weight = 'printed' | 'local' | 'run' | 'header';
export interface Clock extends Moment {
  readonly weight: Weight;
}

/** All that the bundle tells of when its captures were taken. */
export const allClocks = (
  placed: readonly Placed[],
  units: Units,
  texts: ReadonlyMap<string, string>,
  shown: (path: string) => string,
): readonly Clock[] => {
  const zones = zonesOf(placed);
  const clocks = placed.flatMap((p) => (p.node === undefined ? [] : clocksOf(p, p.node, zones.get(p.node))));
  clocks.push(...rootClocks(placed, units));
  for (const [path, text] of texts)
    clocks.push(...stampClocks(readStamps(text), path, shown(path), placed, units, zones));
  return clocks;
};

/** When the captures were taken, as far as the bundle tells, and whether they belong together. */
export const momentsOf = (
  clocks: readonly Clock[],
): { readonly times: readonly Moment[]; readonly notes: readonly BundleNote[] } => {
  const times = clocks.filter((c) => c.weight !== 'header').map(({ weight: _, ...moment }): Moment => moment);
  return { times, notes: tornNotes(clocks) };
};

const zonesOf = (placed: readonly Placed[]): ReadonlyMap<string, number> => {
  const zones = new Map<string, number>();
  for (const { found, node } of placed) {
    const zone = found.capture?.data.time?.zoneMinutes;
    if (node !== undefined && zone !== undefined && !zones.has(node)) zones.set(node, zone);
  }
  return zones;
};

const clocksOf = ({ found }: Placed, node: string, zone: number | undefined): readonly Clock[] => {
  const { capture, generated, mtime } = found;
  if (!capture) return [];
  const { file } = capture;
  const clocks: Clock[] = [];
  const time = capture.data.time;
  if (time?.epoch !== undefined)
    clocks.push({
      node,
      file,
      capture: file,
      line: time.source.line,
      epoch: time.epoch,
      zoneMinutes: time.zoneMinutes,
      text: time.text,
      weight: 'printed',
    });
  const local = generated && readMoment(`${generated.text.slice(0, -5)} UTC${generated.text.slice(-5)}`)?.epoch;
  if (generated && local !== undefined)
    clocks.push({
      node,
      file,
      capture: file,
      line: generated.line,
      epoch: local - (zone ?? 0) * 60,
      zoneMinutes: zone,
      text: generated.text,
      weight: zone === undefined ? 'local' : 'printed',
    });
  if (mtime !== undefined && mtime > 0)
    clocks.push({
      node,
      file,
      capture: file,
      line: 1,
      epoch: Math.round(mtime),
      zoneMinutes: 0,
      text: isoText(mtime),
      weight: 'header',
    });
  return clocks;
};

const isoText = (epoch: number): string => new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');

/** A collector's folder may be named for its moment: ACK's by the epoch, subctl's in UTC. */
const rootClocks = (placed: readonly Placed[], units: Units): readonly Clock[] => {
  const seen = new Set<string>();
  return placed.flatMap(({ found, node }): Clock[] => {
    const unit = units.of(found.path);
    const text = unit?.layout.root?.exec(unit.root)?.groups?.time;
    if (!unit || text === undefined || node === undefined || seen.has(unit.root)) return [];
    seen.add(unit.root);
    const epoch = epochOf(text);
    const utc =
      unit.layout.id === 'ack' ||
      unit.layout.id === 'subctl' ||
      unit.layout.id === 'eks' ||
      unit.layout.id === 'calico';
    return epoch === undefined
      ? []
      : [
          {
            node,
            file: found.capture?.file ?? found.path,
            line: 1,
            capture: undefined,
            epoch,
            zoneMinutes: utc ? 0 : undefined,
            text,
            weight: 'run',
          },
        ];
  });
};

/** What the collector wrote down: of an output, its node's; of the whole run, every node's that it has an output of. */
const stampClocks = (
  stamps: readonly Stamp[],
  path: string,
  file: string,
  placed: readonly Placed[],
  units: Units,
  zones: ReadonlyMap<string, number>,
): readonly Clock[] => {
  const unit = units.of(path);
  if (!unit) return [];
  const outputs = placed.filter(({ found, node }) => node !== undefined && units.of(found.path)?.root === unit.root);
  const [began] = stamps.filter((stamp) => stamp.path === undefined);
  const nodes = new Set(outputs.flatMap(({ node }) => node ?? []));
  const byPath = new Map(outputs.map((output) => [output.found.path.slice(unit.root.length), output]));
  return [
    ...(began
      ? [...nodes].map((node): Clock => ({ ...clockOf(began, node, file), capture: undefined, weight: 'run' }))
      : []),
    ...stamps.flatMap((stamp): Clock[] => {
      const { found, node } = byPath.get(stamp.path ?? '') ?? {};
      if (!found || node === undefined) return [];
      const zone = zones.get(node);
      const clock = { ...clockOf(stamp, node, file), capture: found.capture?.file };
      return zone === undefined
        ? [{ ...clock, weight: 'local' }]
        : [{ ...clock, epoch: stamp.epoch - zone * 60, zoneMinutes: zone, weight: 'printed' }];
    }),
  ];
};

const clockOf = ({ line, epoch, zoneMinutes, text }: Stamp, node: string, file: string) => ({
  node,
  file,
  line,
  epoch,
  zoneMinutes,
  text,
});

/** `1765626516`, `20251213114836`, `2025-12-13_11-48-36`, `251213_1148`. */
const epochOf = (text: string): number | undefined => {
  const digits = text.replace(/\D/g, '');
  if (digits.length === 10 && !/\D/.test(text)) return Number(digits);
  const full =
    digits.length === 10 ? `20${digits}00` : digits.length === 8 ? `${digits}000000` : digits.padEnd(14, '0');
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(full);
  const epoch = parts ? Date.parse(`${parts.slice(1, 4).join('-')}T${parts.slice(4).join(':')}Z`) / 1000 : Number.NaN;
  return Number.isNaN(epoch) ? undefined : epoch;
};

/** Clocks are compared with their like only: local times of one node, printed ones of all, header times where nothing else is there. */
const tornNotes = (clocks: readonly Clock[]): readonly BundleNote[] => {
  const notes: BundleNote[] = [];
  const nodes = [...new Set(clocks.map((c) => c.node))];
  for (const node of nodes) {
    const own = clocks.filter((c) => c.node === node);
    const strong = own.filter((c) => c.weight === 'printed');
    const local = own.filter((c) => c.weight === 'local');
    const used = strong.length > 0 ? strong : local.length > 0 ? local : own.filter((c) => c.weight === 'header');
    const torn = tear(used, 'node');
    if (torn) notes.push(torn);
  }
  if (notes.length > 0) return notes;
  const all = tear(
    clocks.filter((c) => c.weight === 'printed'),
    'bundle',
  );
  return all ? [all] : [];
};

/** Of moments of several archives that are read as one bundle. */
export const tornAcross = (times: readonly Moment[]): BundleNote | undefined =>
  tear(
    times.filter((moment) => moment.zoneMinutes !== undefined),
    'bundle',
  );

const tear = (clocks: readonly Moment[], scope: 'node' | 'bundle'): BundleNote | undefined => {
  const [first, ...others] = clocks;
  if (!first) return undefined;
  let [low, high] = [first, first];
  for (const clock of others) {
    if (clock.epoch < low.epoch) low = clock;
    if (clock.epoch > high.epoch) high = clock;
  }
  if (high.epoch - low.epoch <= TORN) return undefined;
  return note(
    'torn-snapshot',
    {
      scope,
      first: low.text,
      last: high.text,
      seconds: Math.round(high.epoch - low.epoch),
      firstFile: low.capture ?? low.file,
      lastFile: high.capture ?? high.file,
    },
    [
      { file: low.file, line: low.line },
      { file: high.file, line: high.line },
    ],
  );
};
