import { MASKED, withoutSecrets } from './known-secrets.ts';

/** What a line that nobody understands may call a secret: everything behind such a word goes. */
const LABEL =
  /^(.*?(?:\b(?:passw(?:or)?ds?|passphrase|passwd|pwd|pass|secrets?|psk|requirepass|masterauth|xauth|shared-secret)\b["']?\s{0,8}[:=]?|\b(?:tokens?|keys?|credentials?|rsa|ecdsa|pin|community)["']?\s{0,8}[:=]|(?<![^\s:"'{,])(?:auth-trunc|auth|enc|aead|comp)(?=\s)|^\s*[EA]:(?=\s+[\w-]+\s+[0-9a-f]))\s{0,8})(\S.*)$/is;
/** What only a public key is called. */
const PUBLIC = /\b(?:public|host|ca)[-_ ]keys?$|^\s*peer$/i;
const ALGORITHM_NAME = /^([a-z][\w-]*(?:\([\w(),-]*\))?|rfc\d{4}\([\w(),-]*\))(?=\s)/;

const TOKEN = /[^\s,;"'`()[\]{}<>|=]+/g;
const MAC = /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;
const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}(?:[:.#]\d{1,5}|:\*)?(?:\/\d{1,2})?:?$/;
const IPV6 = /^(?:[0-9a-f]{0,4}:){2,8}(?:[0-9a-f]{0,4}|(?:\d{1,3}\.){3}\d{1,3})(?:%[\w.-]{1,15})?(?:\/\d{1,3})?$/i;
const UUID = /(?:^|-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** WireGuard's, with what says so. */
const PUBLIC_KEY = /^(.{0,40}(?:public[-_ ]?key|peer)\s{0,4}[:=]\s{0,4})([A-Za-z0-9+/]{43}=)(.*)$/is;
/** A moment as RFC 3339 writes it. */
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
/** Names that programs make with a hash in them: kube-proxy's and kube-router's chains and sets, Calico's, devices of CNI plugins. */
const HASHED =
  /^(?:@?KUBE-[A-Z0-9-]{2,12}-[A-Z0-9]{16}|cali(?:co)?[-:][\w+/.-]{1,28}|(?:veth|cali|lxc|tap|azv|gke|eni|br-)[0-9a-f]{1,14}(?:@\w{1,15})?:?)$/;
/** Where a word may have a joint. */
const JOINTS = /[-_./:@%*+~#$\\^!?&]+/;
/** Words, abbreviations, numbers, and words with a number: `KUBE`, `RemoteAddress`, `eth0`, `ip6tables`, `1500`, `0x4000`, `10ms`. */
const PLAIN =
  /^(?:[a-z]{0,24}|[A-Z]{1,24}|[A-Z]{1,4}[a-z]{1,24}|[a-z]{0,24}(?:[A-Z][a-z]{1,24}){1,6}|\d{1,10}|0x[0-9a-fA-F]{1,8}|[a-z]{1,15}\d{1,5}|[A-Z]{1,6}\d{1,4}|\d{1,6}[a-zA-Z]{1,6}|[a-z]{1,10}\d{1,3}[a-z]{1,10})$/;
const HEX_WORD = /^(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{5,}$/i;

/** More capitals than words have: three letters each, on the average. */
const isScrambled = (part: string): boolean =>
  /[a-z]/.test(part) && (part.match(/[A-Z]/g) ?? []).length * 3 > part.length;

const FORMS = [MAC, IPV4, IPV6, MOMENT, HASHED];

const isKnown = (token: string): boolean => {
  if (FORMS.some((form) => form.test(token))) return true;
  const parts = token.replace(UUID, '').split(JOINTS);
  // `0011_2233_4455`: a key in groups.
  if (parts.length > 3 && parts.every((part) => /^[0-9a-f]{2,16}$/i.test(part)) && /[a-f]/i.test(token)) return false;
  // A joint that only passwords have.
  if (/[!?&$^#\\]/.test(token.slice(1)) && /\d/.test(token)) return false;
  return parts.every((part) => part.length <= 4 || (PLAIN.test(part) && !HEX_WORD.test(part) && !isScrambled(part)));
};

const isHexLine = (tokens: readonly string[]): boolean =>
  tokens.some((token) => token.length >= 5) && tokens.every((token) => /^(?:0x)?[0-9a-f]+$/i.test(token));

/**
 * The strictest mask, for text that no module reads and for lines that a module does not understand: what may name a secret takes the rest of
 * the line with it, and of the rest only words, numbers, addresses and names that programs make stay.
 */
export const withoutUnknown = (line: string): string => {
  const known = withoutSecrets(line);
  const labelled = LABEL.exec(known);
  const [, label = '', secret = ''] = labelled ?? [];
  const isPublic = PUBLIC.test(label.replace(/["'\s:=]+$/, ''));
  if (!labelled || isPublic) return words(known);
  const algorithm = /(?:auth-trunc|auth|enc|aead|comp|[EA]:)\s*$/.test(label)
    ? ALGORITHM_NAME.exec(secret)?.[0]
    : undefined;
  return `${words(label)}${algorithm === undefined ? '' : `${algorithm} `}${MASKED}`;
};

const words = (text: string): string => {
  const [, label, key, rest = ''] = PUBLIC_KEY.exec(text) ?? [];
  return label === undefined ? plainWords(text) : `${plainWords(label)}${key}${plainWords(rest)}`;
};

const plainWords = (text: string): string => {
  if (isHexLine(text.trim().split(/\s+/))) return text.replace(/\S+/g, (token) => (token.length >= 5 ? MASKED : token));
  return text.replace(TOKEN, (token) => (isKnown(token) ? token : MASKED));
};
