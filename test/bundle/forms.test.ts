import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { BundleError } from '../../src/bundle/error.ts';
import { readBundle } from '../../src/bundle/read-bundles.ts';
import { captureList, compressed, noteCodes, readBytes, tar, tree, zip } from './archive.ts';
import * as s from './samples.ts';

const FILES = {
  'b/n1/ip_addr.txt': s.IP_ADDR,
  'b/n1/iptables-save.txt': s.IPTABLES_SAVE,
  'b/n2/ipvsadm_-Ln.txt': s.IPVS,
};
const CAPTURES = [
  'n1 ip-addr n1/ip_addr.txt',
  'n1 iptables-save n1/iptables-save.txt',
  'n2 ipvsadm n2/ipvsadm_-Ln.txt',
];
const plain = await tar(tree(FILES));

const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));
const stored = (name: string, bytes: Buffer | string): string => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

describe('every form, told by its bytes and not by its name', () => {
  test.each([
    ['tar', () => plain],
    ['tar.gz', () => gzipSync(plain)],
    ['two gzip members', () => Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))])],
    ['gzip with something behind it', () => Buffer.concat([gzipSync(plain), Buffer.from('trailing words\n')])],
    ['gzip in gzip', () => gzipSync(gzipSync(plain))],
    ['zip', () => zip(tree(FILES).map(({ name, text = '' }) => ({ name, text })))],
    ['tar.xz', () => compressed('xz', plain)],
    ['tar.bz2', () => compressed('bzip2', plain)],
    [
      'two bzip2 streams',
      () => {
        const [first, second] = [compressed('bzip2', plain.subarray(0, 700)), compressed('bzip2', plain.subarray(700))];
        return first && second && Buffer.concat([first, second]);
      },
    ],
    ['tar.zst', () => compressed('zstd', plain)],
  ])('%s', async (name, make) => {
    const bytes = make();
    if (!bytes) return;
    expect(captureList(await readBytes(bytes))).toEqual(CAPTURES);
    expect(captureList(await readBundle(stored(`wrong-${name.replaceAll(' ', '-')}.dat`, bytes), {}))).toEqual(
      CAPTURES,
    );
  });

  test('a folder', async () => {
    for (const [name, text] of Object.entries(FILES)) stored(`tree/${name}`, text);
    expect(captureList(await readBundle(join(folder, 'tree'), {}))).toEqual(CAPTURES);
    expect((await readBundle(`${folder}/tree/`, {})).name).toBe('tree');
  });

  test('a single text file, packed or not', async () => {
    expect(captureList(await readBundle(stored('gw-7.conntrack.txt', s.CONNTRACK), {}))).toEqual([
      'gw-7.conntrack conntrack gw-7.conntrack.txt',
    ]);
    expect(captureList(await readBundle(stored('ip_rule.txt.gz', gzipSync(s.IP_RULE)), {}))).toEqual([
      'ip_rule ip-rule ip_rule.txt',
    ]);
  });

  test('output that gives the same line the same number in every form', async () => {
    const lines = `${s.CONNTRACK.repeat(3000)}garbled line\n${s.CONNTRACK.repeat(3000)}`;
    for (const bytes of [
      await tar(tree({ 'n/conntrack.txt': lines })),
      gzipSync(await tar(tree({ 'n/conntrack.txt': lines }))),
    ]) {
      const capture = (await readBytes(bytes)).nodes[0]?.namespaces[0]?.captures[0];
      expect(capture).toMatchObject({ lines: 6001, records: 6000, unread: 1 });
      expect(capture?.unreadLines[0]?.source.line).toBe(3001);
    }
  });
});

