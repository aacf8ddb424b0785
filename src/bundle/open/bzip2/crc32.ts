const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** bzip2's checksum: the polynomial of Ethernet's, the highest bit first, which zlib's crc32 does not do. */
export const crc32 = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1)
    crc = (crc << 8) ^ (TABLE[((crc >>> 24) ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
};

/** A stream's checksum behind one more block. */
export const joinedCrc = (stream: number, block: number): number => (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
