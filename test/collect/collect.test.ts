import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readBundle } from '../../src/bundle/read-bundles.ts';
import { buildNetwork } from '../../src/network/build.ts';

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

/** What the collector takes and no module reads yet. */
const NOT_READ =
  /^(?:bridge_vlan_show|ip_nexthop|pmtu_exceptions(?:_ipv6)?|tc_-s_(?:qdisc|filter)|swanctl_--list-sas|ipsec_statusall|firewall-cmd_.{1,40}|ufw_status_verbose|docker_(?:ps|network_ls))\.txt$/;

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
    // Collected for people and for what will read it; nothing takes it for something else.
    const names = bundle.ignored.map(({ file }) => file.slice(file.lastIndexOf('/') + 1));
    expect(names.filter((name) => !NOT_READ.test(name))).toEqual([]);
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

test('a DES key, of sixteen digits, neither; SPIs, marks and sequence numbers stay', () => {
  writeFileSync(
    join(dir, 'ip'),
    `#!/bin/sh\ncase "$*" in *"xfrm state"*) printf 'src 192.0.2.1 dst 192.0.2.2\\n\\tproto esp spi 0xc1000001 reqid 1 mode tunnel\\n\\tmark 0x10/0xff\\n\\tauth-trunc hmac(md5) 0x8f3a1b2c4d5e6f70 96\\n\\tenc cbc(des) 0x5ec7e75ec7e7abcd\\n' ;; esac\n`,
  );
  chmodSync(join(dir, 'ip'), 0o755);
  const { stdout } = run('sh', [script, '-o', '-', '--no-pods', '--node', 'n'], `${dir}:${process.env.PATH}`);
  const text = gunzipSync(stdout).toString('latin1');
  expect(text).toContain('enc cbc(des) <<Keys hidden>>');
  expect(text).toContain('auth-trunc hmac(md5) <<Keys hidden>> 96');
  expect(text).toContain('mark 0x10/0xff');
  expect(text).toContain('spi 0xc1000001');
  expect(text).not.toContain('5ec7e75ec7e7abcd');
});

/** Tools of our own in front of the machine's. */
const withTools = async (tools: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const bin = mkdtempSync(join(dir, 'bin-'));
  for (const [name, body] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const archive = join(bin, 'x.tgz');
  const { status } = run(
    'sh',
    [script, '-o', archive, '--no-pods', '--node', 'n', ...args],
    `${bin}:${process.env.PATH}`,
  );
  expect(status).toBe(0);
  const { readFileSync } = await import('node:fs');
  return { bundle: await readBundle(archive, {}), text: gunzipSync(readFileSync(archive)).toString('latin1') };
};

const root = process.getuid?.() === 0;

test.skipIf(!root)(
  'an empty output is a capture that says "none"; one that failed without a word is none',
  async () => {
    const { bundle } = await withTools({
      'iptables-save': 'exit 0',
      ipset: 'exit 0',
      conntrack: 'exit 1',
      nft: 'echo "Operation not permitted (you must be root)" >&2',
    });
    const { host } = buildNetwork(bundle).nodes[0] ?? {};
    expect(host?.captured.has('iptables-save')).toBe(true);
    expect(host?.captured.has('ipset')).toBe(true);
    expect(host?.captured.has('conntrack')).toBe(false);
    expect(host?.captured.has('nft-ruleset')).toBe(false);
    expect(host?.tables).toEqual([]);
    const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
    expect(captures.filter(({ kind, unread }) => kind === 'iptables-save' && unread > 0)).toEqual([]);
  },
);

test("WireGuard's private keys are never asked for", async () => {
  const { text } = await withTools({
    wg: 'test "$WG_HIDE_KEYS" = always && test "$*" = show && echo "interface: wg0" || echo "private key: leaked"',
  });
  expect(text).toContain('interface: wg0');
  expect(text).not.toContain('leaked');
});

test('what daemons tell is taken where they are, and listed as not read', async () => {
  const { bundle } = await withTools({
    swanctl: 'echo "site-b: #3, ESTABLISHED, IKEv2, 0011223344556677_i* 8899aabbccddeeff_r"',
    ufw: 'printf "Status: active\\nDefault: deny (incoming), allow (outgoing), deny (routed)\\n"',
    'firewall-cmd': 'printf "public (active)\\n  target: default\\n  interfaces: eth0\\n"',
    docker: 'echo "5f6a bridge bridge local"',
  });
  const names = bundle.ignored.map(({ file }) => file.slice(file.lastIndexOf('/') + 1));
  expect(names).toEqual(
    expect.arrayContaining([
      'swanctl_--list-sas.txt',
      'ufw_status_verbose.txt',
      'firewall-cmd_--list-all-zones.txt',
      'docker_network_ls.txt',
    ]),
  );
  expect(names.filter((name) => !NOT_READ.test(name))).toEqual([]);
});

test('a command that hangs is cut, said so, and holds up nothing else', async () => {
  const { text } = await withTools({ ipset: 'exec sleep 600' }, '--timeout', '1', '--jobs', '2');
  expect(text).toContain('timeout: ipset: no end after 1 s, cut here');
  expect(text).toContain('n/ip_rule.txt');
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
