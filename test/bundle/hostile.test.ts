import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { captureList, compressed, noteCodes, readBytes, type TarMember, tar, tree, zip } from './archive.ts';
import * as s from './samples.ts';

const GOOD: TarMember = { name: 'n1/ip_addr.txt', text: s.IP_ADDR };

describe('names', () => {
  test('that lead outside are rejected, others are made plain', async () => {
    const bundle = await readBytes(
      await tar([
        GOOD,
        { name: '../../etc/ip_rule.txt', text: s.IP_RULE },
        { name: 'n1/../../ip_rule.txt', text: s.IP_RULE },
        { name: '/n1/ip_neigh.txt', text: s.IP_NEIGH },
        { name: './n1//x/../ip_route.txt', text: s.IP_ROUTE },
        { name: '..', text: 'x' },
      ]),
    );
    expect(captureList(bundle)).toEqual([
      'n1 ip-addr n1/ip_addr.txt',
      'n1 ip-neigh n1/ip_neigh.txt',
      'n1 ip-route n1/ip_route.txt',
    ]);
    expect(noteCodes(bundle)).toEqual(['rejected-path', 'rejected-path']);
  });
  test('of zips too', async () => {
    const bundle = await readBytes(
      zip([
        { name: 'n1/ip_addr.txt', text: s.IP_ADDR },
        { name: '../evil/ip_rule.txt', text: s.IP_RULE },
        { name: 'n1\\ip_route.txt', text: s.IP_ROUTE },
      ]),
    );
    expect(captureList(bundle)).toEqual(['n1 ip-addr n1/ip_addr.txt', 'n1 ip-route n1/ip_route.txt']);
    expect(noteCodes(bundle)).toEqual(['rejected-path']);
  });
  test('that come twice: the last one counts, as it would after unpacking', async () => {
    const bundle = await readBytes(
      await tar([
        { name: 'n1/ip_rule.txt', text: '0:\tfrom all lookup 99\n' },
        GOOD,
        { name: './n1/ip_rule.txt', text: s.IP_RULE },
      ]),
    );
    expect(bundle.notes).toMatchObject([{ code: 'duplicate-member', values: { file: 'n1/ip_rule.txt', times: 2 } }]);
    const rules = bundle.nodes[0]?.namespaces[0]?.captures.filter((c) => c.kind === 'ip-rule');
    expect(rules?.map((c) => c.records)).toEqual([3]);
  });
  test('of every length and of odd characters', async () => {
    const long = `${'a'.repeat(200)}/${'b'.repeat(255)}/ip_rule.txt`;
    const bundle = await readBytes(
      await tar([
        GOOD,
        { name: long, text: s.IP_RULE },
        { name: 'n1/\u001b[2Jip_route\u202e.txt', text: s.IP_ROUTE },
        { name: 'constructor/__proto__/ip_neigh.txt', text: s.IP_NEIGH },
      ]),
    );
    expect(captureList(bundle)).toHaveLength(4);
  });
});

describe('links', () => {
  const link = (name: string, linkname: string): TarMember => ({ name, type: 'symlink', linkname });
  test('are followed inside the bundle, through folders as well', async () => {
    const bundle = await readBytes(
      await tar([
        link('n1/proc/net', 'self/net'),
        link('n1/proc/self', '4711'),
        { name: 'n1/proc/4711/net/store', text: s.XFRM_STAT },
        link('n1/xfrm_stat.txt', 'proc/net/store'),
        { name: 'n1/hard/target', text: s.IPVS },
        { name: 'n1/ipvsadm_-Ln', type: 'link', linkname: 'n1/hard/target' },
      ]),
    );
    expect(captureList(bundle).map((line) => line.split(' ')[1])).toEqual(
      expect.arrayContaining(['xfrm-stat', 'ipvsadm']),
    );
  });
  test('in a circle, out of the bundle, or further than eight: dead', async () => {
    const chain = Array.from({ length: 12 }, (_, i) => link(`n1/c${i}`, i === 11 ? 'raw' : `c${i + 1}`));
    const bundle = await readBytes(
      await tar([
        GOOD,
        link('n1/ip_route.txt', 'ip_rule.txt'),
        link('n1/ip_rule.txt', 'ip_route.txt'),
        link('n1/ip_neigh.txt', '/etc/passwd'),
        link('n1/ipset.txt', '../../../../etc/passwd'),
        link('n1/xfrm_stat.txt', 'c0'),
        ...chain,
        { name: 'n1/raw', text: 'x\n' },
      ]),
    );
    expect(captureList(bundle)).toEqual(['n1 ip-addr n1/ip_addr.txt']);
    expect(noteCodes(bundle)).toEqual(Array.from({ length: 5 }, () => 'dead-link'));
  });
  test('to a capture that is read already are said and not read twice', async () => {
    const bundle = await readBytes(await tar([GOOD, link('n1/ip_addr', 'ip_addr.txt')]));
    expect(captureList(bundle)).toHaveLength(1);
    expect(bundle.ignored).toEqual([{ file: 'n1/ip_addr', why: 'link' }]);
  });
});

