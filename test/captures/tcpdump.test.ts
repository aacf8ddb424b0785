import { describe, expect, test } from 'vitest';
import { moduleFor } from '../../src/captures/known-formats.ts';
import type { CaptureInput } from '../../src/captures/module.ts';
import type { Capture } from '../../src/records/capture.ts';
import type { PacketTable, PacketView } from '../../src/records/packet.ts';
import { fixture, inputFor, read } from './fixture.ts';

const capture = (text: string, over: Partial<CaptureInput> = {}): Capture => read('tcpdump', text, over);
const table = (from: Capture): PacketTable => {
  const { packets } = from.data;
  if (!packets) throw new Error('no packets');
  return packets;
};
const packets = (text: string, over: Partial<CaptureInput> = {}): PacketView[] => {
  const from = capture(text, over);
  expect(from.unreadLines).toEqual([]);
  const rows = table(from);
  return Array.from({ length: rows.count }, (_, row) => rows.packet(row));
};
const packet = (text: string, over: Partial<CaptureInput> = {}): PacketView => {
  const [first, ...rest] = packets(text, over);
  expect(rest).toEqual([]);
  if (!first) throw new Error('no packet');
  return first;
};

describe('one line, one packet', () => {
  test.each<[string, Partial<PacketView>]>([
    [
      '12:00:00.5 IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S.], seq 4294967295:4294967299, ack 7, win 1, options [mss 1460,mptcp 12 capable v1 flags [H] {0x1}], length 4: HTTP: x length 9',
      {
        family: 4,
        proto: 'tcp',
        src: '10.0.0.1',
        sport: 40000,
        dst: '10.0.0.2',
        dport: 80,
        tcpFlags: 'S.',
        seq: 4294967295,
        ack: 7,
        length: 4,
        time: 43200.5,
        absolute: false,
      },
    ],
    [
      'IP 10.0.0.1.1 > 10.0.0.2.2: Flags [R], cksum 0x1 (incorrect -> 0x2), seq 5, win 0, length 0',
      { tcpFlags: 'R', seq: 5, ack: undefined, checksumBad: true, time: undefined },
    ],
    [
      '1700000000.000001 IP 10.0.0.1.1 > 10.0.0.2.2: tcp 12',
      { proto: 'tcp', length: 12, time: 1700000000.000001, absolute: true },
    ],
    [
      '2026-11-20 00:00:01.250000000 IP6 FD00::0001.5 > fd00::2.53: [bad udp cksum 0x1 -> 0x2!] 7+ A? a. (20)',
      {
        family: 6,
        proto: 'udp',
        src: 'fd00::1',
        sport: 5,
        dst: 'fd00::2',
        dport: 53,
        checksumBad: true,
        time: 1795132801.25,
      },
    ],
    ['IP 10.0.0.1.1 > 10.0.0.2.2: UDP, bad length 2000 > 1472', { proto: 'udp', length: 2000 }],
    [
      'IP node-1.example.com.https > vyos.ipsec-nat-t: UDP, length 3',
      { src: 'node-1.example.com', sport: 443, dst: 'vyos', dport: 4500, family: 4 },
    ],
    [
      'IP 10.0.0.1.ipsec-nat-t > 10.0.0.2.unheard-of: UDP-encap: ESP(spi=0x0000000a,seq=0xff), length 9',
      { proto: 'esp', sport: 4500, dport: undefined, spi: 10, espSeq: 255, length: 9 },
    ],
    ['IP 10.0.0.1.4500 > 10.0.0.2.4500: isakmp-nat-keep-alive', { proto: 'udp' }],
    ['IP 10.0.0.1 > 10.0.0.2: ip-proto-17', { proto: 'fragment' }],
    ['IP 10.0.0.1 > 10.0.0.2:  ip-proto-253 4', { proto: 'other' }],
    [
      'IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.3 unreachable - need to frag (mtu 1400), length 556',
      {
        proto: 'icmp',
        icmp: 'need to frag',
        mtu: 1400,
        icmpAbout: { dst: '10.0.0.3', proto: undefined, port: undefined },
      },
    ],
    [
      'IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.3 tcp port domain unreachable, length 68',
      { icmp: 'port unreachable', icmpAbout: { dst: '10.0.0.3', proto: 'tcp', port: 53 } },
    ],
    [
      'IP 10.0.0.1 > 10.0.0.2: ICMP host 10.0.0.3 unreachable - admin prohibited filter, length 68',
      { icmp: 'admin prohibited' },
    ],
    [
      'IP6 fd00::2 > fd00::1: ICMP6, destination unreachable, unreachable address fd00::9, length 88',
      { proto: 'icmp6', icmp: 'host unreachable', icmpAbout: { dst: 'fd00::9', proto: undefined, port: undefined } },
    ],
    ['IP6 fd00::2 > fd00::1: ICMP6, packet too big, mtu 1280, length 100', { icmp: 'need to frag', mtu: 1280 }],
    [
      'IP6 fe80::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 32',
      { proto: 'nd', arp: { op: 'request', target: 'fd00::2', sender: 'fe80::1', mac: undefined } },
    ],
    [
      'ARP, Reply 10.0.0.1 is-at aa:bb:cc:dd:ee:ff (oui Unknown), length 46',
      { proto: 'arp', arp: { op: 'reply', target: '10.0.0.1', sender: undefined, mac: 'aa:bb:cc:dd:ee:ff' } },
    ],
    [
      '12:00:00.000000 STP 802.1d, Config, Flags [none], bridge-id 8000.00:19:69:df:dc:01.8015, length 35',
      { proto: 'other', src: undefined },
    ],
    ['12:00:00.000000 something tcpdump says tomorrow', { proto: 'other' }],
    [
      '12:00:00.000000 eth0  Out ifindex 2 02:00:00:00:00:01 ethertype IPv4 (0x0800), length 80: 10.0.0.1.1 > 10.0.0.2.2: Flags [.], ack 1, win 1, length 0',
      { device: 'eth0', direction: 'out', srcMac: '02:00:00:00:00:01', tcpFlags: '.' },
    ],
    [
      '12:00:00.000000   P 02:00:00:00:00:01 ethertype IPv4 (0x0800), length 80: 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 1, seq 2, length 64',
      { device: undefined, direction: 'other', icmp: 'echo reply', icmpId: 1, icmpSeq: 2 },
    ],
    [
      '12:00:00.000000 ifindex 3 (veth9) IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1',
      { device: 'veth9', direction: undefined },
    ],
    ['12:00:00.000000 cali12ab@if3 In  IP 10.0.0.1.1 > 10.0.0.2.2:  [|udp]', { device: 'cali12ab@if3', proto: 'udp' }],
  ])('%s', (line, expected) => expect(packet(`${line}\n`)).toMatchObject(expected));
});

