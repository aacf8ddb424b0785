/** What the first bytes say that a stream is. */
export type Form = 'gzip' | 'xz' | 'bzip2' | 'zstd' | 'zip' | 'tar' | 'pgp' | 'text' | 'binary' | 'empty';

/** Bytes that `formOf` wants to see: a tar header is one block. */
export const HEAD_BYTES = 512;

const starts = (head: Buffer, ...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);

/** RFC 1952; the .xz format 1.2; bzip2's block header; RFC 8878; APPNOTE.TXT; POSIX pax; RFC 9580. */
export const formOf = (head: Buffer): Form => {
  // An empty tar is two blocks of zeros.
  if (head.every((byte) => byte === 0)) return 'empty';
  if (starts(head, 0x1f, 0x8b, 0x08)) return 'gzip';
  if (starts(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (starts(head, 0x42, 0x5a, 0x68) && isBzip2Block(head)) return 'bzip2';
  // A skippable frame may come first.
  if (starts(head, 0x28, 0xb5, 0x2f, 0xfd) || ((head[0] ?? 0) >> 4 === 5 && starts(head.subarray(1), 0x2a, 0x4d, 0x18)))
    return 'zstd';
  if (
    starts(head, 0x50, 0x4b) &&
    (starts(head.subarray(2), 3, 4) || starts(head.subarray(2), 5, 6) || starts(head.subarray(2), 7, 8))
  )
    return 'zip';
  if (isTar(head)) return 'tar';
  if (isPgp(head)) return 'pgp';
  return isText(head) ? 'text' : 'binary';
};

const isBzip2Block = (head: Buffer): boolean => {
  const size = head[3] ?? 0;
  if (size < 0x31 || size > 0x39) return false;
  // A block's magic is pi's digits, an empty stream's that of the square root of pi.
  return starts(head.subarray(4), 0x31, 0x41, 0x59) || starts(head.subarray(4), 0x17, 0x72, 0x45);
};

/** The header's checksum holds: old tars have no magic word, and their names may begin with anything. */
const isTar = (head: Buffer): boolean => {
  if (head.length < HEAD_BYTES) return false;
  const told = Number.parseInt(
    head
      .toString('latin1', 148, 156)
      .replace(/[^0-7]+/g, ' ')
      .trim(),
    8,
  );
  if (Number.isNaN(told)) return false;
  let sum = 8 * 0x20;
  for (let i = 0; i < HEAD_BYTES; i += 1) if (i < 148 || i >= 156) sum += head[i] ?? 0;
  return told === sum;
};

/** ASCII armour, or the first packet of an encrypted message (old and new packet format, tags 1 and 3) of a sane length. */
const isPgp = (head: Buffer): boolean => {
  if (head.toString('latin1', 0, 27) === '-----BEGIN PGP MESSAGE-----') return true;
  const [tag = 0, first = 0, second = 0] = head;
  if (tag === 0x85) return (first === 1 || first === 2) && head[3] === 3;
  if (tag === 0x84) return second === 3;
  if (tag === 0x8c) return first >= 4 && (second === 4 || second === 5);
  if (tag === 0xc1) return first < 0xc0 ? second === 3 || second === 6 : head[3] === 3 || head[3] === 6;
  return tag === 0xc3 && first < 0xc0 && second >= 4 && second <= 6;
};

const isText = (head: Buffer): boolean => {
  if (starts(head, 0xff, 0xfe) || starts(head, 0xfe, 0xff)) return true;
  let odd = 0;
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) odd += 1;
  // A text with some zero bytes in it is still one; a program is not.
  return odd * 10 <= head.length;
};
