import { expect, test } from 'vitest';
import { pcap } from '../../src/captures/pcap/pcap.ts';
import type { PacketView } from '../../src/records/packet.ts';
import { bytesOf, readBytes, readPcap, viewsOf } from './pcap-files.ts';
import { asPcap, asPcapng, type Block, ethernetFrame, ipv4, pcapngBlock, recordsOf, udp } from './pcap-write.ts';

const find = (views: readonly PacketView[], wanted: (view: PacketView) => boolean): PacketView => {
  const found = views.find(wanted);
  if (!found) throw new Error('no such packet');
  return found;
};

const chain = (view: PacketView): readonly string[] => [view.proto, ...(view.inner ? chain(view.inner) : [])];

test('a capture of all devices: direction, the device by its number, VXLAN in UDP and what is in it', () => {
  const { capture, fault } = readPcap('any.pcap');
  expect(fault).toBeUndefined();
  const table = capture?.data.packets;
  expect(table?.device).toBe('any');
  expect(table?.clock).toBe('epoch');
  const before = viewsOf(capture);
  expect(before[0]?.device).toBeUndefined();
  table?.nameDevices?.(
    new Map([
      [2, 'r0'],
      [3, 'r1'],
    ]),
  );
  const views = viewsOf(capture);
  expect(views[0]).toMatchObject({ device: 'r0', direction: 'in', source: { line: 1, unit: 'packet' } });
  expect(views[1]).toMatchObject({ device: 'r1', direction: 'out' });
  const wrapped = find(views, (v) => v.vni === 42 && v.inner?.proto === 'tcp' && v.inner.tcpFlags === 'S.');
  expect(wrapped).toMatchObject({ proto: 'vxlan', dport: 4789, src: '10.2.0.2', dst: '10.1.0.2' });
  expect(wrapped.inner).toMatchObject({ src: '10.9.0.2', sport: 7000, dst: '10.9.0.1', family: 4, ttl: 64, df: true });
  expect(find(views, (v) => v.vni === 43).dport).toBe(8472);
});

test('sequence numbers count from the first of their connection, as tcpdump prints them', () => {
  const views = viewsOf(readPcap('nano.pcap').capture).filter((v) => v.sport === 7000 || v.dport === 7000);
  const own = views.filter((v) => v.src === '10.1.0.2');
  expect(own[0]).toMatchObject({ tcpFlags: 'S', length: 0 });
  expect(own[0]?.seq).toBeGreaterThan(1);
  expect(own[1]).toMatchObject({ tcpFlags: '.', seq: undefined, ack: 1 });
  expect(own[2]).toMatchObject({ tcpFlags: 'P.', seq: 1, ack: 1, length: 300 });
  expect(find(own, (v) => v.tcpFlags === 'F.').seq).toBe(301);
});

test('ICMP errors name what they are about and hold the packet that they quote', () => {
  const views = viewsOf(readPcap('ethernet.pcap').capture);
  expect(find(views, (v) => v.icmp === 'port unreachable' && v.family === 4)).toMatchObject({
    icmpAbout: { dst: '10.2.0.2', proto: 'udp', port: 7100 },
    inner: { proto: 'udp', src: '10.1.0.2', dst: '10.2.0.2', dport: 7100, length: 6 },
  });
  expect(find(views, (v) => v.icmp === 'port unreachable' && v.family === 6)).toMatchObject({
    icmpAbout: { dst: 'fd02::2', proto: 'udp', port: 7100 },
    inner: { proto: 'udp', dport: 7100 },
  });
  expect(find(views, (v) => v.icmp === 'need to frag' && v.family === 4)).toMatchObject({
    mtu: 1400,
    inner: { proto: 'icmp', icmp: 'echo request', df: true },
  });
  expect(find(views, (v) => v.icmp === 'need to frag' && v.family === 6).mtu).toBe(1400);
  expect(find(views, (v) => v.icmp === 'admin prohibited' && v.family === 4).icmpAbout?.dst).toBe('10.66.0.9');
  expect(find(views, (v) => v.icmp === 'time exceeded' && v.family === 4).inner?.ttl).toBe(1);
});