describe('tcpdump 3.9 and 4.0', () => {
  test.each<[string, Partial<PacketView>]>([
    [
      '12:00:00.000000 IP 10.0.0.1.4000 > 10.0.0.2.80: S 123:123(0) win 5840 <mss 1460,sackOK>',
      { proto: 'tcp', tcpFlags: 'S', seq: 123, length: 0 },
    ],
    ['12:00:00.000000 IP 10.0.0.2.80 > 10.0.0.1.4000: S 9:9(0) ack 124 win 5792', { tcpFlags: 'S.', seq: 9, ack: 124 }],
    ['12:00:00.000000 IP 10.0.0.1.4000 > 10.0.0.2.80: . ack 10 win 1432', { tcpFlags: '.', ack: 10, seq: undefined }],
    [
      '12:00:00.000000 IP 10.0.0.1.4000 > 10.0.0.2.80: P, cksum 0x1 (correct), 1:79(78) ack 1 win 58',
      { tcpFlags: 'P.', seq: 1, length: 78 },
    ],
    ['12:00:00.000000 IP 10.0.0.1.4000 > 10.0.0.2.80: R 5:5(0) win 0', { tcpFlags: 'R' }],
    [
      '12:00:00.000000 IP (tos 0x0, ttl  64, id 7, offset 0, flags [DF], proto: UDP (17), length: 60) 10.0.0.1.1 > 10.0.0.2.9: UDP, length: 32',
      { proto: 'udp', length: 32, ttl: 64, ipId: 7, df: true },
    ],
    [
      '12:00:00.000000 arp who-has 10.0.0.1 tell 10.0.0.2',
      { proto: 'arp', arp: { op: 'request', target: '10.0.0.1', sender: '10.0.0.2', mac: undefined } },
    ],
    [
      '12:00:00.000000 arp reply 10.0.0.1 is-at 00:11:22:33:44:55',
      { arp: { op: 'reply', target: '10.0.0.1', sender: undefined, mac: '00:11:22:33:44:55' } },
    ],
    ['000250 IP 10.0.0.1.1 > 10.0.0.2.9: UDP, length: 32', { time: 0.00025 }],
  ])('%s', (line, expected) => expect(packet(`${line}\n`)).toMatchObject(expected));
});

