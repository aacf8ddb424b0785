import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { buildNamespace } from '../../src/network/build-namespace.ts';
import { bytesOf } from '../captures/pcap-files.ts';
import { asPcap, recordsOf } from '../captures/pcap-write.ts';
import { captureList, readTree } from './archive.ts';
import * as s from './samples.ts';

const ANY = bytesOf('any.pcap');

test('packet files are found by their bytes, packed or not, whatever their names', async () => {
  const bundle = await readTree({
    'w/n1/uname.txt': s.UNAME('n1'),
    'w/n1/eth0.pcap': bytesOf('ethernet.pcap'),
    'w/n1/n1-any.pcapng.gz': gzipSync(ANY),
    'w/n1/notes.bin': bytesOf('raw.pcap'),
    'w/n2/uname.txt': s.UNAME('n2'),
    'w/n2/dump.cap': asPcap(recordsOf(bytesOf('nano.pcap')), { big: true, nano: true, linkType: 1 }),
  });
  const packets = bundle.nodes.flatMap((node) =>
    node.namespaces.flatMap(({ captures }) =>
      captures.flatMap((c) => (c.kind === 'tcpdump' ? [[node.name, c.file, c.data.packets?.device]] : [])),
    ),
  );
  expect(packets).toEqual([
    ['n1', 'n1/eth0.pcap', 'eth0'],
    ['n1', 'n1/n1-any.pcapng', 'any'],
    ['n1', 'n1/notes.bin', undefined],
    ['n2', 'n2/dump.cap', undefined],
  ]);
  expect(captureList(bundle)).toHaveLength(6);
  const notes = bundle.notes.filter((note) => note.code === 'capture-read');
  expect(notes.map(({ values }) => [values.count, values.reason, values.command])).toEqual([
    [124, 'whole', 'tcpdump -nn -r'],
    [202, 'whole', 'tcpdump -nn -r'],
    [recordsOf(bytesOf('raw.pcap')).length, 'whole', 'tcpdump -nn -r'],
    [recordsOf(bytesOf('nano.pcap')).length, 'whole', 'tcpdump -nn -r'],
  ]);
});

test('what is whole of a damaged file counts, and both are told; of what cannot be read that it was not', async () => {
  const bundle = await readTree({
    'w/n1/uname.txt': s.UNAME('n1'),
    'w/n1/cut.pcap': ANY.subarray(0, 5000),
    'w/n1/usb.pcap': asPcap(recordsOf(bytesOf('nano.pcap')), { big: false, nano: false, linkType: 220 }),
    'w/n1/head.pcap': ANY.subarray(0, 20),
  });
  expect(bundle.notes.map(({ code, values }) => [code, 'reason' in values ? values.reason : ''])).toEqual([
    ['capture-read', 'truncated'],
    ['capture-unread', 'link-layer'],
    ['capture-unread', 'truncated'],
  ]);
  expect(bundle.ignored.map(({ why }) => why)).toEqual(['packet-capture', 'packet-capture']);
  const cut = bundle.nodes[0]?.namespaces[0]?.captures.find(({ kind }) => kind === 'tcpdump');
  expect(cut?.partial).toBe(true);
  expect(cut?.records).toBe(recordsOf(ANY.subarray(0, 5000)).length - 1);
});

test('a bundle of nothing but packets that cannot be read says what may read them', async () => {
  await expect(
    readTree({ 'w/usb.pcap': asPcap([], { big: false, nano: false, linkType: 1 }).subarray(0, 23) }),
  ).rejects.toThrow(/tcpdump -nn -r FILE/);
});

test('a packet is quoted by its number, printed as text', async () => {
  const bundle = await readTree({ 'w/n1/uname.txt': s.UNAME('n1'), 'w/n1/eth0.pcap': bytesOf('nano.pcap') });
  const quotes = await quoteLines(bundle, new Map([['n1/eth0.pcap', new Set([1, 3, 99_999])]]));
  const lines = quotes.get('n1/eth0.pcap');
  expect([...(lines?.keys() ?? [])]).toEqual([1, 3]);
  expect(lines?.get(1)).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} IP 10\.1\.0\.2\.\d+ > 10\.2\.0\.2\.7000: Flags \[S\], seq \d+, win \d+, options \[mss \d+,sackOK,TS val \d+ ecr 0,nop,wscale \d+\], length 0$/,
  );
  expect(lines?.get(3)).toContain('Flags [.], ack 1, win ');
});

test('a capture and the text made of it are one: its packets were not sent twice; devices get their names', async () => {
  const line = '2026-11-20 13:00:00.000001 eth0  In  IP 192.0.2.1.1000 > 192.0.2.2.53: UDP, length 5\n';
  const frames = (seconds: number): Buffer => {
    const data = Buffer.from(
      '0800000000000002000100060200000000020000450000210001000040110000c0000201c000020203e80035000d000068656c6c6f',
      'hex',
    );
    return asPcap([{ seconds, nanoseconds: 1000, wire: data.length, data }], {
      big: false,
      nano: false,
      linkType: 276,
    });
  };
  const link =
    '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\n';
  // The text's zone is an hour ahead.
  const second = Date.parse('2026-11-20T12:00:00Z') / 1000;
  const packetsOf = async (files: Readonly<Record<string, string | Buffer>>) => {
    const bundle = await readTree({ 'w/n1/uname.txt': s.UNAME('n1'), 'w/n1/ip_link.txt': link, ...files });
    return buildNamespace('n1', '', bundle.nodes[0]?.namespaces[0]?.captures ?? []).packets;
  };
  const [one, ...others] = await packetsOf({ 'w/n1/any.pcap': frames(second), 'w/n1/tcpdump-any.txt': line });
  expect(others).toEqual([]);
  expect(one?.packet(0)).toMatchObject({ device: 'eth0', direction: 'in', dport: 53 });
  expect(await packetsOf({ 'w/n1/any.pcap': frames(second + 1), 'w/n1/tcpdump-any.txt': line })).toHaveLength(2);
});
