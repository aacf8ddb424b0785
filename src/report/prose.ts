/** Text of a word template, taken apart: what is words, what is a captured value, what is a paragraph. Every output renders it its own way. */

export interface Span {
  readonly text: string;
  readonly style: 'plain' | 'code' | 'strong';
}
export interface Block {
  readonly kind: 'paragraph' | 'item';
  readonly spans: readonly Span[];
}
export type Prose = readonly Block[];

/**
 * Values do not pass through the templates of words: they go in as tokens, `open INDEX close` in the private use area, and come back here.
 * Markup in a captured string therefore stays text in every output.
 */
const OPEN = '\ue000';
const CLOSE = '\ue001';
const TOKEN = /\ue000(\d+)\ue001/;
const ONE_TOKEN = /^\ue000(\d+)\ue001$/;

export class ValueTokens {
  readonly #texts: string[] = [];
  readonly #plain = new Set<number>();

  /** `plain` for words of ours that a template puts into a sentence; a captured value shows as code. */
  token(text: string, style: 'code' | 'plain' = 'code'): string {
    if (text === '') return '';
    if (style === 'plain') this.#plain.add(this.#texts.length);
    this.#texts.push(text);
    return `${OPEN}${this.#texts.length - 1}${CLOSE}`;
  }

  /** The text behind a token; any other text as it is. */
  resolve(text: string): string {
    const match = ONE_TOKEN.exec(text);
    return match ? (this.#texts[Number(match[1])] ?? '') : text;
  }

  styleOf(index: number): 'code' | 'plain' {
    return this.#plain.has(index) ? 'plain' : 'code';
  }

  resolveAll(text: string): string {
    return text
      .split(TOKEN)
      .map((part, i) => (i % 2 === 1 ? (this.#texts[Number(part)] ?? '') : part))
      .join('');
  }
}

/** `code` and **strong** of the template's own text; a value outside of both becomes code by itself. */
const spansOf = (text: string, tokens: ValueTokens): Span[] => {
  const spans: Span[] = [];
  const push = (style: Span['style'], value: string) => {
    if (value === '') return;
    const last = spans.at(-1);
    if (last && last.style === style && style === 'plain') spans[spans.length - 1] = { style, text: last.text + value };
    else spans.push({ style, text: value });
  };
  for (const piece of text.split(/(`[^`]*`|\*\*[^*]+\*\*)/)) {
    if (piece.startsWith('`') && piece.endsWith('`') && piece.length > 1)
      push('code', tokens.resolveAll(piece.slice(1, -1)));
    else if (piece.startsWith('**') && piece.endsWith('**') && piece.length > 4)
      push('strong', tokens.resolveAll(piece.slice(2, -2)));
    else
      piece.split(TOKEN).forEach((part, i) => {
        if (i % 2 === 1) push(tokens.styleOf(Number(part)), tokens.resolve(`${OPEN}${part}${CLOSE}`));
        else push('plain', part);
      });
  }
  return spans;
};

/** Whether a line end between two characters stands for a space: it does not inside Chinese text. */
const joinLines = (text: string): string =>
  text.replace(/\s*\n\s*/g, (_, at: number) => {
    const before = text.slice(0, at).trimEnd().at(-1) ?? '';
    const after = text.slice(at).trimStart().at(0) ?? '';
    const wide = /[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]/;
    return wide.test(before) && wide.test(after) ? '' : ' ';
  });

/** Blank lines part paragraphs; a line that begins with `- ` is an item of a list. */
export const parseProse = (text: string, tokens: ValueTokens): Prose =>
  text
    .replace(/\r/g, '')
    .split(/\n[ \t]*\n|\n(?=[ \t]*- )/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const item = part.startsWith('- ');
      const body = joinLines(item ? part.slice(2) : part).replace(/[ \t]{2,}/g, ' ');
      return { kind: item ? 'item' : 'paragraph', spans: spansOf(body, tokens) } satisfies Block;
    });

/** Blocks on one line, with a space between two of them, or none after Chinese punctuation. */
export const oneLine = (prose: Prose): readonly Span[] =>
  prose.flatMap((block, i) => {
    const before = prose[i - 1]?.spans.at(-1)?.text.at(-1) ?? '';
    const gap: readonly Span[] =
      i === 0 || /[\u3000-\u303f\uff00-\uffef]/.test(before) ? [] : [{ text: ' ', style: 'plain' }];
    return [...gap, ...block.spans];
  });

/** Words without any style, on one line. */
export const plainText = (prose: Prose): string =>
  oneLine(prose)
    .map((span) => span.text)
    .join('');
