/** What stands in a secret's place. */
export const MASKED = '[masked]';

/** Words that name a secret by their end: `DB_PASSWORD`, `clientSecret`, `stable_secret`. */
const NAMES =
  'passw(?:or)?d|passphrase|passwd|pwd|(?<![A-Za-z])pass|secret|token|psk|credentials?|auth(?:entication)?[-_ ]?key|api[-_ ]?key|access[-_]?key(?:[-_]?id)?|account[-_]?key|secret[-_]?key|' +
  'private[-_ ]?key|pre-?shared[-_ ]?key|shared[-_ ]?key|encryption[-_ ]?key|session[-_ ]?key|master[-_ ]?key|fastopen_key|key-data|certificate-data|PrivateExponent|PrivateKey|Exponent[12]|Prime[12]|Coefficient';
const QUOTED = String.raw`\\*"(?:[^"\\]|\\[^"])*\\*"?|'[^']*'?`;

/** `"token": "X"`, `password: X`, `secret = X`: the value goes to the closing quote or the line's end. */
const NAMED_LINE = new RegExp(
  String.raw`((?:${NAMES})\\*["']?)(\s{0,8}:\s{0,40}|\s{1,8}=\s{0,8}|\s{0,8}=\s{1,8})(?![0-]+\s*$)(?:${QUOTED}|[^\s"',;&][^\r\n]*)`,
  'gi',
);
/** `password=X`: the value ends where the next word, parameter or element begins. */
const NAMED_WORD = new RegExp(String.raw`((?:${NAMES})\\*["']?=)(?:${QUOTED}|[^\s,;&"')\]}]+)`, 'gi');
/** `--password X`, `-token X`; in `allow-token X` it is no option. */
const OPTION_VALUE = new RegExp(String.raw`((?<![\w.-])--?[\w-]{0,40}(?:${NAMES})\s{1,8})(${QUOTED}|[^\s-]\S*)`, 'gi');
/** ipsec.secrets(5): what follows a kind of secret. */
const IPSEC_SECRET = /(:\s{0,8}(?:PSK|RSA|ECDSA|BLISS|EAP|XAUTH|NTLM|PIN|PKCS8|PKCS12|P12|PPK)\s{1,8})(?!\{\s*$)\S.*$/;
/** HTTP's fields that log somebody in. */
const HTTP_FIELD = /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,30}token)(["']?\s{0,4}:\s{0,4}).*$/i;
const BEARER = /\b(bearer)\s{1,4}[\w.~+/=-]{6,}/gi;
/** The password in `scheme://user:password@host`. */
const URL_PASSWORD = /(:\/\/[^\s:@/"']{0,100}:)[^\s@"']{1,200}(?=@)/g;
/** A password's hash as crypt(3) writes it, and the second field of /etc/shadow. */
const CRYPT = /\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5|argon2\w{0,3})\$[^\s:,'"]{8,}/g;
const SHADOW = /^([a-z_][\w.-]{0,31}\$?:)(?!\*|!!?:|x:|:)[^:\s]{8,}(?=:\d{0,6}:\d{0,6}:\d{0,6}:)/;
/** Tokens that say by their beginning what they are: JWT, AWS, Aliyun, Google, GitHub, GitLab, Slack, Stripe, npm, Vault. */
const TOKEN =
  /\beyJ[\w-]{8,}(?:\.[\w-]{0,4000}){0,4}|\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}|\bLTAI[A-Za-z0-9]{8,}|\bAIza[\w-]{30,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{10,}|\b[sr]k_(?:live|test)_\w{10,}|\bnpm_\w{20,}|\bhv[sb]\.[\w-]{20,}/g;
/** A key in one line, its newlines written out. */
const PEM = /(-----BEGIN [A-Z0-9 ]{1,60}-----)(?!$)[^-]{0,20000}/g;
/** The values of a Kubernetes Secret in JSON, which an annotation holds with backslashes before its quotes. */
const JSON_DATA = /(\\*"(?:data|stringData)\\*"\s{0,4}:\s{0,4}\{)\s{0,4}\\*"[^"\\]{0,253}\\*"\s{0,4}:\s{0,4}\\*"[^}]*/g;
/** 128 bits in hexadecimal digits may be a key wherever they stand. */
const LONG_HEX = /(?:0x)?[0-9a-fA-F]{32,}/g;
/** What only a public key is called. */
const BASE64 = /((?:public[-_ ]?key|peer)\s{0,4}[:=]\s{0,4})?([A-Za-z0-9+/_-]{40,}={0,2})/gi;
/** A key behind an algorithm, as `ip xfrm state` prints it; `-o` writes a backslash for the line's end. */
const ALGORITHM = /\b((?:auth-trunc|auth|enc|aead|comp)[ \t]+)([^\\\r\n]+)/g;

/** What stands behind a key: its length, and that of the check value. */
const TAIL = /(?:[ \t]+\(\d{1,5} bits\))?(?:[ \t]+\d{2,3})?[ \t]*$/;

/** The same as `setkey -D` prints it, in groups. */
const SETKEY = /^(\s*[EA]:\s+[\w()-]+\s+)[0-9a-fA-F][0-9a-fA-F\s]*$/;

/** Of a key's line the algorithm stays, and the lengths behind the key. */
const withoutKey = (whole: string, label: string, rest: string): string => {
  const tokens = rest.trim().split(/[ \t]+/);
  const first = tokens[0] ?? '';
  const name = first.startsWith('0x') || isKeyDigits(first) ? '' : `${first} `;
  const keys = name === '' ? tokens : tokens.slice(1);
  if (!keys.some((token) => token.startsWith('0x') || isKeyDigits(token))) return whole;
  return `${label}${name}${MASKED}${keys.length > 1 ? (TAIL.exec(rest)?.[0] ?? '') : ''}`;
};

const isKeyDigits = (token: string): boolean =>
  /^[0-9a-fA-F]+(?:[_:.-][0-9a-fA-F]+)*$/.test(token) && token.length >= 6;

/**
 * Letters of both cases and digits in no order. A path or a name may be long and hold all of them, but most of it is words; the characters of
 * base64 that are no letters and no digits may be the joints of either.
 */
const isRandom = (text: string): boolean => {
  if (!/[a-z]/.test(text) || !/[A-Z]/.test(text) || !/\d/.test(text)) return false;
  let [random, all] = [0, 0];
  for (const piece of text.split(/[^A-Za-z0-9]+/)) {
    if (piece.length < 4) continue;
    all += piece.length;
    let turns = 0;
    for (let at = 1; at < piece.length; at += 1) if (classOf(piece, at) !== classOf(piece, at - 1)) turns += 1;
    if (turns * 4 > piece.length) random += piece.length;
  }
  return random * 2 > all;
};

const classOf = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return code < 58 ? 0 : code < 91 ? 1 : 2;
};

/** A line without what is known to be a secret by its name or its form; everything else stays as it is. */
export const withoutSecrets = (line: string): string =>
  line
    .replace(PEM, `$1${MASKED}`)
    .replace(JSON_DATA, `$1${MASKED}`)
    .replace(ALGORITHM, withoutKey)
    .replace(SETKEY, `$1${MASKED}`)
    .replace(HTTP_FIELD, `$1$2${MASKED}`)
    .replace(IPSEC_SECRET, `$1${MASKED}`)
    .replace(NAMED_WORD, `$1${MASKED}`)
    .replace(NAMED_LINE, `$1$2${MASKED}`)
    .replace(OPTION_VALUE, `$1${MASKED}`)
    .replace(URL_PASSWORD, `$1${MASKED}`)
    .replace(BEARER, `$1 ${MASKED}`)
    .replace(CRYPT, MASKED)
    .replace(SHADOW, `$1${MASKED}`)
    .replace(TOKEN, MASKED)
    .replace(LONG_HEX, MASKED)
    .replace(BASE64, (whole, label: string | undefined, run: string) =>
      label === undefined && isRandom(run) ? MASKED : whole,
    );
