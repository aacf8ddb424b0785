import type { SeenPacket } from '../../src/evidence/observation.ts';
import type { Packet } from '../../src/path/packet.ts';
import type { PacketView } from '../../src/records/packet.ts';

/** A TCP packet of the walk. */
export const tcpPacket = (
  src: string,
  sport: number | undefined,
  dst: string,
  dport: number | undefined,
  tcp: Packet['tcp'],
  more: Partial<Packet> = {},
): Packet => ({
  family: src.includes(':') ? 6 : 4,
  proto: 'tcp',
  src,
  dst,
  sport,
  dport,
  icmp: undefined,
  tcp,
  mark: 0,
  ttl: 64,
  length: 60,
  df: true,
  spi: undefined,
  vni: undefined,
  inner: undefined,
  ...more,
});

/** The ESP packet around another. */
export const espPacket = (src: string, dst: string, spi: number, inner: Packet): Packet =>
  tcpPacket(src, undefined, dst, undefined, undefined, { proto: 'esp', spi, inner, length: 116, df: false });

const TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}):(\d{2}):(\d{2}\.\d+) (?:(\S+)\s+(In|Out)\s+)?IP6? /;
const ESP = /IP6? (\S+) > (\S+): ESP\(spi=0x([0-9a-f]+),seq=0x([0-9a-f]+)\)/;
const TCP = /IP6? (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[([^\]]+)\](?:, seq (\d+))?(?:.*?, ack (\d+))?.*length (\d+)/;

/** A line of a recorded tcpdump as a view; undefined where it is of no kind that the sample needs. */
export const viewOf = (file: string, line: number, text: string, device?: string): PacketView | undefined => {
  const time = TIME.exec(text);
  if (!time) return undefined;
  const base: PacketView = {
    source: { file, line },
    time: Date.parse(`${time[1]}T00:00:00Z`) / 1000 + Number(time[2]) * 3600 + Number(time[3]) * 60 + Number(time[4]),
    absolute: true,
    device: time[5] ?? device,
    direction: time[6] === 'In' ? 'in' : time[6] === 'Out' ? 'out' : undefined,
    family: 4,
    proto: 'other',
    src: undefined,
    dst: undefined,
    sport: undefined,
    dport: undefined,
    tcpFlags: undefined,
    seq: undefined,
    ack: undefined,
    length: undefined,
    ttl: undefined,
    ipId: undefined,
    df: undefined,
    spi: undefined,
    espSeq: undefined,
    vni: undefined,
    icmp: undefined,
    icmpId: undefined,
    icmpSeq: undefined,
    icmpAbout: undefined,
    mtu: undefined,
    arp: undefined,
    srcMac: undefined,
    dstMac: undefined,
    vlan: undefined,
    checksumBad: false,
    inner: undefined,
  };
  const esp = ESP.exec(text);
  if (esp)
    return {
      ...base,
      proto: 'esp',
      src: esp[1],
      dst: esp[2],
      spi: Number.parseInt(esp[3] ?? '', 16),
      espSeq: Number.parseInt(esp[4] ?? '', 16),
    };
  const tcp = TCP.exec(text);
  if (!tcp) return undefined;
  return {
    ...base,
    proto: 'tcp',
    src: tcp[1],
    sport: Number(tcp[2]),
    dst: tcp[3],
    dport: Number(tcp[4]),
    tcpFlags: tcp[5],
    seq: tcp[6] === undefined ? undefined : Number(tcp[6]),
    ack: tcp[7] === undefined ? undefined : Number(tcp[7]),
    length: Number(tcp[8]),
  };
};

/** A view as a packet of the flow. */
export const seen = (
  namespace: string,
  view: PacketView,
  leg: SeenPacket['leg'],
  step: number | undefined,
): SeenPacket => ({
  namespace,
  view,
  layer: view.proto === 'esp' ? undefined : view,
  leg,
  step,
  wrapping: view.proto === 'esp' ? 'esp' : 'plain',
});
