/** One packet of a capture file, for files in other forms. */
export interface FileRecord {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly wire: number;
  readonly data: Buffer;
}

/** The packets of a little-endian libpcap file. */
export const recordsOf = (bytes: Buffer): readonly FileRecord[] => {
  const scale = bytes.readUInt32LE(0) === 0xa1b23c4d ? 1 : 1000;
  const records: FileRecord[] = [];
  for (let at = 24; at < bytes.length; ) {
    const captured = bytes.readUInt32LE(at + 8);
    records.push({
      seconds: bytes.readUInt32LE(at),
      nanoseconds: bytes.readUInt32LE(at + 4) * scale,
      wire: bytes.readUInt32LE(at + 12),
      data: bytes.subarray(at + 16, at + 16 + captured),
    });
    at += 16 + captured;
  }
  return records;
};

const words = (big: boolean, ...values: readonly number[]): Buffer => {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    if (big) out.writeUInt32BE(value, 4 * i);
    else out.writeUInt32LE(value, 4 * i);
  });
  return out;
};

const halves = (big: boolean, ...values: readonly number[]): Buffer => {
  const out = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => {
    if (big) out.writeUInt16BE(value, 2 * i);
    else out.writeUInt16LE(value, 2 * i);
  });
  return out;
};

export const asPcap = (
  records: readonly FileRecord[],
  { big, nano, linkType }: { readonly big: boolean; readonly nano: boolean; readonly linkType: number },
): Buffer =>
  Buffer.concat([
    words(big, nano ? 0xa1b23c4d : 0xa1b2c3d4),
    halves(big, 2, 4),
    words(big, 0, 0, 262144, linkType),
    ...records.flatMap(({ seconds, nanoseconds, wire, data }) => [
      words(big, seconds, nano ? nanoseconds : Math.floor(nanoseconds / 1000), data.length, wire),
      data,
    ]),
  ]);

export type Block =
  | { readonly interface: { readonly linkType: number; readonly name: string; readonly resolution: number } }
  | { readonly record: FileRecord; readonly on: number; readonly flags: number; readonly comment: string };

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

const option = (big: boolean, code: number, value: Buffer): Buffer =>
  Buffer.concat([halves(big, code, value.length), padded(value)]);

export const pcapngBlock = (type: number, body: Buffer, big: boolean): Buffer => {
  const content = padded(body);
  return Buffer.concat([words(big, type, content.length + 12), content, words(big, content.length + 12)]);
};

const ticksOf = ({ seconds, nanoseconds }: FileRecord, resolution: number): bigint => {
  const units = (resolution & 0x80) === 0 ? 10n ** BigInt(resolution) : 2n ** BigInt(resolution & 0x7f);
  return BigInt(seconds) * units + (BigInt(nanoseconds) * units) / 1_000_000_000n;
};

/** One section. */
export const asPcapng = (blocks: readonly Block[], big: boolean): Buffer => {
  const resolutions: number[] = [];
  const parts = [
    pcapngBlock(
      0x0a0d0d0a,
      Buffer.concat([words(big, 0x1a2b3c4d), halves(big, 1, 0), words(big, 0xffffffff, 0xffffffff)]),
      big,
    ),
  ];
  for (const block of blocks)
    if ('interface' in block) {
      const { linkType, name, resolution } = block.interface;
      resolutions.push(resolution);
      const options = [option(big, 2, Buffer.from(name)), option(big, 9, Buffer.of(resolution)), words(big, 0)];
      parts.push(pcapngBlock(1, Buffer.concat([halves(big, linkType, 0), words(big, 0), ...options]), big));
    } else {
      const { record, on, flags, comment } = block;
      const ticks = ticksOf(record, resolutions[on] ?? 6);
      const head = words(big, on, Number(ticks >> 32n), Number(ticks & 0xffffffffn), record.data.length, record.wire);
      const options = [
        ...(comment === '' ? [] : [option(big, 1, Buffer.from(comment))]),
        ...(flags === 0 ? [] : [option(big, 2, words(big, flags))]),
      ];
      const end = options.length === 0 ? [] : [...options, words(big, 0)];
      parts.push(pcapngBlock(6, Buffer.concat([head, padded(record.data), ...end]), big));
    }
  return Buffer.concat(parts);
};

export const udp = (source: number, target: number, payload: Buffer): Buffer =>
  Buffer.concat([halves(true, source, target, 8 + payload.length, 0), payload]);

const address = (text: string): Buffer => Buffer.from(text.split('.').map(Number));

export const ipv4 = (protocol: number, payload: Buffer, source: string, target: string): Buffer => {
  const head = Buffer.concat([
    Buffer.from([0x45, 0]),
    halves(true, 20 + payload.length, 1, 0),
    Buffer.from([64, protocol, 0, 0]),
    address(source),
    address(target),
  ]);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += head.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  head.writeUInt16BE(sum ^ 0xffff, 10);
  return Buffer.concat([head, payload]);
};

export const ethernetFrame = (type: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from('02000000000a02000000000b', 'hex'), halves(true, type), payload]);
