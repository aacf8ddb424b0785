/** Longer lines are no screen's: what moves text about in them is passed over. */
const SCREEN = 4096;
/** From here on a blank and a carriage return may be a shell's line that goes on in the terminal's next row. */
const ROW = 40;

/** A control sequence or title that goes on for longer is none. */
const SEQUENCE = 2048;
const [BELL, ESCAPE] = ['\x07', '\x1b'];

/**
 * A line as a terminal would show it: carriage returns and backspaces let what follows take the place of what stood there, cursor movements and
 * deletions do what they do within the line, colours and titles are nothing. Recordings of `script`, screen, tmux and PuTTY hold all of these.
 */
export const shownLine = (line: string): string => {
  const cells: string[] = [];
  let column = 0;
  for (let at = 0; at < line.length; ) {
    const char = line[at] as string;
    if (char === ESCAPE) {
      const sequence = sequenceAt(line, at);
      at = sequence.end;
      column = control(cells, column, sequence.given, sequence.final);
      continue;
    }
    at += 1;
    if (char === '\r') column = 0;
    else if (char === '\b') column = Math.max(0, column - 1);
    else if (char >= ' ' || char === '\t') {
      // Readline ends a full row so: what follows stands in the next one, and the line goes on.
      if (char === ' ' && goesOn(cells, column, line, at)) {
        at += 1;
        continue;
      }
      while (cells.length < column) cells.push(' ');
      cells[column] = char;
      column += 1;
    }
  }
  return cells.join('').trimEnd();
};

interface Sequence {
  /** Parameters and the letter behind them; empty where it is no cursor's. */
  readonly given: string;
  readonly final: string;
  readonly end: number;
}

const NOTHING = { given: '', final: '' };

/** The control sequence that begins at an escape character (ECMA-48): CSI; titles and other strings up to their end; the rest by its final character. */
const sequenceAt = (line: string, at: number): Sequence => {
  const kind = line[at + 1] ?? '';
  if (kind === '[') {
    let end = at + 2;
    while (end < line.length && end < at + SEQUENCE && isParameter(line.charCodeAt(end))) end += 1;
    return { given: line.slice(at + 2, end).trimEnd(), final: line[end] ?? '', end: end + 1 };
  }
  if (kind === ']' || kind === 'P' || kind === 'X' || kind === '^' || kind === '_') {
    for (let end = at + 2; end < line.length && end < at + SEQUENCE; end += 1) {
      if (line[end] === BELL) return { ...NOTHING, end: end + 1 };
      if (line[end] === ESCAPE) return { ...NOTHING, end: line[end + 1] === '\\' ? end + 2 : end };
    }
    return { ...NOTHING, end: at + 2 };
  }
  let end = at + 1;
  while (end < at + 4 && line[end] !== undefined && (line[end] as string) >= ' ' && (line[end] as string) <= '/')
    end += 1;
  return { ...NOTHING, end: end + 1 };
};

const isParameter = (code: number): boolean => code >= 0x20 && code <= 0x3f;

const goesOn = (cells: readonly string[], column: number, line: string, at: number): boolean =>
  line[at] === '\r' &&
  column >= ROW &&
  cells.length === column &&
  cells[column - 1] !== ' ' &&
  (line[at + 1] ?? '\r') > ' ';

/** Does what a control sequence says; returns the new column. */
const control = (cells: string[], column: number, given: string, final: string): number => {
  const count = Math.min(Number.parseInt(given, 10) || 1, SCREEN);
  switch (final) {
    case 'C':
      return Math.min(column + count, SCREEN);
    case 'D':
      return Math.max(0, column - count);
    case 'G':
      return count - 1;
    case 'H':
    case 'f':
      return 0;
    case 'J':
      if (given === '2' || given === '3') cells.length = 0;
      else if (given === '' || given === '0') cells.length = Math.min(cells.length, column);
      return column;
    case 'K':
      if (given === '' || given === '0') cells.length = Math.min(cells.length, column);
      else if (given === '2') cells.length = 0;
      else if (given === '1') cells.fill(' ', 0, Math.min(cells.length, column + 1));
      return column;
    case 'P':
      if (cells.length <= SCREEN) cells.splice(column, count);
      return column;
    case '@':
      if (cells.length <= SCREEN && column < cells.length) cells.splice(column, 0, ...' '.repeat(count));
      return column;
    default:
      return column;
  }
};