describe('several lines, one packet', () => {
  test('VXLAN, and VXLAN read as OTV: the packet inside is on the next line, its VNI where OTV has the instance', () => {
    const text = `16:00:00.000000 eth0  Out IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 110)
    192.0.2.1.5 > 192.0.2.2.8472: [bad udp cksum 0xffff -> 0x4b80!] OTV, flags [I] (0x08), overlay 0, instance 7
IP (tos 0x0, ttl 63, id 2, offset 0, flags [DF], proto TCP (6), length 60)
    10.0.0.1.1 > 10.0.0.2.2: Flags [S], cksum 0x1 (correct), seq 1, win 1, length 0
16:00:01.000000 eth0  In  IP 192.0.2.2.5 > 192.0.2.1.4789: VXLAN, flags [I] (0x08), vni 7
ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02, length 28
16:00:02.000000 eth0  In  IP 192.0.2.2.5 > 192.0.2.1.4789: UDP, length 1
`;
    const [otv, vxlan, last] = packets(text);
    expect(otv).toMatchObject({
      proto: 'vxlan',
      vni: 7,
      dport: 8472,
      ttl: 64,
      checksumBad: true,
      device: 'eth0',
      // A packet of -v is quoted by the line with its addresses.
      source: { line: 2 },
      inner: {
        proto: 'tcp',
        src: '10.0.0.1',
        ttl: 63,
        df: true,
        tcpFlags: 'S',
        checksumBad: false,
        source: { line: 4 },
        time: 57600,
      },
    });
    expect(vxlan).toMatchObject({ proto: 'vxlan', vni: 7, inner: { proto: 'arp', arp: { op: 'reply' } } });
    expect(last?.inner).toBeUndefined();
  });

  test('without stamps (-t) only what follows a VXLAN line is inside', () => {
    const inside = 'IP 10.0.0.1.1 > 10.0.0.2.2: Flags [R], seq 1, win 0, length 0\n';
    const all = packets(`IP 192.0.2.1.5 > 192.0.2.2.4789: VXLAN, flags [I] (0x08), vni 7\n${inside}${inside}`);
    expect(all.map((p) => [p.proto, p.inner?.proto])).toEqual([
      ['vxlan', 'tcp'],
      ['tcp', undefined],
    ]);
  });

  test('an ICMP error quotes the packet that caused it', () => {
    const view =
      packet(`    3  12:00:00.000000 IP (tos 0xc0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 88)
    10.0.0.9 > 10.0.0.1: ICMP 10.0.0.2 tcp port 80 unreachable, length 68
	IP (tos 0x0, ttl 63, id 5, offset 0, flags [DF], proto TCP (6), length 60)
    10.0.0.1.4000 > 10.0.0.2.80: Flags [S], seq 1, win 1, length 0
	ICMP Multi-Part extension v2, checksum 0x246c (correct), length 84
`);
    expect(view).toMatchObject({ icmp: 'port unreachable', inner: { proto: 'tcp', sport: 4000, ttl: 63 } });
  });

  test('a header whose second line is missing is a packet all the same', () => {
    const [cut, next] =
      packets(`12:00:00.000000 IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60)
12:00:01.000000 IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1
`);
    expect(cut).toMatchObject({ proto: 'tcp', ttl: 64, src: undefined });
    expect(next).toMatchObject({ proto: 'udp', src: '10.0.0.1' });
  });

  test('dumps are payload, as hexadecimal (-x, -X) and as text (-A), whatever the text says', () => {
    const from =
      capture(`12:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.80: Flags [P.], seq 1:40, ack 1, win 1, length 39: HTTP: GET / HTTP/1.1
E..<.h@.@.!R.........p.P7X.~.........!....@....
GET / HTTP/1.1
Error: not found

   <META NAME="x">
12:00:01.000000 IP 10.0.0.1.1 > 10.0.0.2.80: UDP, length 4
	0x0000:  4500 0031 177e 4000 4011 0be9 0af4 00b6  E..1.~@.@.......
`);
    expect(from).toMatchObject({ records: 2, unread: 0, toolMessages: [] });
  });
});

