import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, expect, test } from 'vitest';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { readBundles } from '../../src/bundle/read-bundles.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-several-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const archive = async (name: string, members: Readonly<Record<string, string>>): Promise<string> => {
  const tar = pack();
  for (const [path, text] of Object.entries(members)) tar.entry({ name: path }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const file = join(dir, name);
  writeFileSync(file, Buffer.concat(chunks));
  return file;
};

const RULES = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n';

test('an archive per node is one bundle', async () => {
  const paths = [
    await archive('a.tar', { 'a/hostname': 'a\n', 'a/ip_rule.txt': RULES }),
    await archive('b.tar', { 'b/hostname': 'b\n', 'b/ip_rule.txt': RULES }),
  ];
  const bundle = await readBundles(paths, {});
  expect(bundle.nodes.map((node) => node.name)).toEqual(['a', 'b']);
  expect(bundle.name).toBe('a.tar b.tar');
});

test('files of one name are told apart by their archive, quoted each from its own, and nodes keep their own names', async () => {
  const paths = [
    await archive('x.tar', { hostname: 'alpha\n', 'ip_rule.txt': RULES }),
    await archive('y.tar', { hostname: 'beta\n', 'ip_rule.txt': `${RULES}40000:\tfrom all lookup 7\n` }),
  ];
  const bundle = await readBundles(paths, {});
  expect(bundle.nodes.map((node) => node.name)).toEqual(['alpha', 'beta']);
  const files = bundle.nodes.flatMap((node) =>
    node.namespaces.flatMap((ns) => ns.captures.filter((c) => c.kind === 'ip-rule').map((c) => c.file)),
  );
  expect(files).toEqual(['ip_rule.txt', 'y/ip_rule.txt']);
  const quotes = await quoteLines(bundle, new Map(files.map((file) => [file, new Set([4])])));
  expect(quotes.get('y/ip_rule.txt')?.get(4)).toContain('lookup 7');
  expect(quotes.get('ip_rule.txt')?.get(4)).toBeUndefined();
});

test('two archives of one node are that node', async () => {
  const paths = [
    await archive('n-1.tar', { 'n/hostname': 'n\n', 'n/ip_rule.txt': RULES }),
    await archive('n-2.tar', {
      'n/hostname': 'n\n',
      'n/ip_neigh.txt': '192.0.2.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE\n',
    }),
  ];
  const bundle = await readBundles(paths, {});
  expect(bundle.nodes).toHaveLength(1);
  expect(bundle.nodes[0]?.namespaces[0]?.captures.map((c) => c.kind)).toEqual(
    expect.arrayContaining(['ip-rule', 'ip-neigh']),
  );
});