test('tunnels are read to the innermost packet', () => {
  const views = viewsOf(readPcap('ethernet.pcap').capture);
  const chains = new Set(views.map((view) => chain(view).join(' ')));
  for (const wanted of ['gre icmp', 'gre udp', 'ipip icmp', 'ipip udp', 'geneve icmp', 'geneve udp', 'vxlan arp'])
    expect([...chains]).toContain(wanted);
  expect(find(views, (v) => v.spi === 0xc0ffee01)).toMatchObject({ proto: 'esp', espSeq: 17, sport: undefined });
  expect(find(views, (v) => v.spi === 0xc0ffee02)).toMatchObject({ proto: 'esp', family: 6 });
  expect(find(views, (v) => v.spi === 0xc0ffee03)).toMatchObject({
    proto: 'esp',
    sport: 4500,
    dport: 4500,
    espSeq: 19,
  });
  // IKE and the keepalive share the port and are no ESP.
  expect(views.filter((v) => v.dport === 4500 && v.proto === 'udp').map((v) => v.length)).toEqual([32, 1]);
  expect(find(views, (v) => v.proto === 'ah').spi).toBe(0xab);
  expect(find(views, (v) => v.src === '10.30.0.2')).toMatchObject({ vlan: 30, icmp: 'echo request' });
  // The outer tag of two is the one that a device is configured with.
  expect(find(views, (v) => v.src === '10.31.0.2').vlan).toBe(31);
  expect(find(views, (v) => v.proto === 'sctp')).toMatchObject({ sport: 5000, dport: 5001 });
});

test('fragments, addresses and ARP', () => {
  const views = viewsOf(readPcap('ethernet.pcap').capture);
  expect(views.filter((v) => v.proto === 'fragment').map((v) => v.family)).toEqual(expect.arrayContaining([4, 6]));
  const asked = find(views, (v) => v.arp?.op === 'request' && v.arp.target === '10.1.0.77');
  expect(asked).toMatchObject({ arp: { sender: '10.1.0.2' }, dstMac: 'ff:ff:ff:ff:ff:ff' });
  expect(find(views, (v) => v.arp?.op === 'reply' && v.family === 6)).toMatchObject({ proto: 'nd' });
});

test('a device without a link layer', () => {
  const views = viewsOf(readPcap('raw.pcap').capture);
  expect(find(views, (v) => v.family === 4)).toMatchObject({ srcMac: undefined, src: '10.8.0.1', dst: '10.8.0.9' });
  expect(views.some((v) => v.family === 6)).toBe(true);
});

test('of packets that the snapshot length cut what is whole is read', () => {
  const views = viewsOf(readPcap('cut.pcap').capture);
  expect(find(views, (v) => v.tcpFlags === 'P.' && v.family === 4)).toMatchObject({ length: 300, seq: 1 });
  expect(find(views, (v) => v.proto === 'vxlan')).toMatchObject({ dport: expect.any(Number), vni: 43 });
});

test('both byte orders, both resolutions and pieces of any size give the same', () => {
  const bytes = bytesOf('ethernet.pcap');
  const wanted = viewsOf(readBytes(bytes).capture);
  const records = recordsOf(bytes);
  for (const big of [true, false])
    for (const nano of [true, false])
      expect(viewsOf(readBytes(asPcap(records, { big, nano, linkType: 1 })).capture)).toEqual(wanted);
  for (const piece of [1, 7, 64, 1000]) expect(viewsOf(readBytes(bytes, piece).capture)).toEqual(wanted);
});

