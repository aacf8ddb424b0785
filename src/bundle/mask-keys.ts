const REMOVED = '(key removed)';
/** Lines of `ip xfrm state` that carry a key, lines of ipsec.secrets, and lines that speak of a pre-shared key. */
const KEY_LINE = /\b(?:auth|auth-trunc|enc|aead|comp|key|PSK|psk|RSA|secret)\b|^\s*:\s*(?:PSK|RSA|ECDSA)\b/;
const HEX = '[0-9a-fA-F]';
/** 32 digits or more, in one run or in groups: `0x1234_5678…`, `12:34:56…`. */
const RUN = new RegExp(
  `(?:0x_?)?${HEX}{32,}(?:[_:]${HEX}{1,64})*|(?:0x_?)?(?:${HEX}{1,16}[_:.-]){3,}${HEX}{1,16}`,
  'g',
);
const QUOTED_SECRET = /((?:PSK|psk|secret)\b[^"']{0,20})(?:"[^"]*"?|'[^']*'?)/g;

/**
 * A line as it may be quoted. Runs of 32 hexadecimal digits go from every line, for a key may stand anywhere; from a line that speaks of
 * keys go grouped runs and quoted secrets as well.
 */
export const maskKeys = (line: string): string => {
  const plain = line.replace(/(?:0x)?[0-9a-fA-F]{32,}/g, REMOVED);
  if (!KEY_LINE.test(line)) return plain;
  return line
    .replace(RUN, (run) => (run.replace(/0x|[^0-9a-fA-F]/g, '').length >= 32 ? REMOVED : run))
    .replace(QUOTED_SECRET, `$1${REMOVED}`);
};
