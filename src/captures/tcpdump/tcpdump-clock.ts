const DAY = 86_400;

const FRACTION = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** Value of two digits; NaN where one of them is none. */
const two = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
};

/** Seconds of the `HH:MM:SS[.fraction]` that begins at `from` and ends the text; NaN where there is no such thing. */
const timeOfDay = (text: string, from: number): number => {
  if (text.charCodeAt(from + 2) !== 58 || text.charCodeAt(from + 5) !== 58) return Number.NaN;
  const whole = two(text, from) * 3600 + two(text, from + 3) * 60 + two(text, from + 6);
  const { length } = text;
  const places = length - from - 9;
  if (places < 0) return length === from + 8 ? whole : Number.NaN;
  const scale = FRACTION[places];
  if (scale === undefined || text.charCodeAt(from + 8) !== 46) return Number.NaN;
  let fraction = 0;
  for (let i = from + 9; i < length; i += 1) fraction = fraction * 10 + (text.charCodeAt(i) - 48);
  return whole + fraction / scale;
};

/** The times that tcpdump's `-t` forms print (util-print.c ts_print), read into one clock per capture. */
export class TcpdumpClock {
  /** Seconds of the line read last; NaN where it shows none. */
  time = Number.NaN;
  /** Seconds since the first packet, where differences are printed. */
  elapsed = 0;
  /** Differences went down: each is to the packet before (`-ttt`), not to the first (`-ttttt`). */
  fallsBack = false;
  kind: 'epoch' | 'midnight' | 'start' | undefined;
  #date = '';
  #dateSeconds = 0;
  #days = 0;
  #previous = Number.NaN;

  /** No time is printed (`-t`). */
  none(): void {
    this.time = Number.NaN;
  }

  /** `2026-11-20 12:00:00.000000`: the node's local time, read as if it were UTC, for the capture does not tell the zone. */
  dated(text: string): boolean {
    if (this.#date === '' || !text.startsWith(this.#date)) {
      const date = text.slice(0, 11);
      const seconds = /^\d{4}-\d\d-\d\d $/.test(date)
        ? Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / 1000
        : Number.NaN;
      if (Number.isNaN(seconds)) return false;
      this.#date = date;
      this.#dateSeconds = seconds;
    }
    const seconds = timeOfDay(text, 11);
    if (Number.isNaN(seconds)) return false;
    this.time = this.#dateSeconds + seconds;
    this.kind = 'epoch';
    return true;
  }

  /** Time of day, or seconds of the epoch (`-tt`), or (-ttt until 4.0) six digits: microseconds since the packet before. */
  timed(text: string): boolean {
    const ofDay = timeOfDay(text, 0);
    if (!Number.isNaN(ofDay)) {
      // Half a day back is midnight passing; less is packets out of order.
      if (ofDay < this.#previous - DAY / 2) this.#days += 1;
      this.#previous = ofDay;
      this.time = this.#days * DAY + ofDay;
      this.kind ??= 'midnight';
      return true;
    }
    if (/^\d{6}$/.test(text)) return this.#difference(Number(text) / 1e6, true);
    if (!/^\d{1,10}\.\d{1,9}$/.test(text)) return false;
    this.time = Number(text);
    this.kind = 'epoch';
    return true;
  }

  /** ` 00:00:00.000000`, `-00:00:00.000000`: a difference to the packet before (`-ttt`) or to the first (`-ttttt`). */
  difference(sign: string, text: string): boolean {
    const seconds = timeOfDay(text, 0);
    return !Number.isNaN(seconds) && this.#difference(sign === '-' ? -seconds : seconds, false);
  }

  #difference(seconds: number, toPrevious: boolean): boolean {
    if (toPrevious || seconds < this.#previous) this.fallsBack = true;
    this.#previous = seconds;
    this.time = seconds;
    this.elapsed += seconds;
    this.kind = 'start';
    return true;
  }
}