describe('archives in archives', () => {
  test('each is a node of its own; single packed texts are unpacked in place', async () => {
    const inner = (host: string) =>
      tar(tree({ [`x/${host}/hostname`]: `${host}\n`, [`x/${host}/ip_addr.txt`]: s.IP_ADDR }));
    const xz = compressed('xz', await inner('c'));
    const bundle = await readBytes(
      await tar([
        { name: 'all/a.tgz', text: gzipSync(await inner('a')) },
        {
          name: 'all/b.zip',
          text: zip([
            { name: 'hostname', text: 'b\n' },
            { name: 'ip_rule.txt', text: s.IP_RULE },
          ]),
        },
        ...(xz ? [{ name: 'all/c.txz', text: xz }] : []),
        { name: 'all/d/conntrack_-L.txt.gz', text: gzipSync(s.CONNTRACK) },
      ]),
    );
    expect(captureList(bundle)).toEqual([
      'a hostname a.tgz!/x/a/hostname',
      'a ip-addr a.tgz!/x/a/ip_addr.txt',
      'b hostname b.zip!/hostname',
      'b ip-rule b.zip!/ip_rule.txt',
      ...(xz ? ['c hostname c.txz!/x/c/hostname', 'c ip-addr c.txz!/x/c/ip_addr.txt'] : []),
      'd conntrack d/conntrack_-L.txt',
    ]);
  });

  test('xz in xz in xz', async () => {
    let bytes: Buffer | undefined = plain;
    for (let depth = 0; depth < 3 && bytes; depth += 1) {
      const packed = compressed('xz', bytes);
      bytes = packed && (await tar([{ name: `level${depth}.tar.xz`, text: packed }]));
    }
    if (bytes) expect((await readBytes(bytes)).nodes.map((n) => n.name)).toEqual(['n1', 'n2']);
  });

  test('deeper than is sane: said, and the rest is read', async () => {
    let bytes: Buffer = plain;
    for (let depth = 0; depth < 8; depth += 1) bytes = await tar([{ name: 'deep.tgz', text: gzipSync(bytes) }]);
    const bundle = await readBytes(
      await tar([
        { name: 'n/ip_addr.txt', text: s.IP_ADDR },
        { name: 'deep.tgz', text: bytes },
      ]),
    );
    expect(bundle.notes).toMatchObject([{ code: 'nested-unreadable', values: { reason: 'too-deep' } }]);
    expect(captureList(bundle)).toHaveLength(1);
  });
});

/** Bytes that no compressor makes shorter, the same every time. */
const noise = (length: number): Buffer => {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
};

const refused = async (bytes: Buffer, code: string): Promise<string> => {
  const error = await readBytes(bytes).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(BundleError);
  expect((error as BundleError).code).toBe(code);
  expect((error as BundleError).message).not.toContain('\n');
  return (error as BundleError).message;
};

describe('what cannot be read is said in one line', () => {
  test('nothing there', async () => {
    await expect(readBundle(join(folder, 'absent.tgz'), {})).rejects.toMatchObject({ code: 'not-found' });
    await expect(readBundle(join(stored('plain-file', 'x'), 'below'), {})).rejects.toMatchObject({ code: 'not-found' });
    await refused(Buffer.alloc(0), 'empty');
    await refused(await tar([]), 'empty');
    await refused(zip([]), 'empty');
    mkdirSync(join(folder, 'hollow'));
    await expect(readBundle(join(folder, 'hollow'), {})).rejects.toMatchObject({ code: 'empty' });
  });
  test('no archive, or one without a capture', async () => {
    await refused(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 1, 1]), 'not-an-archive');
    await refused(Buffer.from('Dear support,\nit does not work.\n'), 'no-captures');
    await refused(await tar(tree({ 'a.txt': 'hello\n', 'b.bin': Buffer.from([0, 1, 2, 3]) })), 'no-captures');
  });
  test('encrypted', async () => {
    await refused(Buffer.from('-----BEGIN PGP MESSAGE-----\n\nhQEMA\n'), 'encrypted');
    await refused(Buffer.concat([Buffer.from([0x85, 0x01, 0x0c, 0x03]), Buffer.alloc(300, 0xa7)]), 'encrypted');
    await refused(
      Buffer.concat([Buffer.from([0x8c, 0x0d, 0x04, 0x09, 0x03, 0x02]), Buffer.alloc(300, 0xa7)]),
      'encrypted',
    );
    await refused(zip([{ name: 'n1/ip_addr.txt', text: s.IP_ADDR, encrypted: true }]), 'encrypted');
    const inside = await readBytes(
      await tar([
        { name: 'n1/ip_addr.txt', text: s.IP_ADDR },
        { name: 'secured.tar.xz.gpg', text: '-----BEGIN PGP MESSAGE-----\n' },
      ]),
    );
    expect(inside.notes).toMatchObject([
      { code: 'nested-unreadable', values: { file: 'secured.tar.xz.gpg', reason: 'encrypted' } },
    ]);
  });
  test('damaged before anything came out', async () => {
    await refused(gzipSync(plain).subarray(0, 25), 'corrupt');
    await refused(Buffer.concat([gzipSync(plain).subarray(0, 12), Buffer.alloc(400, 0xff)]), 'corrupt');
  });
});

