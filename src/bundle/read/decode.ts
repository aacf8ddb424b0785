import { isAscii } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { TextDecoder } from 'node:util';

interface Decoder {
  readonly utf8: boolean;
  decode(bytes: Buffer): string;
  end(): string;
}

/** UTF-8 whose bytes are nearly always ASCII. What is no UTF-8 becomes U+FFFD. */
const utf8 = (): Decoder => {
  const decoder = new StringDecoder('utf8');
  // A character may be split over two chunks: then the next one begins with no ASCII.
  return {
    utf8: true,
    decode: (bytes) => (isAscii(bytes) ? decoder.end() + bytes.toString('latin1') : decoder.write(bytes)),
    end: () => decoder.end(),
  };
};

const utf16 = (encoding: 'utf-16le' | 'utf-16be'): Decoder => {
  const decoder = new TextDecoder(encoding);
  return { utf8: false, decode: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
};

/** Longer strings V8 keeps outside the memory that it reuses at once. */
const PIECE = 64 * 1024;

/** Text of a member by its byte order mark; UTF-8 where it has none. The mark itself is no text. */
export class TextOfBytes {
  #decoder: Decoder | undefined;

  /** Whether the bytes so far told that they are UTF-8. */
  get isUtf8(): boolean {
    return this.#decoder?.utf8 === true;
  }

  /** The text of the next bytes, in pieces. */
  *push(bytes: Buffer): Generator<string> {
    for (let at = 0; at < bytes.length; at += PIECE) yield this.#decode(bytes.subarray(at, at + PIECE));
  }

  #decode(bytes: Buffer): string {
    if (this.#decoder) return this.#decoder.decode(bytes);
    const [first, second, third] = bytes;
    this.#decoder =
      first === 0xff && second === 0xfe
        ? utf16('utf-16le')
        : first === 0xfe && second === 0xff
          ? utf16('utf-16be')
          : utf8();
    const marked = first === 0xef && second === 0xbb && third === 0xbf;
    return this.#decoder.decode(marked ? bytes.subarray(3) : bytes);
  }

  end(): string {
    return this.#decoder?.end() ?? '';
  }
}
