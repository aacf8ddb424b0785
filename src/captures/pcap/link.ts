import { macText } from './addresses.ts';
import { arp } from './arp.ts';
import type { CaptureRecord } from './capture-record.ts';
import type { Cursor } from './cursor.ts';

/** tcpdump.org/linktypes.html; 12 and 14 are DLT_RAW of Linux and OpenBSD, written into files by old libpcaps. */
const NULL = 0;
const ETHERNET = 1;
const RAW: ReadonlySet<number> = new Set([12, 14, 101, 228, 229]);
const LOOP = 108;
const COOKED = 113;
const COOKED_2 = 276;

const READ: ReadonlySet<number> = new Set([NULL, ETHERNET, LOOP, COOKED, COOKED_2, ...RAW]);
export const isReadLinkType = (type: number): boolean => READ.has(type);
/** Captures of `-i any` have these: the device is no capture's but each packet's. */
export const isCooked = (type: number): boolean => type === COOKED || type === COOKED_2;

/** include/uapi/linux/if_ether.h. */
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const VLANS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const MPLS: ReadonlySet<number> = new Set([0x8847, 0x8848]);
/** Below it the field is a length (IEEE 802.3). */
const ETHERTYPES = 0x600;

/** AF_INET6 of Linux, NetBSD, FreeBSD and macOS. */
const INET6: ReadonlySet<number> = new Set([10, 24, 28, 30]);
const INET = 2;

/** sll(4): what the kernel says of the way (if_packet.h PACKET_HOST …). */
const WAYS = ['in', 'broadcast', 'multicast', 'other', 'out'] as const;

export const link = (c: Cursor, record: CaptureRecord): void => {
  const { linkType } = record;
  if (linkType === ETHERNET) ethernet(c);
  else if (linkType === COOKED) cooked(c);
  else if (linkType === COOKED_2) cooked2(c);
  else if (RAW.has(linkType)) c.follow('ip', 0, 0);
  else if (linkType === NULL || linkType === LOOP) loopback(c, linkType === LOOP);
  else c.stop();
};

export const ethernet = (c: Cursor): void => {
  if (!c.has(14)) {
    c.stop();
    return;
  }
  c.layer.dstMac = macText(c.bytes, c.at);
  c.layer.srcMac = macText(c.bytes, c.at + 6);
  const type = c.u16(12);
  c.follow(type < ETHERTYPES ? 'end' : 'payload', type, 14);
};

/** The header of LINKTYPE_LINUX_SLL, 16 bytes. */
const cooked = (c: Cursor): void => {
  if (!c.has(16)) {
    c.stop();
    return;
  }
  c.draft.direction = WAYS[c.u16(0)] ?? '';
  if (c.u16(4) === 6) c.layer.srcMac = macText(c.bytes, c.at + 6);
  c.follow('payload', c.u16(14), 16);
};

/** The header of LINKTYPE_LINUX_SLL2, 20 bytes. */
const cooked2 = (c: Cursor): void => {
  if (!c.has(20)) {
    c.stop();
    return;
  }
  c.draft.direction = WAYS[c.u8(10)] ?? '';
  c.draft.ifindex = c.u32(4);
  if (c.u8(11) === 6) c.layer.srcMac = macText(c.bytes, c.at + 12);
  c.follow('payload', c.u16(0), 20);
};

/** The address family, in the byte order of the machine that captured (DLT_NULL) or of networks (DLT_LOOP). */
const loopback = (c: Cursor, network: boolean): void => {
  if (!c.has(4)) {
    c.stop();
    return;
  }
  const word = c.u32(0);
  const family = !network && word > 0xffff ? c.bytes.readUInt32LE(c.at) : word;
  c.follow(family === INET || INET6.has(family) ? 'ip' : 'end', 0, 4);
};

/** What an ethertype announces. */
export const payload = (c: Cursor): void => {
  const { type } = c;
  if (type === IPV4 || type === IPV6) c.follow('ip', 0, 0);
  else if (type === ARP) arp(c);
  else if (VLANS.has(type) && c.has(4)) {
    // The outer tag is the one that a network device is configured with.
    if (c.layer.vlan < 0) c.layer.vlan = c.u16(0) & 0xfff;
    const inside = c.u16(2);
    c.follow(inside < ETHERTYPES ? 'end' : 'payload', inside, 4);
  } else if (MPLS.has(type)) mpls(c);
  else c.stop();
};

/** RFC 3032: labels down to the bottom of the stack, then the packet. */
const mpls = (c: Cursor): void => {
  for (; c.has(4); c.at += 4)
    if ((c.u8(2) & 1) !== 0) {
      c.at += 4;
      const version = c.has(1) ? c.u8(0) >> 4 : 0;
      if ((version === 4 || version === 6) && c.enter()) c.follow('ip', 0, 0);
      else c.stop();
      return;
    }
  c.stop();
};