test('pcapng: sections of either byte order, devices by name, resolutions, directions and comments', () => {
  const records = recordsOf(bytesOf('ethernet.pcap')).slice(0, 20);
  const wanted = viewsOf(readBytes(bytesOf('ethernet.pcap')).capture).slice(0, 20);
  for (const big of [true, false])
    for (const resolution of [6, 9, 3, 0x80 | 20]) {
      const blocks: Block[] = [
        { interface: { linkType: 1, name: 'eth0', resolution } },
        { interface: { linkType: 1, name: 'eth1', resolution } },
        ...records.map((record, i) => ({ record, on: i % 2, flags: (i % 2) + 1, comment: i === 3 ? 'look here' : '' })),
      ];
      const bytes = asPcapng(blocks, big);
      for (const piece of [bytes.length, 5]) {
        const views = viewsOf(readBytes(bytes, piece).capture);
        expect(views.length).toBe(20);
        views.forEach((view, i) => {
          const { time, inner, ...rest } = wanted[i] as PacketView;
          expect(view.inner && chain(view.inner)).toEqual(inner && chain(inner));
          expect(view).toMatchObject({ ...rest, device: `eth${i % 2}`, direction: i % 2 === 0 ? 'in' : 'out' });
          expect(Math.abs((view.time ?? 0) - (time ?? 0))).toBeLessThan(resolution === 3 ? 1e-3 : 2e-6);
        });
      }
      const printer = pcap.print(new Set([4]));
      printer.push(bytes);
      expect(printer.lines.get(4)).toContain('look here');
      expect(printer.lines.get(4)).toContain('eth1 Out');
    }
});

test('pcapng: a second section has its own devices; blocks that nobody wants are passed over; a simple packet has no time', () => {
  const [record] = recordsOf(bytesOf('ethernet.pcap'));
  if (!record) throw new Error('no record');
  const bytes = Buffer.concat([
    asPcapng(
      [{ interface: { linkType: 1, name: 'a', resolution: 6 } }, { record, on: 0, flags: 0, comment: '' }],
      true,
    ),
    asPcapng([{ interface: { linkType: 1, name: 'b', resolution: 6 } }], false),
    pcapngBlock(5, Buffer.alloc(2_000_000), false),
    pcapngBlock(0x0bad, Buffer.alloc(4), false),
    pcapngBlock(
      3,
      Buffer.concat([Buffer.from(Uint32Array.of(record.wire).buffer), record.data, Buffer.alloc(3)]).subarray(
        0,
        4 + Math.ceil(record.data.length / 4) * 4,
      ),
      false,
    ),
  ]);
  for (const piece of [bytes.length, 4096]) {
    const { capture, fault } = readBytes(bytes, piece);
    expect(fault).toBeUndefined();
    expect(viewsOf(capture).map((v) => [v.device, v.time === undefined, v.source.line])).toEqual([
      ['a', false, 1],
      ['b', true, 2],
    ]);
  }
});

test('a wrong checksum is told from one that a device is still to finish', () => {
  const datagram = udp(40000, 53, Buffer.from('hello'));
  const packet = ipv4(17, datagram, '192.0.2.1', '198.51.100.2');
  const pseudo = 0xc000 + 0x0201 + 0xc633 + 0x6402 + 17 + datagram.length;
  const folded = (pseudo & 0xffff) + (pseudo >>> 16);
  const withSum = (value: number): Buffer => {
    const copy = Buffer.from(packet);
    copy.writeUInt16BE(value, 26);
    return ethernetFrame(0x0800, copy);
  };
  const frames = [withSum(0), withSum(folded), withSum(0x1234)].map((data) => ({
    seconds: 1,
    nanoseconds: 0,
    wire: data.length,
    data,
  }));
  const views = viewsOf(readBytes(asPcap(frames, { big: false, nano: false, linkType: 1 })).capture);
  expect(views.map((v) => v.checksumBad)).toEqual([false, false, true]);
});

test('loopback and null headers', () => {
  const packet = ipv4(17, udp(1000, 2000, Buffer.from('x')), '127.0.0.1', '127.0.0.2');
  for (const [linkType, family] of [
    [0, [2, 0, 0, 0]],
    [0, [0, 0, 0, 2]],
    [108, [0, 0, 0, 2]],
  ] as const) {
    const data = Buffer.concat([Buffer.from(family), packet]);
    const views = viewsOf(
      readBytes(asPcap([{ seconds: 1, nanoseconds: 0, wire: data.length, data }], { big: true, nano: false, linkType }))
        .capture,
    );
    expect(views[0]).toMatchObject({ proto: 'udp', dst: '127.0.0.2', dport: 2000 });
  }
});

