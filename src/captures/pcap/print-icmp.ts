import type { PacketLayer } from '../../tables/packet-layer.ts';

/** The part behind the address of an unreachable that only its code tells (print-icmp.c unreach2str). */
const REASONS: Readonly<Record<number, string>> = {
  5: 'source route failed',
  6: 'unknown',
  7: 'unknown',
  8: 'source host isolated',
  9: 'admin prohibited',
  10: 'admin prohibited',
  11: 'tos prohibited',
  12: 'tos prohibited',
  13: 'admin prohibited filter',
  14: 'host precedence violation',
  15: 'precedence cutoff',
};
const NETS: ReadonlySet<number> = new Set([0, 6, 9, 11]);
const BARE: ReadonlySet<number> = new Set([5, 8]);

const UNREACHABLE = 3;
const REDIRECT = 5;
const TIME_EXCEEDED = 11;

/** What stands between `ICMP ` and the length (print-icmp.c). */
export const printIcmp = (layer: PacketLayer, bytes: Buffer, at: number, end: number): string => {
  if (layer.icmp === undefined || at + 8 > end) return '[|icmp]';
  if (layer.icmpId >= 0) return `${layer.icmp}, id ${layer.icmpId}, seq ${layer.icmpSeq}`;
  const [type, code] = [bytes[at], bytes[at + 1] as number];
  const about = layer.aboutAddress;
  if (type === UNREACHABLE && about !== undefined) return unreachable(layer, about, code);
  if (type === REDIRECT && about !== undefined)
    return `redirect ${about} to ${code === 0 || code === 2 ? 'net' : 'host'} ${[...bytes.subarray(at + 4, at + 8)].join('.')}`;
  if (type === TIME_EXCEEDED) return code === 1 ? 'ip reassembly time exceeded' : 'time exceeded in-transit';
  return layer.icmp;
};

const unreachable = (layer: PacketLayer, about: string, code: number): string => {
  if (code === 2) return `${about} protocol ${layer.aboutProto} unreachable`;
  if (code === 3)
    return /^\d/.test(layer.aboutProto ?? '')
      ? `${about} protocol ${layer.aboutProto} port ${Math.max(layer.aboutPort, 0)} unreachable`
      : `${about} ${layer.aboutProto} port ${Math.max(layer.aboutPort, 0)} unreachable`;
  if (code === 4) return `${about} unreachable - need to frag${layer.mtu > 0 ? ` (mtu ${layer.mtu})` : ''}`;
  const reason = REASONS[code];
  const what = BARE.has(code) ? '' : NETS.has(code) ? 'net ' : 'host ';
  return `${what}${about} unreachable${reason === undefined ? '' : ` - ${reason}`}`;
};

/** The same of ICMPv6 (print-icmp6.c). */
export const printIcmp6 = (layer: PacketLayer, bytes: Buffer, at: number, end: number): string => {
  if (layer.icmp === undefined || at + 8 > end) return '[|icmp6]';
  if (layer.icmpId >= 0) return `${layer.icmp}, id ${layer.icmpId}, seq ${layer.icmpSeq}`;
  const [type, code] = [bytes[at], bytes[at + 1] as number];
  const about = layer.aboutAddress;
  if (layer.arpOp === 'request') return `${layer.icmp}, who has ${about}`;
  if (layer.arpOp === 'reply') return `${layer.icmp}, tgt is ${about}`;
  if (type === 1) return unreachable6(layer, about, code);
  if (type === 2) return `packet too big, mtu ${Math.max(layer.mtu, 0)}`;
  if (type === 143) return `${layer.icmp}, ${bytes.readUInt16BE(at + 6)} group record(s)`;
  if (type === 3)
    return code === 0
      ? `time exceeded in-transit${about === undefined ? '' : ` for ${about}`}`
      : 'ip reassembly time exceeded';
  return layer.icmp;
};

const unreachable6 = (layer: PacketLayer, about: string | undefined, code: number): string => {
  const what = (word: string): string => `destination unreachable, ${word}${about === undefined ? '' : ` ${about}`}`;
  if (code === 0) return what('unreachable route');
  if (code === 1) return what('unreachable prohibited');
  if (code === 2) return what('beyond scope');
  if (code === 3) return what('unreachable address');
  if (code === 4)
    return `${what('unreachable port,')} ${/^\d/.test(layer.aboutProto ?? '') ? `protocol ${layer.aboutProto}` : (layer.aboutProto ?? '')} port ${Math.max(layer.aboutPort, 0)}`;
  return `destination unreachable, unknown unreach code (${code})`;
};
