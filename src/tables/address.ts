/**
 * IP addresses and prefixes as canonical text (dotted quad; RFC 5952 for IPv6, zone dropped), so that `===` compares them and a Map can hold them.
 * Their numbers are worked out once and remembered.
 */

export type Family = 4 | 6;

/** An address or network as 32-bit words, most significant first: one for IPv4, four for IPv6. */
interface Parsed {
  readonly family: Family;
  readonly words: readonly number[];
}
interface ParsedPrefix extends Parsed {
  readonly length: number;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The address as an unsigned 32-bit number; undefined where the text is no dotted quad. Leading zeros are refused, as inet_pton(3) does. */
export const ipv4ToNumber = (text: string): number | undefined => {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      if (digits > 0 && part === 0) return undefined;
      part = part * 10 + (code - 48);
      if (part > 255) return undefined;
      digits += 1;
    } else if (code === 46 && digits > 0 && dots < 3) {
      // Whole numbers of 32 bits until the end: sums beyond them are slower.
      value = (value << 8) | part;
      part = 0;
      digits = 0;
      dots += 1;
    } else return undefined;
  }
  return dots === 3 && digits > 0 ? ((value << 8) | part) >>> 0 : undefined;
};

export const numberToIpv4 = (value: number): string =>
  `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;

const parseIpv6Words = (text: string): number[] | undefined => {
  const zone = text.indexOf('%');
  let body = zone >= 0 ? text.slice(0, zone) : text;
  const lastColon = body.lastIndexOf(':');
  if (lastColon < 0) return undefined;
  if (body.includes('.')) {
    const v4 = ipv4ToNumber(body.slice(lastColon + 1));
    if (v4 === undefined) return undefined;
    body = `${body.slice(0, lastColon + 1)}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`;
  }
  const halves = body.split('::');
  if (halves.length > 2) return undefined;
  const groups = (half: string): number[] | undefined => {
    if (half === '') return [];
    const out: number[] = [];
    for (const group of half.split(':')) {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      out.push(Number.parseInt(group, 16));
    }
    return out;
  };
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const words: number[] = [];
  for (let i = 0; i < 8; i += 2) words.push((((all[i] ?? 0) << 16) | (all[i + 1] ?? 0)) >>> 0);
  return words;
};

const formatIpv6 = (words: readonly number[]): string => {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return `::ffff:${numberToIpv4(words[3] ?? 0)}`;
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i += 1) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n += 1;
    if (n > bestLength) {
      best = i;
      bestLength = n;
    }
  }
  const hex = (part: number[]) => part.map((g) => g.toString(16)).join(':');
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
};

const addresses = new Map<string, Parsed | null>();
const prefixes = new Map<string, ParsedPrefix | null>();
const REMEMBERED = 200_000;

const remember = <T>(map: Map<string, T | null>, key: string, value: T | null): T | undefined => {
  if (map.size >= REMEMBERED) map.clear();
  map.set(key, value);
  return value ?? undefined;
};

const parse = (text: string): Parsed | undefined => {
  const known = addresses.get(text);
  if (known !== undefined) return known ?? undefined;
  const v4 = IPV4.test(text) ? ipv4ToNumber(text) : undefined;
  if (v4 !== undefined) return remember(addresses, text, { family: 4, words: [v4] });
  const words = text.includes(':') ? parseIpv6Words(text) : undefined;
  return remember(addresses, text, words ? { family: 6, words } : null);
};

/** The canonical text of an address, or undefined where the text is none. */
export const canonicalAddress = (text: string): string | undefined => {
  const v4 = ipv4ToNumber(text);
  if (v4 !== undefined) return numberToIpv4(v4);
  const parsed = parse(text);
  if (!parsed) return undefined;
  return parsed.family === 4 ? numberToIpv4(parsed.words[0] ?? 0) : formatIpv6(parsed.words);
};

/** 4 or 6; undefined where the text is no address. */
export const addressFamily = (text: string): Family | undefined => parse(text)?.family;

const maskWord = (word: number, bits: number): number =>
  bits <= 0 ? 0 : bits >= 32 ? word : (word & (~0 << (32 - bits))) >>> 0;

/** Length of a prefix given as `24` or as a contiguous netmask `255.255.255.0`. */
export const prefixLengthOf = (text: string, family: Family): number | undefined => {
  if (/^\d{1,3}$/.test(text)) {
    const n = Number(text);
    return n <= (family === 4 ? 32 : 128) ? n : undefined;
  }
  const mask = parse(text);
  if (!mask || mask.family !== family) return undefined;
  let length = 0;
  let ended = false;
  for (const word of mask.words)
    for (let bit = 31; bit >= 0; bit -= 1) {
      if ((word >>> bit) & 1) {
        if (ended) return undefined;
        length += 1;
      } else ended = true;
    }
  return length;
};

const parsePrefix = (text: string): ParsedPrefix | undefined => {
  const known = prefixes.get(text);
  if (known !== undefined) return known ?? undefined;
  const slash = text.indexOf('/');
  const address = parse(slash < 0 ? text : text.slice(0, slash));
  const length =
    address && (slash < 0 ? (address.family === 4 ? 32 : 128) : prefixLengthOf(text.slice(slash + 1), address.family));
  if (!address || length === undefined) return remember(prefixes, text, null);
  return remember(prefixes, text, {
    family: address.family,
    length,
    words: address.words.map((word, i) => maskWord(word, length - 32 * i)),
  });
};

/** Length of a dotted quad's prefix, 32 where it stands alone; undefined for all that is written in another way. Nearly all prefixes are read here, without being remembered. */
const ipv4Length = (text: string, slash: number): number | undefined => {
  if (slash < 0) return 32;
  const first = text.charCodeAt(slash + 1) - 48;
  const second = text.charCodeAt(slash + 2) - 48;
  const digits = text.length - slash - 1;
  if (!(first >= 0 && first <= 9) || digits > 2) return undefined;
  if (digits === 1) return first;
  const length = first * 10 + second;
  return second >= 0 && second <= 9 && length <= 32 ? length : undefined;
};

const ipv4OfPrefix = (text: string, slash: number): number | undefined =>
  ipv4ToNumber(slash < 0 ? text : text.slice(0, slash));

/** `10.1.2.3/8` → `10.0.0.0/8`; a bare address becomes a /32 or /128. Netmasks are understood. Undefined where the text is no prefix. */
export const canonicalPrefix = (text: string): string | undefined => {
  const slash = text.indexOf('/');
  const v4 = ipv4OfPrefix(text, slash);
  const bits = v4 === undefined ? undefined : ipv4Length(text, slash);
  if (v4 !== undefined && bits !== undefined) return `${numberToIpv4(maskWord(v4, bits))}/${bits}`;
  const parsed = parsePrefix(text);
  if (!parsed) return undefined;
  return `${parsed.family === 4 ? numberToIpv4(parsed.words[0] ?? 0) : formatIpv6(parsed.words)}/${parsed.length}`;
};

export const prefixFamily = (prefix: string): Family | undefined => parsePrefix(prefix)?.family;
export const prefixLength = (prefix: string): number | undefined => {
  const slash = prefix.indexOf('/');
  const bits = ipv4OfPrefix(prefix, slash) === undefined ? undefined : ipv4Length(prefix, slash);
  return bits ?? parsePrefix(prefix)?.length;
};

/** Whether the prefix (or single address) holds the address. False where either is unreadable or the families differ. */
export const prefixContains = (prefix: string, address: string): boolean => {
  const net = parsePrefix(prefix);
  const host = parse(address);
  if (!net || !host || net.family !== host.family) return false;
  return net.words.every((word, i) => maskWord(host.words[i] ?? 0, net.length - 32 * i) === word);
};

/** Order of two addresses of one family: negative, zero, positive. */
export const compareAddresses = (a: string, b: string): number => {
  const left = parse(a);
  const right = parse(b);
  if (!left || !right || left.family !== right.family) return a < b ? -1 : a > b ? 1 : 0;
  for (let i = 0; i < left.words.length; i += 1) {
    const difference = (left.words[i] ?? 0) - (right.words[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** The 32-bit words of an address: one for IPv4, four for IPv6. */
export const addressWords = (address: string): readonly number[] | undefined => parse(address)?.words;

/** And back: one word is IPv4, four are IPv6. */
export const wordsToAddress = (words: readonly number[]): string | undefined =>
  words.length === 1
    ? numberToIpv4(words[0] ?? 0)
    : canonicalAddress(words.flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)]).join(':'));

/** What an address begins with: so many bits of IPv4's only word, or of IPv6's first. */
const beginsWith = (address: string, v4Bits: number, v4: number, v6Bits: number, v6: number): boolean => {
  const number = ipv4ToNumber(address);
  if (number !== undefined) return number >>> (32 - v4Bits) === v4;
  const words = parse(address)?.words;
  return words?.length === 4 && (words[0] ?? 0) >>> (32 - v6Bits) === v6;
};

/** 127.0.0.0/8 and ::1. */
export const isLoopback = (address: string): boolean => {
  const number = ipv4ToNumber(address);
  return number === undefined ? canonicalAddress(address) === '::1' : number >>> 24 === 127;
};
/** 224.0.0.0/4 and ff00::/8. */
export const isMulticast = (address: string): boolean => beginsWith(address, 4, 0xe, 8, 0xff);
/** 169.254.0.0/16 and fe80::/10. */
export const isLinkLocal = (address: string): boolean => beginsWith(address, 16, 0xa9fe, 10, 0x3fa);
export const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** Networks that are not routed on the internet: RFC 1918, RFC 6598 (shared), RFC 4193 (fc00::/7). */
const PRIVATE: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
export const isPrivate = (address: string): boolean => PRIVATE.some((prefix) => prefixContains(prefix, address));