test('of a file that is cut anywhere the whole packets are read and the cut is told', () => {
  const bytes = asPcap(recordsOf(bytesOf('nano.pcap')).slice(0, 5), { big: false, nano: true, linkType: 1 });
  const ends = new Set([24]);
  for (let at = 24; at < bytes.length; ) {
    at += 16 + bytes.readUInt32LE(at + 8);
    ends.add(at);
  }
  const wanted = viewsOf(readBytes(bytes).capture);
  for (let cut = 4; cut < bytes.length; cut += 1) {
    const { capture, fault } = readBytes(bytes.subarray(0, cut));
    const whole = [...ends].filter((end) => end > 24 && end <= cut).length;
    expect(viewsOf(capture)).toEqual(wanted.slice(0, whole));
    expect(fault).toBe(ends.has(cut) ? undefined : 'truncated');
    if (whole > 0) expect(capture?.partial).toBe(!ends.has(cut));
  }
});

test('lengths that cannot be end the reading and cost no memory', () => {
  const records = recordsOf(bytesOf('nano.pcap')).slice(0, 3);
  const bytes = asPcap(records, { big: false, nano: true, linkType: 1 });
  const second = 24 + 16 + (records[0]?.data.length ?? 0);
  bytes.writeUInt32LE(0x7fffffff, second + 8);
  const { capture, fault } = readBytes(bytes);
  expect([capture?.records, fault]).toEqual([1, 'corrupt']);
  const ng = asPcapng([{ interface: { linkType: 1, name: 'e', resolution: 6 } }], false);
  const hostile = Buffer.concat([ng, pcapngBlock(6, Buffer.alloc(40), false)]);
  hostile.writeUInt32LE(0xfffffff0, ng.length + 4);
  expect(readBytes(hostile)).toEqual({ capture: undefined, fault: 'corrupt' });
});

test('a link layer that is not read is told, and none of its packets is', () => {
  const frames = recordsOf(bytesOf('nano.pcap'));
  expect(readBytes(asPcap(frames, { big: false, nano: true, linkType: 147 }))).toEqual({
    capture: undefined,
    fault: 'link-layer',
  });
});

test('each of many connections counts from its own first number', () => {
  const many = 20_000;
  const segment = (from: number, flags: number, seq: number, ack: number): Buffer => {
    const head = Buffer.alloc(20);
    head.writeUInt16BE(1024 + (from % 60_000), 0);
    head.writeUInt16BE(80, 2);
    head.writeUInt32BE(seq, 4);
    head.writeUInt32BE(ack, 8);
    head.writeUInt16BE(0x5000 | flags, 12);
    return ethernetFrame(
      0x0800,
      ipv4(6, Buffer.concat([head, Buffer.from('data')]), `192.0.${from >> 8}.${from & 255}`, '198.51.100.1'),
    );
  };
  const frames = [0, 1]
    .flatMap((round) =>
      Array.from({ length: many }, (_, i) => segment(i, 0x18, 1_000_000 + i * 7 + round * 4, 5000 + i)),
    )
    .map((data) => ({ seconds: 1, nanoseconds: 0, wire: data.length, data }));
  const views = viewsOf(readBytes(asPcap(frames, { big: false, nano: false, linkType: 1 })).capture);
  expect(views.slice(0, many).every((v, i) => v.seq === 1_000_000 + i * 7)).toBe(true);
  expect(views.slice(many).every((v) => v.seq === 4 && v.ack === 1)).toBe(true);
});

test('changed bytes never end the reading of the program', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const source = [bytesOf('ethernet.pcap'), bytesOf('any.pcap')];
  for (let round = 0; round < 150; round += 1) {
    const bytes = Buffer.from(source[round % 2] as Buffer);
    for (let i = 0; i < 60; i += 1) bytes[24 + random(bytes.length - 24)] = random(256);
    const { capture } = readBytes(bytes, 4096);
    viewsOf(capture);
    const printer = pcap.print(new Set(Array.from({ length: 300 }, (_, i) => i + 1)));
    printer.push(bytes);
    expect(printer.lines.size).toBe(capture?.records ?? 0);
  }
});