test("tcpdump's own messages, and what they tell", () => {
  const from = capture(`$ sudo tcpdump -ni eth1 port 80
tcpdump: verbose output suppressed, use -v[v]... for full protocol decode
listening on eth1, link-type EN10MB (Ethernet), snapshot length 262144 bytes
12:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1
^C1 packet captured
3 packets received by filter
2 packets dropped by kernel
`);
  expect(from).toMatchObject({ records: 1, unread: 0, ignored: 6 });
  expect(from.toolMessages.map(({ text }) => text)).toEqual(['2 packets dropped by kernel']);
  expect(table(from).packet(0).device).toBe('eth1');
  const failed = capture('tcpdump: eth9: No such device exists\n(SIOCGIFHWADDR: No such device)\n');
  expect(failed.toolMessages).toHaveLength(1);
  expect(failed.unread).toBe(1);
});

describe('time', () => {
  const at = (stamp: string) => `${stamp} IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1\n`;
  const times = (...stamps: string[]) => packets(stamps.map(at).join('')).map(({ time }) => time);
  test('goes on after midnight', () => expect(times('23:59:59.000000', '00:00:01.000000')).toEqual([86399, 86401]));
  test('packets out of order are no midnight', () =>
    expect(times('12:00:01.000000', '12:00:00.000000')).toEqual([43201, 43200]));
  test('differences to the packet before (-ttt) are summed', () =>
    expect(times(' 00:00:00.000000', ' 00:00:02.000000', ' 00:00:01.500000')).toEqual([0, 2, 3.5]));
  test('differences to the first packet (-ttttt) are not', () =>
    expect(times(' 00:00:00.000000', ' 00:00:02.000000', ' 00:00:03.500000')).toEqual([0, 2, 3.5]));
  test('says what it counts from', () => {
    const clock = (stamp: string) => table(capture(at(stamp))).clock;
    expect(['2026-11-20 12:00:00.0', '12:00:00.000000', ' 00:00:00.000000'].map(clock)).toEqual([
      'epoch',
      'midnight',
      'start',
    ]);
  });
});

test('the device of the capture holds where no column names one; "any" is none', () => {
  const line = '12:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1\n';
  expect(packet(line, { device: 'cni0' }).device).toBe('cni0');
  expect(packet(line, { device: 'any' }).device).toBeUndefined();
});

test('rows are found by address, flags and error', () => {
  const rows = table(
    capture(`12:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.2: Flags [S], seq 1, win 1, length 0
12:00:01.000000 IP 10.0.0.2.2 > 10.0.0.1.1: Flags [R.], seq 0, ack 2, win 0, length 0
12:00:02.000000 IP 192.0.2.1.5 > 192.0.2.2.4789: VXLAN, flags [I] (0x08), vni 7
IP 10.0.0.7.1 > 10.0.0.2.2: Flags [S], seq 1, win 1, length 0
12:00:03.000000 IP 10.0.0.9 > 10.0.0.1: ICMP host 10.0.0.7 unreachable, length 68
12:00:04.000000 IP6 fd00::1 > fd00::2: ICMP6, time exceeded in-transit for fd00::7, length 68
12:00:05.000000 ARP, Request who-has 10.0.0.2 tell 10.0.0.7, length 28
12:00:06.000000 IP6 fd00::1.1 > fd00::2.2: Flags [S], seq 1, win 1, length 0
`),
  );
  expect(rows.count).toBe(7);
  expect(rows.synRows()).toEqual([0, 6]);
  expect(rows.resetRows()).toEqual([1]);
  expect(rows.icmpErrorRows()).toEqual([3, 4]);
  expect(rows.rowsWithAddress('10.0.0.7')).toEqual([2, 3, 5]);
  expect(rows.rowsWithAddress('10.0.0.2')).toEqual([0, 1, 2, 5]);
  expect(rows.rowsWithAddress('fd00::7')).toEqual([4]);
  expect(rows.rowsWithAddress('fd00::2')).toEqual([4, 6]);
  expect(rows.rowsWithAddress('10.9.9.9')).toEqual([]);
  expect(() => rows.packet(7)).toThrow(RangeError);
});

