import { formatOf } from '../../captures/known-formats.ts';
import { LineNumbers } from '../../captures/line-numbers.ts';
import { isProse } from '../../captures/prose.ts';
import { readText } from '../../captures/read-text.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { startOf } from '../paste/first-lines.ts';
import type { Line } from '../paste/line.ts';
import { type OutputAbout, type OutputRead, OutputReader } from './output-reader.ts';

/** How a section of a text is known to be one. */
export type Opened =
  /** A prompt, a collector's header, a tool for many machines: what follows is the output up to the next one. */
  | 'asked'
  /** A heading or a sentence that names the command, or a block of code. */
  | 'captioned'
  /** Its own first line. */
  | 'shown';

/** Whose a section is, as far as the text says. */
export interface Place {
  readonly node: string | undefined;
  readonly namespace: string | undefined;
  /** The text named this machine, but not for this section: something came between. */
  readonly carried: boolean;
}

/** The machine that wrote a line of the system's log. */
const LOGGED = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?<host>[A-Za-z][\w.-]{0,63}) kernel:/;

/** One output within a text: gives its lines to a reader, each under its number in the file. */
export class Section {
  about: OutputAbout;
  place: Place;
  readonly opened: Opened;
  /** Further commands that were typed with the first one: `ip rule; ip -6 rule`. */
  readonly more: readonly OutputAbout[];
  /** Somebody left lines out. */
  cut = false;
  lines = 0;
  #reader: OutputReader | undefined;
  readonly #numbers = new LineNumbers();
  #shown: CaptureKind | undefined;
  #waiting: string[] = [];
  #blanks: Line[] = [];
  #next: number;

  constructor(about: OutputAbout, place: Place, opened: Opened, more: readonly OutputAbout[] = []) {
    this.about = about;
    this.place = place;
    this.opened = opened;
    this.more = more;
    this.#next = about.firstLine;
  }

  get kind(): CaptureKind | undefined {
    return this.about.kind ?? this.#shown;
  }

  get isEmpty(): boolean {
    return this.lines === 0;
  }

  push(line: Line): void {
    for (const blank of this.#blanks) this.#give(blank);
    this.#blanks = [];
    this.#give(line);
    this.lines += 1;
    this.#shown ??= startOf(line.text);
  }

  /** Blank lines at the end are nobody's. */
  blank(line: Line): void {
    if (this.lines > 0) this.#blanks.push(line);
  }

  get afterBlank(): boolean {
    return this.#blanks.length > 0;
  }

  /** Whether this line begins the output of another command of the same kind of section. */
  turnsAt(text: string): CaptureKind | undefined {
    const shown = startOf(text);
    if (shown === undefined) return undefined;
    if (shown === 'ip-rule' && this.kind === 'ip-rule' && this.lines > 0 && /^0:\s+from all lookup local/.test(text))
      return shown;
    const kind = this.#shown ?? this.about.kind;
    // What no one knows the command of was none of these.
    if (kind === undefined) return this.lines > 0 ? shown : undefined;
    if (this.opened === 'asked' && this.more.length === 0) return undefined;
    return kind !== undefined && kind !== shown && !(kind === 'ip-link' && shown === 'ip-addr') ? shown : undefined;
  }

  /** Whether this line is no longer the output's: a sentence, or behind an empty line what its format does not know. */
  endsBefore(line: Line): boolean {
    const { kind } = this;
    const { text } = line;
    if (kind === undefined || this.lines === 0) return this.lines > 0 && isProse(text);
    if (/^[ \t}]/.test(text)) return false;
    if (this.afterBlank) {
      const shown = startOf(text);
      if (shown !== undefined) return !isKin(shown, kind);
      if (this.opened === 'asked' && !isProse(text) && !/[:\uff1a]$/.test(text.trimEnd()))
        return kind === 'iptables-list' && isForeign(kind, text);
      return isForeign(kind, text);
    }
    return isProse(text) && isForeign(kind, text);
  }

  end(partial: boolean): OutputRead {
    this.flush();
    const read = this.#opened().end(partial || this.cut);
    return this.cut ? { ...read, cut: true } : read;
  }

  /** Hands over what has been gathered. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#opened().push(this.#waiting.join(''));
    this.#waiting = [];
  }

  /** The output begins with its first line, and not right behind what asked for it. */
  #opened(): OutputReader {
    this.#reader ??= new OutputReader({ ...this.about, numbers: this.#numbers });
    return this.#reader;
  }

  #give(line: Line): void {
    if (this.lines === 0 && this.place.node === undefined) {
      const host = LOGGED.exec(line.text)?.groups?.host;
      if (host !== undefined) this.place = { ...this.place, node: host };
    }
    if (this.lines === 0 && this.#next === this.about.firstLine) {
      this.about = { ...this.about, firstLine: line.number };
      this.#next = line.number;
    }
    this.#numbers.add(this.#next, line.number);
    this.#next += 1;
    this.#waiting.push(`${line.text}\n`);
    if (this.#waiting.length >= 512) this.flush();
  }
}

/** One tool's outputs: which of them it is tells the whole. */
const isKin = (a: CaptureKind, b: CaptureKind): boolean => {
  const [one, other] = [formatOf(a), formatOf(b)];
  if (a === b || (one?.kin !== undefined && one.kin === other?.kin && one.kin !== 'routing')) return true;
  return /^(?:ip-addr|ip-link)$/.test(a) && /^(?:ip-addr|ip-link)$/.test(b);
};

/** A line that the format's own reader does not know. */
const isForeign = (kind: CaptureKind, text: string): boolean => {
  const input = { kind, file: '', firstLine: 1, command: undefined, family: undefined, device: undefined };
  try {
    return readText(input, `${text}\n`).unread > 0;
  } catch {
    return true;
  }
};
