import type { PacketLayer } from '../../tables/packet-layer.ts';

/** TCP's options (IANA), of which tcpdump prints the values. */
const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMP = 8;

/** A TCP header as print-tcp.c prints it: numbers as the layer holds them, window and options from the header's bytes. */
export const printTcp = (layer: PacketLayer, bytes: Buffer, at: number, end: number): string => {
  if (at + 20 > end || layer.length < 0) return ' [|tcp]';
  const parts = [`Flags [${layer.flags === '' ? 'none' : layer.flags}]`];
  if (layer.seq >= 0)
    parts.push(layer.length > 0 ? `seq ${layer.seq}:${(layer.seq + layer.length) >>> 0}` : `seq ${layer.seq}`);
  if (layer.ack >= 0) parts.push(`ack ${layer.ack}`);
  parts.push(`win ${bytes.readUInt16BE(at + 14)}`);
  if (layer.flags.includes('U')) parts.push(`urg ${bytes.readUInt16BE(at + 18)}`);
  const header = ((bytes[at + 12] as number) >> 4) * 4;
  const first = layer.ack >= 0 ? (bytes.readUInt32BE(at + 8) - layer.ack) >>> 0 : 0;
  const options = optionsOf(bytes, at + 20, Math.min(at + header, end), first);
  if (header > 20) parts.push(`options [${options.join(',')}${at + header > end ? '[|tcp]' : ''}]`);
  return `${parts.join(', ')}, length ${layer.length}`;
};

/** `first` is what acknowledged numbers count from. */
const optionsOf = (bytes: Buffer, begin: number, end: number, first: number): readonly string[] => {
  const found: string[] = [];
  for (let at = begin; at < end; ) {
    const kind = bytes[at] as number;
    if (kind === END || kind === NOP) {
      found.push(kind === END ? 'eol' : 'nop');
      if (kind === END) break;
      at += 1;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] as number) : 0;
    if (length < 2 || at + length > end) break;
    found.push(optionText(bytes, at, kind, length, first));
    at += length;
  }
  return found;
};

const optionText = (bytes: Buffer, at: number, kind: number, length: number, first: number): string => {
  if (kind === MSS && length === 4) return `mss ${bytes.readUInt16BE(at + 2)}`;
  if (kind === WINDOW_SCALE && length === 3) return `wscale ${bytes[at + 2]}`;
  if (kind === SACK_PERMITTED) return 'sackOK';
  if (kind === TIMESTAMP && length === 10)
    return `TS val ${bytes.readUInt32BE(at + 2)} ecr ${bytes.readUInt32BE(at + 6)}`;
  if (kind === SACK && length >= 10 && length % 8 === 2) {
    const edge = (from: number): number => (bytes.readUInt32BE(from) - first) >>> 0;
    const blocks = Array.from({ length: (length - 2) / 8 }, (_, i) => at + 2 + 8 * i);
    return `sack ${blocks.length} ${blocks.map((from) => `{${edge(from)}:${edge(from + 4)}}`).join('')}`;
  }
  return `unknown-${kind}${length > 2 ? ` 0x${bytes.toString('hex', at + 2, at + length)}` : ''}`;
};