describe('every form of output tells the same packets', () => {
  // The same 96 packets by tcpdump 4.99.3: what each is, names.txt says line by line.
  const names = fixture('tcpdump/names.txt').split('\n');
  const essence = (view: PacketView): unknown => {
    const {
      source,
      time,
      absolute,
      device,
      direction,
      srcMac,
      dstMac,
      vlan,
      ttl,
      ipId,
      df,
      checksumBad,
      length,
      seq,
      inner,
      ...rest
    } = view;
    return inner && view.proto !== 'icmp' ? [rest, essence(inner)] : [rest];
  };
  const all = (name: string) => packets(fixture(`tcpdump/${name}.txt`)).map(essence);
  const expected = all('default');

  test('plain', () => expect(expected).toHaveLength(names.length));
  test.each([
    'v-e-t',
    'vvv-tt',
    'A-ttt',
    'X-ttttt-number',
    'vlan-e-tttt',
    'any-tttt',
    'any-v-xx',
    'cooked-e',
    'cooked-v-e-t',
  ])('%s', (name) => {
    const found = all(name);
    // A sum that is wrong shows only with -v, a sequence number of pure acknowledgements only with -vv.
    expect(Object.fromEntries(names.map((packetName, i) => [packetName, found[i]]))).toEqual(
      Object.fromEntries(names.map((packetName, i) => [packetName, expected[i]])),
    );
  });
});

describe('a large capture', () => {
  const data = (i: number, rest: string) =>
    `12:00:00.${String(i % 1000000).padStart(6, '0')} IP 10.0.0.1.${1000 + (i % 3)} > 10.0.0.2.80: ${rest}\n`;
  const ack = 'Flags [.], ack 1, win 1, length 0';

  test('keeps every packet up to 250 000 rows, then only counts further data of known conversations', () => {
    const lines: string[] = [];
    for (let i = 0; i < 250_000; i += 1) lines.push(data(i, ack));
    for (let i = 0; i < 3000; i += 1) lines.push(data(i, ack));
    lines.push(data(0, 'Flags [R], seq 1, win 0, length 0'));
    lines.push('what is this\n');
    lines.push(data(0, ack));
    const from = capture(lines.join(''));
    const rows = table(from);
    expect(from).toMatchObject({ records: 253_002, unread: 1, lines: 253_003 });
    expect(from.unreadLines[0]?.source.line).toBe(253_002);
    expect(rows.count + (rows.countedOnly ?? 0)).toBe(253_002);
    expect(rows.countedOnly).toBeGreaterThan(2900);
    expect(rows.resetRows().map((row) => rows.packet(row).source.line)).toEqual([253_001]);
  });
});

test('a packet survives being cut into slices at any line end', () => {
  const text = fixture('tcpdump/v-e-t.txt');
  const input = inputFor('tcpdump');
  const reader = moduleFor('tcpdump')?.open(input);
  for (const line of text.split(/(?<=\n)/)) reader?.read(line);
  const cut = reader?.end();
  const whole = capture(text);
  expect({ ...cut, data: {} }).toEqual({ ...whole, data: {} });
  const rows = (from: PacketTable | undefined) =>
    Array.from({ length: from?.count ?? 0 }, (_, row) => from?.packet(row));
  expect(rows(cut?.data.packets)).toEqual(rows(whole.data.packets));
});

test('a line that is none is quoted with its number', () => {
  const from = capture('hello\n12:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1\nwho are you\n');
  expect(from.unreadLines.map(({ source, text }) => [source.line, text])).toEqual([
    [1, 'hello'],
    [3, 'who are you'],
  ]);
});

test('a frame that tcpdump prints nothing of, and a VLAN’s packet below -i any without stamps', () => {
  expect(packets('16:49:06.975255 \n')).toMatchObject([{ proto: 'other' }]);
  expect(packets('16:49:06.975255 lo    P   \n')).toMatchObject([{ proto: 'other', device: 'lo' }]);
  expect(packet('ethertype IPv4, IP 10.0.0.1.1 > 10.96.0.10.2: UDP, length 1\n')).toMatchObject({
    proto: 'udp',
    src: '10.0.0.1',
    dport: 2,
  });
});
