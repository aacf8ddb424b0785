/** Some text may begin a secret of several lines only where it holds one of these. */
const SIGNS = ['-----BEGIN', 'ata:', 'ata":', 'E: ', 'A: '];

const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{1,60}-----\s*$/;
const PEM_BODY = /^[\s>|#"'+]*(?:[A-Za-z0-9+/=\s\\]*|[A-Za-z-]{1,40}: .*)["']?,?$/;
const DATA_BEGIN = /^(\s*)(?:- )?"?(?:data|stringData|binaryData)"?:\s*(\{?)\s*$/;
const SETKEY = /^\s*[EA]: \S/;
const HEX_LINE = /^\s*(?:[0-9a-fA-F]{2,}\s*)+$/;

type Open =
  | { readonly form: 'pem' | 'setkey' }
  /** The values of a Kubernetes Secret (or a ConfigMap: which it is may stand below them). */
  | { readonly form: 'yaml' | 'json'; readonly indent: number };

export type BlockForm = Open['form'];

/**
 * Secrets that go on over several lines: PEM blocks, the data of a Kubernetes Secret, keys in groups that `setkey -D` wraps. Told every line
 * from the first one on, it says of each whether it lies inside one: what an excerpt shows does not hang on where the excerpt begins.
 */
export class SecretBlocks {
  #open: Open | undefined;

  /** Whether the lines of a text have to be told one by one. */
  matters(text: string): boolean {
    return this.#open !== undefined || SIGNS.some((sign) => text.includes(sign));
  }

  /** The next line: whether a block that began above holds it, and of which form it is. */
  next(line: string): BlockForm | undefined {
    const open = this.#open;
    if (open && this.#goesOn(open, line)) return open.form;
    this.#open = begun(line);
    return undefined;
  }

  #goesOn(open: Open, line: string): boolean {
    switch (open.form) {
      case 'pem':
        return !line.includes('-----') && PEM_BODY.test(line);
      case 'setkey':
        return HEX_LINE.test(line);
      default:
        return line.trim() === '' || indentOf(line) > open.indent;
    }
  }
}

const begun = (line: string): Open | undefined => {
  if (PEM_BEGIN.test(line)) return { form: 'pem' };
  if (SETKEY.test(line)) return { form: 'setkey' };
  const data = DATA_BEGIN.exec(line);
  return data ? { form: data[2] === '{' ? 'json' : 'yaml', indent: data[1]?.length ?? 0 } : undefined;
};

const indentOf = (line: string): number => line.length - line.trimStart().length;