describe('bombs', () => {
  const MiB = 2 ** 20;
  const zeros = gzipSync(Buffer.alloc(20 * MiB, 'a\n'));
  test('by ratio: the outermost is an error, an inner one costs only itself', async () => {
    await expect(readBytes(zeros, { ratioFrom: MiB, ratio: 100 })).rejects.toMatchObject({ code: 'too-large' });
    const bundle = await readBytes(
      await tar([GOOD, { name: 'n1/dmesg.txt.gz', text: zeros }, { name: 'n1/ip_rule.txt', text: s.IP_RULE }]),
      { ratioFrom: MiB, ratio: 100 },
    );
    expect(bundle.nodes[0]?.namespaces[0]?.captures.map((c) => [c.kind, c.partial])).toEqual([
      ['ip-addr', false],
      ['dmesg', true],
      ['ip-rule', false],
    ]);
    expect(noteCodes(bundle)).toEqual(['nested-unreadable']);
  });
  test('in a zip', async () => {
    const bundle = await readBytes(
      zip([
        { name: 'n1/ip_addr.txt', text: s.IP_ADDR },
        { name: 'n1/dmesg.txt', text: Buffer.alloc(20 * MiB, 'a\n') },
      ]),
      { ratioFrom: MiB, ratio: 100 },
    );
    expect(noteCodes(bundle)).toEqual(['member-too-large']);
  });
  test.each(['bzip2', 'xz', 'zstd'] as const)('%s', async (program) => {
    const bytes = compressed(program, Buffer.alloc(6 * MiB, 'a\n'));
    if (bytes)
      await expect(readBytes(bytes, { ratioFrom: MiB, ratio: 100 })).rejects.toMatchObject({ code: 'too-large' });
  });
  test('by bytes of a member, of all, by members', async () => {
    const big = await tar([
      GOOD,
      { name: 'n1/conntrack.txt', text: s.CONNTRACK.repeat(1000) },
      { name: 'n1/ip_rule.txt', text: s.IP_RULE },
    ]);
    const cut = await readBytes(big, { memberBytes: 50_000 });
    expect(cut.notes).toMatchObject([{ code: 'member-too-large', values: { file: 'n1/conntrack.txt' } }]);
    expect(cut.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'conntrack')).toMatchObject({ partial: true });
    await expect(readBytes(gzipSync(big), { totalBytes: 50_000 })).rejects.toMatchObject({ code: 'too-large' });
    await expect(readBytes(big, { members: 2 })).rejects.toMatchObject({ code: 'too-large' });
    await expect(readBytes(big, { keptBytes: 1000 })).rejects.toMatchObject({ code: 'too-large' });
  });
  test('a gzip that unpacks to itself ends', async () => {
    let bytes = gzipSync(s.IP_RULE);
    for (let i = 0; i < 40; i += 1) bytes = gzipSync(bytes);
    const bundle = await readBytes(await tar([GOOD, { name: 'n1/matryoshka.gz', text: bytes }]));
    expect(bundle.notes).toMatchObject([{ code: 'nested-unreadable', values: { reason: 'too-deep' } }]);
  });
  test('a line without an end', async () => {
    const bundle = await readBytes(
      await tar([GOOD, { name: 'n1/conntrack.txt', text: `${s.CONNTRACK}${'x'.repeat(3 * MiB)}\n${s.CONNTRACK}` }]),
      { lineLength: MiB },
    );
    expect(bundle.notes).toMatchObject([{ code: 'line-too-long', values: { file: 'n1/conntrack.txt' } }]);
    expect(bundle.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'conntrack')).toMatchObject({
      records: 2,
      lines: 3,
    });
  });
});

describe('bytes that are no text', () => {
  test('zero bytes, broken UTF-8, UTF-16, colours, carriage returns', async () => {
    const bundle = await readBytes(
      await tar([
        { name: 'n1/ip_rule.txt', text: Buffer.concat([Buffer.from('\0\0'), Buffer.from(s.IP_RULE)]) },
        { name: 'n2/ip_rule.txt', text: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(s.IP_RULE, 'utf16le')]) },
        {
          name: 'n3/ip_rule.txt',
          text: Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(s.IP_RULE, 'utf16le').swap16()]),
        },
        { name: 'n4/ip_rule.txt', text: `\ufeff${s.IP_RULE.replaceAll('\n', '\r\n')}` },
        { name: 'n5/ip_rule.txt', text: s.IP_RULE.replaceAll('lookup', '\x1b[32mlookup\x1b[0m') },
        { name: 'n6/ip_rule.txt', text: Buffer.concat([Buffer.from(s.IP_RULE), Buffer.from([0xc3, 0x28, 0x0a])]) },
      ]),
    );
    const rules = bundle.nodes.flatMap((n) => n.namespaces.flatMap((ns) => ns.captures));
    expect(rules.map((c) => [c.records, c.unread])).toEqual([
      [3, 0],
      [3, 0],
      [3, 0],
      [3, 0],
      [3, 0],
      [3, 1],
    ]);
    expect(rules[5]?.unreadLines[0]?.text).toBe('\ufffd(');
  });
  test('a character that two blocks share', async () => {
    const comment = '# Gehäuse für den Übergang\n'.repeat(5000);
    const bundle = await readBytes(gzipSync(await tar(tree({ 'n1/iptables-save.txt': s.IPTABLES_SAVE + comment }))));
    expect(JSON.stringify(bundle.nodes[0]?.namespaces[0]?.captures[0]?.unreadLines ?? [])).not.toContain('\ufffd');
  });
});