describe('cut archives: what was there is read, and the cut is said', () => {
  const long = s.CONNTRACK.repeat(800);
  const many = tree({
    'b/n1/ip_addr.txt': s.IP_ADDR,
    'b/n1/noise.bin': noise(400_000),
    'b/n1/conntrack_-L.txt': long,
  });
  const check = async (bytes: Buffer | undefined): Promise<void> => {
    if (!bytes) return;
    const bundle = await readBytes(bytes);
    expect(noteCodes(bundle)).toEqual(['truncated']);
    expect(captureList(bundle)).toContain('n1 ip-addr n1/ip_addr.txt');
    const cut = bundle.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'conntrack');
    if (cut) expect(cut.partial).toBe(true);
  };
  test('tar: the cut member is kept as far as it goes', async () => {
    const archive = await tar(many);
    const bundle = await readBytes(archive.subarray(0, archive.length - 60_000));
    const cut = bundle.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'conntrack');
    expect(cut?.partial).toBe(true);
    expect(cut?.records).toBeGreaterThan(200);
    await check(archive.subarray(0, archive.length - 60_000));
  });
  test('gz, xz, zst, zip', async () => {
    const archive = await tar(many);
    const cut = (bytes: Buffer | undefined) => bytes?.subarray(0, bytes.length - 600);
    await check(cut(gzipSync(archive)));
    await check(cut(compressed('xz', archive)));
    await check(cut(compressed('zstd', archive)));
    await check(cut(zip(many.map(({ name, text = '' }) => ({ name, text })))));
  });
  test('bz2: whole blocks', async () => {
    const archive = await tar([
      ...tree({ 'n1/ip_addr.txt': s.IP_ADDR }),
      {
        name: 'n1/noise.bin',
        text: noise(1_200_000),
      },
    ]);
    const bytes = compressed('bzip2', archive);
    await check(bytes?.subarray(0, bytes.length - 600));
  });
  test('an inner archive that is cut costs only itself', async () => {
    const inner = gzipSync(await tar(many));
    const bundle = await readBytes(
      await tar([
        { name: 'a/inner.tgz', text: inner.subarray(0, inner.length - 600) },
        { name: 'n9/ip_rule.txt', text: s.IP_RULE },
      ]),
    );
    expect(bundle.notes).toMatchObject([{ code: 'truncated', values: { file: 'a/inner.tgz' } }]);
    expect(captureList(bundle)).toEqual(expect.arrayContaining(['n9 ip-rule n9/ip_rule.txt']));
  });
  test('a checksum that does not hold is said', async () => {
    const bytes = gzipSync(plain);
    bytes.writeUInt32LE(bytes.readUInt32LE(bytes.length - 8) ^ 1, bytes.length - 8);
    expect((await readBytes(bytes)).notes).toMatchObject([{ code: 'truncated', values: { reason: 'corrupt' } }]);
  });
});

test('links of a folder are followed inside it only', async () => {
  stored('outside/secret.txt', s.IP_ROUTE);
  stored('links/n1/raw/one', s.XFRM_STAT);
  symlinkSync('raw/one', join(folder, 'links/n1/xfrm_stat.txt'));
  symlinkSync('../../outside/secret.txt', join(folder, 'links/n1/ip_route.txt'));
  symlinkSync('.', join(folder, 'links/n1/loop'));
  const bundle = await readBundle(join(folder, 'links'), {});
  expect(bundle.nodes.flatMap((n) => n.namespaces.flatMap((ns) => ns.captures.map((c) => c.kind)))).toEqual([
    'xfrm-stat',
  ]);
  expect(bundle.notes).toMatchObject([{ code: 'dead-link', values: { target: '../../outside/secret.txt' } }]);
});
