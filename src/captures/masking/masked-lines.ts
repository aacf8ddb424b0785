import { cutQuotable, type Quotable } from '../../records/quotable.ts';
import { withoutUnknownParts } from './joined-line.ts';
import { MASKED, withoutSecrets } from './known-secrets.ts';
import type { BlockForm, SecretBlocks } from './secret-blocks.ts';
import { withoutUnknown } from './unknown-text.ts';

/** How a format's own lines are masked. It begins anew at the first line of each output and is told every line from there on. */
export interface FormatMask {
  /** A line that the module understands, as it may be shown. */
  readonly mask: (line: string) => string;
  /** A line that nobody wants to see: for what it says of the lines below it. */
  readonly pass?: (line: string) => void;
}

/** For formats whose lines hold no secrets of their own: what is one by its name or form goes. */
export const usualMask = (): FormatMask => ({ mask: withoutSecrets });

/** More of a line is never shown. */
const SHOWN = 2000;
/** More of a line need not be looked at: half a secret is a secret's half, so it is masked before it is cut. */
const LOOKED_AT = 4 * SHOWN;

const quotable = (text: string): Quotable => cutQuotable(text as Quotable, SHOWN);

/** Lines of an output, or of text between outputs, made quotable in their order from the first one on. */
export class MaskedLines {
  readonly #format: FormatMask | undefined;
  readonly #blocks: SecretBlocks;

  /** `format` is undefined where no module reads the text: then the strictest mask holds. `blocks` are those of the whole file. */
  constructor(format: FormatMask | undefined, blocks: SecretBlocks) {
    this.#format = format;
    this.#blocks = blocks;
  }

  /** A line that is not quoted. */
  pass(line: string): void {
    if (this.#blocks.matters(line)) this.#blocks.next(line);
    this.#format?.pass?.(line);
  }

  /** The next line. `understood` says whether the module made a record of it or knows it as of no use. */
  quote(line: string, understood: boolean): Quotable {
    const text = line.slice(0, LOOKED_AT);
    const block = this.#blocks.next(text);
    const masked = this.#format?.mask(text);
    if (block) return quotable(withoutBlock(text, block));
    return masked === undefined || !understood ? quotable(withoutUnknown(text)) : quotable(masked);
  }

  /** The next lines, which were read as one: whether they are is a guess, and of what its format passes over nothing is known. */
  quoteJoined(lines: readonly string[], glue: '' | ' '): Quotable {
    let length = 0;
    const parts = lines.map((line) => {
      const text = line.slice(0, Math.max(0, LOOKED_AT - length));
      length += text.length + glue.length;
      return { text, inside: this.#blocks.next(line.slice(0, LOOKED_AT)) !== undefined };
    });
    const whole = parts.map(({ text }) => text).join(glue);
    return quotable(withoutUnknownParts(parts, glue, this.#format?.mask(whole) ?? whole));
  }
}

/** A line of which nothing around it is known. */
export const quotableAlone = (line: string): Quotable => quotable(withoutUnknown(line.slice(0, LOOKED_AT)));

/** A line inside a secret of several lines: the name of a value stays. */
export const quotableInside = (line: string, form: BlockForm): Quotable =>
  quotable(withoutBlock(line.slice(0, LOOKED_AT), form));

const withoutBlock = (line: string, form: BlockForm): string => {
  if (line.trim() === '') return '';
  const indent = line.slice(0, line.length - line.trimStart().length);
  if (form === 'json') return line.replace(/(:\s*)"(?:[^"\\]|\\.)*"?/g, `$1${MASKED}`);
  if (form === 'variable') return line.replace(/: .*$/s, `: ${MASKED}`);
  const name = form === 'yaml' ? /^\s*[\w.-]{1,253}:(?=\s)/.exec(line)?.[0] : undefined;
  return name === undefined ? `${indent}${MASKED}` : `${name} ${MASKED}`;
};
