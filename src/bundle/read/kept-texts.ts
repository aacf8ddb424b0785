/** Characters of one member, and of all together. */
const MEMBER = 128 * 1024;
const TOTAL = 8 * 1024 * 1024;

interface CollectedText {
  readonly push: (slice: string) => void;
  readonly keep: (path: string) => void;
  /** It will not be kept, whatever follows. */
  readonly tooLong: boolean;
}

/** Texts of small members, kept for their quotes: most bundles need not be unpacked a second time for them. */
export class KeptTexts {
  /** By the member's path, as its reader got it. */
  readonly texts = new Map<string, readonly string[]>();
  #total = 0;

  /** Collects a member's text while it is read. */
  collect(): CollectedText {
    let slices: string[] = [];
    let length = 0;
    return {
      get tooLong() {
        return length > MEMBER;
      },
      push: (slice) => {
        length += slice.length;
        if (length <= MEMBER) slices.push(slice);
        else slices = [];
      },
      keep: (path) => {
        if (length > MEMBER || this.#total + length > TOTAL) return;
        this.#total += length;
        this.texts.set(path, slices);
      },
    };
  }

  /** Of a name that comes twice the last one counts. */
  forget(path: string): void {
    this.texts.delete(path);
  }
}
