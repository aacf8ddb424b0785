import { numberToIpv4 } from '../../tables/address.ts';
import type { Endpoint, PacketDraft, PacketLayer } from '../../tables/packet-layer.ts';
import type { CaptureRecord } from './capture-record.ts';
import type { Cursor } from './cursor.ts';
import { printExtensions } from './print-extensions.ts';
import { printIcmp, printIcmp6 } from './print-icmp.ts';
import { printTcp } from './print-tcp.ts';

/** print-sll.c sll_pkttype_values. */
const WAYS: Readonly<Record<Exclude<PacketDraft['direction'], ''>, string>> = {
  in: 'In',
  out: 'Out',
  broadcast: 'B',
  multicast: 'M',
  other: 'P',
};

/** A decoded packet on one line, as `tcpdump -nn -tttt` prints it in UTC; a packet inside follows on the same line. */
export const printPacket = (record: CaptureRecord, cursor: Cursor): string => {
  const { draft } = cursor;
  const before = [timeText(record)];
  const device = draft.device !== '' ? draft.device : draft.ifindex > 0 ? `ifindex ${draft.ifindex}` : '';
  if (device !== '') before.push(device);
  if (draft.direction !== '') before.push(WAYS[draft.direction]);
  const comment = record.comment === '' ? '' : ` (${record.comment})`;
  return `${before.filter((part) => part !== '').join(' ')} ${layerText(cursor, 0, record)}${comment}`;
};

const timeText = ({ seconds, nanoseconds }: CaptureRecord): string => {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return '';
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}.${String(Math.floor(nanoseconds / 1000)).padStart(6, '0')}`;
};

const addressText = (end: Endpoint): string => (end.family === 4 ? numberToIpv4(end.number) : end.text);
const endText = (end: Endpoint): string => (end.port >= 0 ? `${addressText(end)}.${end.port}` : addressText(end));

const layerText = (c: Cursor, row: number, record: CaptureRecord): string => {
  const layer = c.draft.layers[row] as PacketLayer;
  if (layer.proto === 'arp') return `ARP, ${arpText(layer)}, length ${wireLength(c, row)}`;
  if (layer.src.family === 0) return unknownText(layer, c, row, record);
  const name = layer.family === 6 ? 'IP6' : 'IP';
  const extensions = layer.family === 6 ? printExtensions(c, row) : '';
  return `${name} ${endText(layer.src)} > ${endText(layer.dst)}: ${extensions}${bodyText(c, row, record)}`;
};

const unknownText = (layer: PacketLayer, c: Cursor, row: number, record: CaptureRecord): string => {
  const macs = layer.srcMac !== undefined && layer.dstMac !== undefined ? `${layer.srcMac} > ${layer.dstMac}, ` : '';
  const inside = insideText(c, row, record, '');
  return `${macs}length ${row === 0 ? record.wire : wireLength(c, row)}${inside === '' ? '' : `: ${inside}`}`;
};

const wireLength = (c: Cursor, row: number): number => (c.headerWireEnd[row] as number) - (c.headerAt[row] as number);

const arpText = (layer: PacketLayer): string => {
  if (layer.arpOp === 'request') return `Request who-has ${layer.aboutAddress} tell ${addressText(layer.src)}`;
  return layer.arpOp === 'reply' ? `Reply ${layer.aboutAddress} is-at ${layer.arpMac}` : '[|arp]';
};

const insideText = (c: Cursor, row: number, record: CaptureRecord, joint: string): string =>
  row + 1 < c.draft.depth ? `${joint}${layerText(c, row + 1, record)}` : '';

const hex = (value: number): string => value.toString(16).padStart(8, '0');

const bodyText = (c: Cursor, row: number, record: CaptureRecord): string => {
  const layer = c.draft.layers[row] as PacketLayer;
  const { bytes } = c;
  const at = c.headerAt[row] as number;
  const end = c.headerEnd[row] as number;
  switch (layer.proto) {
    case 'tcp':
      return printTcp(layer, bytes, at, end);
    case 'udp':
      return layer.length < 0 ? ' [|udp]' : `UDP, length ${layer.length}`;
    case 'icmp':
      return `ICMP ${printIcmp(layer, bytes, at, end)}, length ${wireLength(c, row)}`;
    case 'icmp6':
    case 'nd':
      return `ICMP6, ${printIcmp6(layer, bytes, at, end)}, length ${wireLength(c, row)}`;
    case 'esp':
      return `${layer.src.port >= 0 ? 'UDP-encap: ' : ''}ESP(spi=0x${hex(layer.spi)},seq=0x${layer.espSeq.toString(16)}), length ${layer.length}`;
    case 'ah':
      return `AH(spi=0x${hex(layer.spi)},seq=0x${layer.espSeq.toString(16)})`;
    case 'gre':
      return `GREv${(bytes[at + 1] ?? 0) & 7}${greKey(bytes, at, end)}, length ${layer.length}${insideText(c, row, record, ': ')}`;
    case 'ipip':
      return insideText(c, row, record, '');
    case 'vxlan':
      return `VXLAN, flags [I] (0x08), vni ${layer.vni}${insideText(c, row, record, ' ')}`;
    case 'geneve':
      return `Geneve, Flags [${geneveFlags(bytes[at + 9] ?? 0)}], vni 0x${layer.vni.toString(16)}${insideText(c, row, record, ': ')}`;
    default:
      if (layer.number < 0 || (layer.family === 6 && layer.proto === 'fragment')) return '';
      return layer.proto === 'sctp' ? 'sctp' : ` ip-proto-${layer.number}`;
  }
};

const geneveFlags = (flags: number): string => {
  const letters = `${(flags & 0x80) === 0 ? '' : 'O'}${(flags & 0x40) === 0 ? '' : 'C'}`;
  return letters === '' ? 'none' : letters;
};

/** RFC 2890: behind the checksum where there is one. */
const greKey = (bytes: Buffer, at: number, end: number): string => {
  const flags = bytes.readUInt16BE(at);
  const key = at + ((flags & 0x8000) === 0 ? 4 : 8);
  return (flags & 0x2000) === 0 || key + 4 > end ? '' : `, key=0x${bytes.readUInt32BE(key).toString(16)}`;
};
