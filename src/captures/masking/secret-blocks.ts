/** Some text may begin a secret of several lines only where it holds one of these. */
const SIGNS = [
  '-----BEGIN',
  'ata:',
  'ata":',
  'E: ',
  'A: ',
  'name: ',
  'name": ',
  'auth ',
  'auth-trunc ',
  'enc ',
  'aead ',
];

const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{1,60}-----\s*$/;
const PEM_BODY = /^[\s>|#"'+]*(?:[A-Za-z0-9+/=\s\\]*|[A-Za-z-]{1,40}: .*)["']?,?$/;
const DATA_BEGIN = /^(\s*)(?:- )?"?(?:data|stringData|binaryData)"?:\s*(\{?)\s*$/;
const SETKEY = /^\s*[EA]: \S/;
/** A key at a line's end, which the next line may go on with. */
const KEY_AT_END = /\b(?:auth-trunc|auth|enc|aead|comp)[ \t]+[^\\]*[0-9a-fA-F]{6,}\s*$/;
const HEX_LINE = /^\s*[0-9a-fA-F][0-9a-fA-F\s]*$/;
/** A container's variable whose name speaks of a secret, and the line below it with its value. */
const NAME = /^\s*(?:- )?"?name"?: "?(?<name>[\w.-]{1,253})/;
const SECRET_NAME = /pass|secret|token|key|cred|auth|psk|pwd|dsn|conn|url/i;
const VALUE = /^\s*(?:- )?"?value"?: /;

type Open =
  | { readonly form: 'pem' | 'key' | 'variable' }
  /** The values of a Kubernetes Secret (or a ConfigMap: which it is may stand below them). */
  | { readonly form: 'yaml' | 'json'; readonly indent: number };

export type BlockForm = Open['form'];

/**
 * Secrets that go on over several lines: PEM blocks, the data of a Kubernetes Secret, a container's variable, keys that
 * `setkey -D` or a terminal wraps. Told every line
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
    if (open && goesOn(open, line)) {
      // A variable has one value.
      if (open.form === 'variable') this.#open = undefined;
      return open.form;
    }
    this.#open = begun(line);
    return undefined;
  }
}

const goesOn = (open: Open, line: string): boolean => {
  switch (open.form) {
    case 'pem':
      return !line.includes('-----') && PEM_BODY.test(line);
    case 'key':
      return HEX_LINE.test(line);
    case 'variable':
      return VALUE.test(line);
    default:
      return line.trim() === '' || indentOf(line) > open.indent;
  }
};

const begun = (line: string): Open | undefined => {
  if (PEM_BEGIN.test(line)) return { form: 'pem' };
  if (SETKEY.test(line) || KEY_AT_END.test(line)) return { form: 'key' };
  const name = NAME.exec(line)?.groups?.name;
  if (name !== undefined && SECRET_NAME.test(name)) return { form: 'variable' };
  const data = DATA_BEGIN.exec(line);
  return data ? { form: data[2] === '{' ? 'json' : 'yaml', indent: data[1]?.length ?? 0 } : undefined;
};

const indentOf = (line: string): number => line.length - line.trimStart().length;
