import { parse } from '#grammars/date';
import type { CaptureTime } from '../../records/host.ts';
import { flatten } from '../../tables/interner.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';
import { readMoment, zoneMinutes } from './clock.ts';

class DateSink extends LineSink {
  #found: CaptureTime | undefined;
  #universal: CaptureTime | undefined;
  #zone: number | undefined;
  #local: string | undefined;

  /** The first moment counts; a later one in UTC tells the epoch that the first could not. */
  moment(text: string): void {
    const time = this.#read(text);
    if (!this.#found) {
      this.#found = time;
      this.records += 1;
      return;
    }
    this.ignore();
    if (this.#universal === undefined && time.zoneMinutes === 0) this.#universal = time;
  }

  universal(text: string): void {
    this.records += 1;
    this.#universal = { ...this.#read(text), zoneMinutes: 0 };
  }

  /** The same moment as the universal time, by the node's own clock. */
  local(text: string): void {
    this.#local = text.trim();
    this.ignore();
  }

  /** `Asia/Shanghai (CST, +0800)` */
  zone(text: string): void {
    this.#zone = zoneMinutes(/[+-]\d{4}/.exec(text)?.[0] ?? /\((\w+)/.exec(text)?.[1]);
    this.ignore();
  }

  #read(text: string): CaptureTime {
    const read = readMoment(text.trim());
    return { source: this.source(), epoch: read?.epoch, zoneMinutes: read?.zoneMinutes, text: flatten(text.trim()) };
  }

  finish(): CaptureTime | undefined {
    const found = this.#found ?? this.#universal;
    if (!found) return undefined;
    const epoch = found.epoch ?? this.#universal?.epoch;
    // Two clocks of one moment tell the zone of the one whose abbreviation did not.
    const zone =
      this.#zone ??
      (found === this.#universal && this.#local !== undefined
        ? (readMoment(this.#local)?.zoneMinutes ?? offsetBetween(this.#local, epoch))
        : (found.zoneMinutes ?? offsetBetween(found.text, this.#universal?.epoch)));
    return { ...found, epoch, zoneMinutes: zone };
  }
}

const QUARTER = 15;

/** The offset of a local time without known zone, from the epoch printed beside it; zones are whole quarters of an hour. */
const offsetBetween = (local: string, epoch: number | undefined): number | undefined => {
  if (epoch === undefined) return undefined;
  const asUtc = readMoment(
    local.replace(/ [A-Z]{2,5}(?= |$)/, (zone) => (/^ [AP]M$/.test(zone) ? zone : ' UTC')),
  )?.epoch;
  return asUtc === undefined ? undefined : Math.round((asUtc - epoch) / 60 / QUARTER) * QUARTER;
};

/** `date` in any of its usual forms, `timedatectl`. */
export const date: CaptureModule = {
  programs: 'date timedatectl',
  precedence: 240,
  mask: usualMask,
  formats: [
    {
      kind: 'date',
      words: [{ words: 'date|timedatectl' }],
      paths: [/(?:^|\/)(?:timedate_info|time)(?:\.txt)?$/],
      firstLine: /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[AP]M )?[A-Z+-]\S{0,5} \d{4}$/,
      nameDecides: 'always',
      scope: 'node',
      collect: 'date --iso-8601=ns',
    },
  ],
  open: (input) =>
    grammarReader(input, new DateSink(input), parse, (sink) => {
      const time = sink.finish();
      return time ? { time } : {};
    }),
  sniff: (head) =>
    /^[ \t]+Local time: \w{3} \d{4}-\d\d-\d\d/m.test(head) ||
    /^\w{3},? +(?:\w{3} +\d+|\d+ \w{3} \d{4}) +\d+:\d\d:\d\d [^\n]*$/.test(head.trim())
      ? 'date'
      : undefined,
};
