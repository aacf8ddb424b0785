/**
 * Keeps one copy of each string. Substrings of 13 characters and more are views that pin the slice that they were cut from;
 * whoever stores a span from a grammar stores it through here.
 */
export class Interner {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  /** The id of a text: the same for the same text. */
  id(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const own = flatten(text);
    const id = this.#texts.length;
    this.#texts.push(own);
    this.#ids.set(own, id);
    return id;
  }

  /** The id of a text that is known already. */
  find(text: string): number | undefined {
    return this.#ids.get(text);
  }

  text(id: number): string {
    return this.#texts[id] ?? '';
  }

  /** The one copy of a text. */
  intern(text: string): string {
    return this.text(this.id(text));
  }
}

/** A copy of the text that pins nothing. */
export const flatten = (text: string): string => (text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8'));
