import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readBundle } from '../../src/bundle/read-bundles.ts';

const script = fileURLToPath(new URL('../../collect/netautopsy-collect.sh', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'netautopsy-collect-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (command: string, args: readonly string[], path?: string) =>
  spawnSync(command, args, {
    encoding: 'buffer',
    env: { ...process.env, ...(path ? { PATH: path } : {}) },
    maxBuffer: 1 << 26,
  });

const namespaces = run('ip', ['netns', 'add', 'na-collect']).status === 0;
if (!namespaces) console.warn('SKIPPED: no root or no ip: the collector is not run in a namespace');
afterAll(() => {
  if (namespaces) run('ip', ['netns', 'del', 'na-collect']);
});

describe.skipIf(!namespaces)('the collector in a namespace of this machine', () => {
  test('makes an archive of which every file is recognised and every line read', async () => {
    for (const args of [
      'link set lo up',
      'link add v0 type veth peer name v1',
      'addr add 198.51.100.1/24 dev v0',
      'link set v0 up',
      'link set v1 up',
      'route add 203.0.113.0/24 via 198.51.100.9',
      'rule add fwmark 0x40 lookup 100',
      'addr add 2001:db8::1/64 dev v0',
    ])
      run('ip', ['-n', 'na-collect', ...args.split(' ')]);
    const archive = join(dir, 'one.tgz');
    const { status, stderr } = run('ip', [
      'netns',
      'exec',
      'na-collect',
      'sh',
      script,
      '-o',
      archive,
      '--node',
      'gw 1/x',
      '--no-pods',
    ]);
    expect(stderr.toString()).toContain('one.tgz');
    expect(status).toBe(0);
    const bundle = await readBundle(archive, {});
    expect(bundle.nodes.map((node) => node.name)).toEqual(['gw_1_x']);
    expect(bundle.ignored).toEqual([]);
    const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
    expect(
      captures.flatMap((c) => c.unreadLines.map((line) => `${line.source.file}:${line.source.line} ${line.text}`)),
    ).toEqual([]);
    const routes = captures.flatMap((c) => c.data.routes ?? []);
    expect(routes.find((route) => route.prefix === '203.0.113.0/24')?.nextHops[0]?.via).toBe('198.51.100.9');
    expect(captures.flatMap((c) => c.data.rules ?? []).some((rule) => rule.fwmark?.value === 0x40)).toBe(true);
  });

  test('pods are found by the namespaces of processes and of ip netns', async () => {
    const { stdout, status } = run('sh', [script, '-o', '-', '--node', 'host']);
    expect(status).toBe(0);
    const archive = join(dir, 'pods.tgz');
    writeFileSync(archive, stdout);
    const bundle = await readBundle(archive, {});
    expect(bundle.nodes[0]?.namespaces.map((ns) => ns.name)).toContain('na-collect');
  });
});

test('an IPsec key that a tool prints never reaches the archive', () => {
  const key = '8f3a1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c';
  writeFileSync(
    join(dir, 'ip'),
    `#!/bin/sh\ncase "$*" in *"xfrm state"*) printf 'src 192.0.2.1 dst 192.0.2.2\\n\\tproto esp spi 0xc1000001 reqid 1 mode tunnel\\n\\taead rfc4106(gcm(aes)) 0x${key} 128\\n' ;; esac\n`,
  );
  chmodSync(join(dir, 'ip'), 0o755);
  const { stdout } = run('sh', [script, '-o', '-', '--no-pods', '--node', 'n'], `${dir}:${process.env.PATH}`);
  const text = gunzipSync(stdout).toString('latin1');
  expect(text).toContain('aead rfc4106(gcm(aes)) <<Keys hidden>> 128');
  expect(text).toContain('spi 0xc1000001');
  expect(text).not.toContain(key);
});

test.each([['--capture'], ['--timeout', 'soon'], ['--frobnicate']])(
  'a wrong call is said in one line: %s',
  (...args) => {
    const { status, stderr } = run('sh', [script, ...args]);
    expect(status).toBe(2);
    expect(stderr.toString().trim().split('\n')).toHaveLength(1);
  },
);

test('shellcheck has nothing to say', (context) => {
  const { status, stdout, error } = run('shellcheck', [script]);
  if (error) {
    console.warn('SKIPPED: no shellcheck on this machine');
    context.skip();
  }
  expect(stdout.toString()).toBe('');
  expect(status).toBe(0);
});
