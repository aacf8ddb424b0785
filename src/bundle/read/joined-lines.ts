import { LineNumbers } from '../../captures/line-numbers.ts';
import { Rejoiner, type Wrapping } from '../paste/rejoin.ts';

/** Gives a wrapped output to its reader with its lines joined again, each under the number of its first part. */
export class JoinedLines {
  readonly numbers = new LineNumbers();
  /** Of each joined line its number in the file and how many lines it is there. */
  readonly joined = new Map<number, number>();
  readonly glue: '' | ' ';
  readonly #rejoiner: Rejoiner;
  readonly #outer: LineNumbers | undefined;
  readonly #take: (slice: string) => void;
  #carry = '';
  #from: number;
  #next: number;

  constructor(wrapping: Wrapping, firstLine: number, outer: LineNumbers | undefined, take: (slice: string) => void) {
    this.glue = wrapping.glue;
    this.#rejoiner = new Rejoiner(wrapping);
    this.#outer = outer;
    this.#take = take;
    this.#from = firstLine;
    this.#next = firstLine;
  }

  push(slice: string): void {
    const lines = (this.#carry + slice).split('\n');
    this.#carry = lines.pop() ?? '';
    this.#take(lines.map((line) => this.#give(this.#rejoiner.take(line))).join(''));
  }

  end(): void {
    if (this.#carry !== '') this.#take(this.#give(this.#rejoiner.take(this.#carry)));
    this.#take(this.#give(this.#rejoiner.end()));
    this.#carry = '';
  }

  #give(whole: { readonly text: string; readonly count: number } | undefined): string {
    if (!whole) return '';
    const number = this.#outer?.of(this.#from) ?? this.#from;
    this.numbers.add(this.#next, number);
    if (whole.count > 1) this.joined.set(number, whole.count);
    this.#from += whole.count;
    this.#next += 1;
    return `${whole.text}\n`;
  }
}
