import { terminalWidth } from '../picture/text-width.ts';
import type { Prose } from '../prose.ts';
import { visibleLine } from '../visible.ts';
import { painted, type Run, type Style, wrapped } from './wrap.ts';

/** How lines are laid out. */
export interface SheetOptions {
  /** False under NO_COLOR or where the output is no terminal. */
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Room for the longest label of a verdict. */
export const LABEL_WIDTH = 8;

/** Prose as runs on one line; code stands out where the words around it are plain. */
export const proseRuns = (prose: Prose, plain: Style = 'plain'): Run[] =>
  prose.flatMap((block, i) => [
    ...(i > 0 ? [{ text: ' ', style: plain }] : []),
    ...block.spans.map((span) => ({
      text: visibleLine(span.text),
      style: span.style === 'code' && plain === 'plain' ? ('code' as const) : plain,
    })),
  ]);

/** Lines under a label in the left margin. */
export class Sheet {
  readonly lines: string[] = [];
  readonly #options: SheetOptions;

  constructor(options: SheetOptions) {
    this.#options = options;
  }

  add(label: string, runs: readonly Run[], indent = LABEL_WIDTH + 2): void {
    const { colour, width } = this.#options;
    wrapped(runs, width - indent).forEach((line, i) => {
      const head =
        i === 0 && label !== ''
          ? `  ${label}${' '.repeat(Math.max(1, indent - 2 - terminalWidth(label)))}`
          : ' '.repeat(indent);
      this.lines.push(`${head}${line.map((run) => painted(run, colour)).join('')}`.trimEnd());
    });
  }

  /** An item of a list: its further lines stand under its first word. */
  item(runs: readonly Run[], indent: number): void {
    const before = this.lines.length;
    this.add('', runs, indent + 2);
    this.lines[before] = `${' '.repeat(indent)}- ${(this.lines[before] ?? '').trimStart()}`;
  }

  /** A command on a line of its own, however long: broken by us it could not be copied. Without a node it is for where the reader is, or for the place named above. */
  command(node: string, command: string, remark = ''): void {
    const { colour } = this.#options;
    const prompt = node === '' ? '' : painted({ text: `${node}# `, style: 'dim' }, colour);
    const comment = remark === '' ? '' : painted({ text: `  # ${remark}`, style: 'dim' }, colour);
    this.lines.push(
      `${' '.repeat(LABEL_WIDTH + 2)}${prompt}${painted({ text: command, style: 'code' }, colour)}${comment}`,
    );
  }

  gap(): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== '') this.lines.push('');
  }
}
