import { type BlockForm, SecretBlocks } from './secret-blocks.ts';

/** Lines that are remembered; a file with more of them is one of secrets. */
const MOST = 100_000;

/** Which lines of a file lie inside a secret of several lines: where a text is cut into outputs, one of them may begin inside it. */
export class SecretLines {
  readonly #blocks = new SecretBlocks();
  readonly #forms = new Map<number, BlockForm>();
  #from = Number.POSITIVE_INFINITY;

  /** The next line of the file, with its number. */
  take(number: number, line: string): void {
    if (!this.#blocks.matters(line)) return;
    const form = this.#blocks.next(line);
    if (form === undefined) return;
    if (this.#forms.size < MOST) this.#forms.set(number, form);
    else this.#from = Math.min(this.#from, number);
  }

  /** How the line is hidden; undefined where it lies in no such secret. Of lines that were too many all is hidden. */
  of(number: number): BlockForm | undefined {
    return number >= this.#from ? 'pem' : this.#forms.get(number);
  }
}
