import { readMoment } from '../captures/system/clock.ts';

/** What a collector wrote down of the time at which it ran a command, or itself. */
export interface Stamp {
  /** The output's path below the collector's folder; undefined where it is the run's own. */
  readonly path: string | undefined;
  readonly line: number;
  readonly text: string;
  /** Seconds since the epoch; the local time read as UTC where the zone is not told. */
  readonly epoch: number;
  readonly zoneMinutes: number | undefined;
}

/** Reads a file of the layouts' kind `clock`: sos's manifest, must-gather's timestamp, support-bundle-kit's metadata. */
export const readStamps = (text: string): readonly Stamp[] =>
  /^\s*\{/.test(text) ? ofManifest(text) : text.split('\n').flatMap((line, i) => ofLine(line, i + 1));

const FIELD = /^\s*"(?<name>filepath|start_time)": "(?<value>[^"]{1,500})",?$/;

/**
 * `sos_reports/manifest.json` (sos since 4.0): of each command its file and, in the node's local time, its start. Each field stands on a line of its own, which is
 * what can be quoted; a manifest that was cut is read as far as it goes.
 */
const ofManifest = (text: string): readonly Stamp[] => {
  const stamps: Stamp[] = [];
  let path: string | undefined;
  let start: { readonly text: string; readonly line: number } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    if (/[{}],?\s*$/.test(line)) {
      const epoch = start && localEpoch(start.text);
      if (path !== undefined && start && epoch !== undefined)
        stamps.push({ path, ...start, epoch, zoneMinutes: undefined });
      [path, start] = [undefined, undefined];
    }
    const { name, value = '' } = FIELD.exec(line)?.groups ?? {};
    if (name === 'filepath') path = value;
    else if (name === 'start_time') start = { text: value, line: i + 1 };
  }
  return stamps;
};

/** `2026-11-20 16:48:51.123456`, with a T between the two as well. */
const localEpoch = (text: string): number | undefined => readMoment(`${text.replace(/\.\d+$/, '')} UTC`)?.epoch;

const RUN =
  /^(?:bundlecreatedat: "?)?(?<text>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?[+-]\d\d:?\d\d|Z))(?![\d:])/i;

/**
 * When a run began, and when it ended: `2026-11-20 16:48:51.123456789 +0000 UTC m=+0.004711` (`oc adm must-gather`, Go's time.String), `bundleCreatedAt:
 * "2026-11-20T16:48:51Z"` (support-bundle-kit; some releases write the name in small letters).
 */
const ofLine = (line: string, number: number): readonly Stamp[] => {
  const text = RUN.exec(line)?.groups?.text;
  const read = text === undefined ? undefined : readMoment(text);
  if (text === undefined || read?.epoch === undefined) return [];
  return [{ path: undefined, line: number, text, epoch: read.epoch, zoneMinutes: read.zoneMinutes }];
};
