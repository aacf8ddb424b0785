import { isCast, linesOfCast } from '../paste/embedded/asciinema.ts';
import type { EmbeddedText } from '../paste/embedded/embedded-text.ts';
import { outputsOfJson } from '../paste/embedded/json-outputs.ts';
import { isMail, textsOfMail } from '../paste/embedded/mail.ts';
import { isOwnReport, isPage, linesOfPage } from '../paste/embedded/web-page.ts';
import type { Found } from './finding.ts';
import { type TextMember, TextReader } from './text-reader.ts';

/** Characters of a document that is taken apart as a whole; what is longer is read as the text that it is. */
const LONGEST = 16 * 1024 * 1024;

type Parse = (text: string) => readonly EmbeddedText[];

const FORMS: readonly { readonly is: (head: string) => boolean; readonly parse: Parse }[] = [
  { is: isCast, parse: (text) => [{ lines: linesOfCast(text) }] },
  { is: isMail, parse: textsOfMail },
  { is: isPage, parse: (text) => (isOwnReport(text) ? [] : [{ lines: linesOfPage(text) }]) },
  { is: (head) => /^\s*[[{]\s*(?:["[{]|$)/.test(head), parse: outputsOfJson },
];

/** A document of another format that carries outputs: a recording, a mail, a page, JSON. It is kept until its end. */
export class EmbeddedReader {
  readonly #text: TextReader;
  readonly #parse: Parse;
  #whole: string | undefined = '';

  private constructor(member: TextMember, parse: Parse) {
    this.#text = new TextReader(member);
    this.#parse = parse;
  }

  /** Undefined where the first characters are none of these formats'. */
  static of(member: TextMember, head: string): EmbeddedReader | undefined {
    const form = FORMS.find(({ is }) => is(head));
    return form && new EmbeddedReader(member, form.parse);
  }

  push(slice: string): void {
    if (this.#whole === undefined) {
      this.#text.push(slice);
      return;
    }
    this.#whole += slice;
    if (this.#whole.length <= LONGEST) return;
    this.#text.push(this.#whole);
    this.#whole = undefined;
  }

  end(partial: boolean): readonly Found[] {
    if (this.#whole !== undefined) for (const text of this.#parse(this.#whole)) this.#text.embed(text);
    return this.#text.end(partial);
  }
}
