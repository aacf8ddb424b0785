import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { readBundles } from '../../src/bundle/read-bundles.ts';
import { readTree, tar, tree } from './archive.ts';
import * as s from './samples.ts';

const dir = mkdtempSync(join(tmpdir(), 'machines-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

/** Several archives, read as one bundle. */
const several = async (archives: Readonly<Record<string, Files>>, moment: 'last' | 'earlier' = 'last') => {
  const paths: string[] = [];
  for (const [name, files] of Object.entries(archives)) {
    const path = join(dir, name);
    writeFileSync(path, await tar(tree(files)));
    paths.push(path);
  }
  return readBundles(paths, { moment });
};

const nodes = (bundle: Bundle): readonly string[] => bundle.nodes.map(({ name }) => name).sort();
const codes = (bundle: Bundle): readonly string[] =>
  bundle.notes.map(({ code }) => code).filter((code) => code !== 'torn-snapshot');
/** Nodes with an address of their own, and how often it stands there: nothing twice. */
const holders = (bundle: Bundle): readonly string[] =>
  bundle.nodes
    .flatMap(({ name, namespaces }) =>
      namespaces.flatMap((ns) =>
        [
          ...new Set(
            ns.captures.flatMap(({ data }) => (data.links ?? []).flatMap((l) => l.addresses.map((a) => a.address))),
          ),
        ]
          .filter((address) => !address.startsWith('127.'))
          .map((address) => `${[name, ns.name].filter((n) => n !== '').join('/')} ${address}`),
      ),
    )
    .sort();
const prefixes = (bundle: Bundle, node: string): readonly string[] =>
  (bundle.nodes.find(({ name }) => name === node)?.namespaces ?? []).flatMap((ns) =>
    ns.captures.flatMap(({ data }) => (data.routes ?? []).map(({ prefix }) => prefix)),
  );

const addr = (mac: string, address: string, device = 'eth0', index = 2): string =>
  `${s.IP_ADDR}${index}: ${device}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000\n` +
  `    link/ether ${mac} brd ff:ff:ff:ff:ff:ff\n    inet ${address} scope global ${device}\n       valid_lft forever preferred_lft forever\n`;
const veth = (index: number, peer: number, mac: string, address: string): string =>
  addr(mac, address, `eth0@if${peer}`, index).replaceAll(`global eth0@if${peer}`, 'global eth0');
const at = (time: string, day = 20): string => `Fri Nov ${day} ${time} UTC 2026\n`;
const route = (prefix: string): string =>
  `${prefix} via 10.7.0.1 dev eth0 \n10.7.0.0/24 dev eth0 proto kernel scope link \n`;

const MAC = '3c:ec:ef:10:20:30';
const OTHER_MAC = '3c:ec:ef:99:88:77';
const host = (name: string, mac: string, address: string, time: string, prefix = '10.20.0.0/16'): Files => ({
  hostname: `${name}\n`,
  date: at(time),
  'ip_addr.txt': addr(mac, address),
  'ip_route.txt': route(prefix),
});
const under = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
const without = (files: Files, ...names: readonly string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.some((other) => name.endsWith(other))));

const OLD = host('edge', MAC, '10.7.0.5/24', '08:00:00', '10.21.0.0/16');
const NEW = host('edge', MAC, '10.7.0.5/24', '12:30:00', '10.22.0.0/16');
const PEER = host('peer', OTHER_MAC, '10.7.0.6/24', '12:30:10');

describe('one machine at several moments: the last is what is read', () => {
  test.each<[string, Files, readonly string[]]>([
    ['folders before and after', { ...under('before/edge', OLD), ...under('after/edge', NEW) }, ['edge']],
    [
      'the names are in the wrong order, the clocks decide',
      { ...under('b/edge', OLD), ...under('a/edge', NEW) },
      ['edge'],
    ],
    ['a folder of each day', { ...under('2026-11-20_08/edge', OLD), ...under('2026-11-20_12/edge', NEW) }, ['edge']],
    ['the moments alone', { ...under('before', OLD), ...under('after', NEW) }, ['edge']],
    [
      'without a name: the device tells',
      { ...under('run1', without(OLD, 'hostname')), ...under('run2', without(NEW, 'hostname')) },
      ['run1'],
    ],
    [
      'two machines twice',
      {
        ...under('before/edge', OLD),
        ...under('before/peer', { ...PEER, date: at('08:00:10') }),
        ...under('after/edge', NEW),
        ...under('after/peer', PEER),
      },
      ['edge', 'peer'],
    ],
    [
      'without a clock the names tell',
      { ...under('after/edge', without(NEW, 'date')), ...under('before/edge', without(OLD, 'date')) },
      ['edge'],
    ],
    [
      'the full name and the short one',
      { ...under('before', { ...OLD, hostname: 'edge.lab.example\n' }), ...under('after', NEW) },
      ['edge'],
    ],
  ])('%s', async (_, files, expected) => {
    const bundle = await readTree(files);
    expect(bundle.nodes).toHaveLength(expected.length);
    expect(codes(bundle)).toContain('earlier-moments');
    const name = nodes(bundle)[0] ?? '';
    if (!name.startsWith('run')) expect(nodes(bundle)).toEqual(expected);
    expect(prefixes(bundle, name)).toContain('10.22.0.0/16');
    expect(prefixes(bundle, name)).not.toContain('10.21.0.0/16');
    const own = holders(bundle).map((held) => held.split(' ')[1]);
    expect(new Set(own).size).toBe(own.length);
  });

  test('two archives; the earlier moment on demand; what differs is counted', async () => {
    const archives = { 'edge-mon.tar': under('edge', OLD), 'edge-tue.tar': under('edge', NEW) };
    const last = await several(archives);
    expect(nodes(last)).toEqual(['edge']);
    expect(prefixes(last, 'edge')).not.toContain('10.21.0.0/16');
    expect(last.notes.find(({ code }) => code === 'earlier-moments')).toMatchObject({
      values: { node: 'edge', differences: 2, how: 'times' },
    });
    const earlier = await several(archives, 'earlier');
    expect(prefixes(earlier, 'edge')).toContain('10.21.0.0/16');
    expect(prefixes(earlier, 'edge')).not.toContain('10.22.0.0/16');
  });
  test('the order of the archives decides nothing', async () => {
    const bundle = await several({ 'b.tar': under('edge', NEW), 'a.tar': under('edge', OLD) });
    expect(prefixes(bundle, 'edge')).toContain('10.22.0.0/16');
    expect(prefixes(bundle, 'edge')).not.toContain('10.21.0.0/16');
  });
  test("another run's leftovers in a sosreport's archive", async () => {
    const run = (id: string, files: Files): Files => ({
      [`sosreport-edge-2026-11-20-${id}/sos_commands/host/hostname`]: 'edge\n',
      [`sosreport-edge-2026-11-20-${id}/sos_commands/date/date`]: files.date ?? '',
      [`sosreport-edge-2026-11-20-${id}/sos_commands/networking/ip_-d_address`]: files['ip_addr.txt'] ?? '',
      [`sosreport-edge-2026-11-20-${id}/sos_commands/networking/ip_route_show_table_all`]: files['ip_route.txt'] ?? '',
    });
    const bundle = await readTree({ ...run('zzzzzzz', OLD), ...run('aaaaaaa', NEW) });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(prefixes(bundle, 'edge')).toContain('10.22.0.0/16');
    expect(prefixes(bundle, 'edge')).not.toContain('10.21.0.0/16');
  });
  test('two listings in one folder, by their names; counters of both moments stay', async () => {
    const bundle = await readTree({
      'edge/hostname': 'edge\n',
      'edge/ip_route_before.txt': route('10.21.0.0/16'),
      'edge/ip_route_after.txt': route('10.22.0.0/16'),
      'edge/xfrm_stat_before.txt': s.XFRM_STAT,
      'edge/xfrm_stat_after.txt': s.XFRM_STAT.replace('6', '9'),
    });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(prefixes(bundle, 'edge').filter((prefix) => prefix.endsWith('/16'))).toEqual(['10.22.0.0/16']);
    expect(codes(bundle)).toEqual(['earlier-listing']);
    const kinds = bundle.nodes.flatMap((n) => n.namespaces.flatMap((ns) => ns.captures.map(({ kind }) => kind)));
    expect(kinds.filter((kind) => kind === 'xfrm-stat')).toHaveLength(2);
  });
  test('one machine, three times', async () => {
    const third = host('edge', MAC, '10.7.0.5/24', '20:00:00', '10.23.0.0/16');
    const bundle = await readTree({ ...under('t1', OLD), ...under('t2', NEW), ...under('t3', third) });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(prefixes(bundle, 'edge').filter((prefix) => prefix.endsWith('/16'))).toEqual(['10.23.0.0/16']);
    const told = bundle.notes.find(({ code }) => code === 'earlier-moments');
    expect(told?.values).toMatchObject({ earlier: [expect.any(String), expect.any(String)] });
  });
});

describe('one machine at one moment: one node, the newer listing holds', () => {
  test('a second collection some minutes later', async () => {
    const later = host('edge', MAC, '10.7.0.5/24', '08:04:00', '10.22.0.0/16');
    const bundle = await readTree({ ...under('t1', OLD), ...under('t2', later) });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(prefixes(bundle, 'edge').filter((prefix) => prefix.endsWith('/16'))).toEqual(['10.22.0.0/16']);
    expect(codes(bundle)).toEqual(['same-machine']);
  });
  test('a pasted text of the host that a sosreport is of', async () => {
    const bundle = await readTree({
      'sosreport-edge-2026-11-20-abcdefg/sos_commands/host/hostname': 'edge\n',
      'sosreport-edge-2026-11-20-abcdefg/sos_commands/networking/ip_-d_address': addr(MAC, '10.7.0.5/24'),
      'ticket.txt': `root@edge:~# ip route\n${route('10.20.0.0/16')}`,
    });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(prefixes(bundle, 'edge')).toContain('10.20.0.0/16');
  });
  test('pasted files without a name: the device tells', async () => {
    const bundle = await readTree({
      'sosreport-edge-2026-11-20-abcdefg/sos_commands/host/hostname': 'edge\n',
      'sosreport-edge-2026-11-20-abcdefg/sos_commands/networking/ip_-d_address': addr(MAC, '10.7.0.5/24'),
      'ip_addr.txt': addr(MAC, '10.7.0.5/24'),
      'ip_rule.txt': s.IP_RULE,
    });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(holders(bundle)).toEqual(['edge 10.7.0.5']);
  });
  test('archives of one node with different files', async () => {
    const bundle = await several({
      'one.tar': under('edge', without(OLD, 'ip_route.txt')),
      'two.tar': under('edge', { hostname: 'edge\n', 'ip_route.txt': route('10.20.0.0/16') }),
    });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(codes(bundle)).toEqual([]);
  });
  test('a single listing that was taken again the next day completes what is there', async () => {
    const whole = {
      ...OLD,
      'ip_rule.txt': s.IP_RULE,
      'ip_neigh.txt': s.IP_NEIGH,
      'bridge_fdb.txt': s.FDB,
      'ipset_list.txt': s.IPSET,
    };
    const bundle = await readTree({
      ...under('before/edge', whole),
      ...under('after/edge', { hostname: 'edge\n', date: at('12:30:00'), 'ip_route.txt': route('10.22.0.0/16') }),
    });
    expect(nodes(bundle)).toEqual(['edge']);
    expect(holders(bundle)).toEqual(['edge 10.7.0.5']);
    expect(prefixes(bundle, 'edge').filter((prefix) => prefix.endsWith('/16'))).toEqual(['10.22.0.0/16']);
  });
});

describe('two machines stay two', () => {
  test.each<[string, Files, number]>([
    [
      'a duplicate address',
      {
        ...under('a', host('a', MAC, '10.7.0.5/24', '08:00:00')),
        ...under('b', host('b', OTHER_MAC, '10.7.0.5/24', '08:00:01')),
      },
      2,
    ],
    [
      'a clone with one MAC, by its names',
      {
        ...under('a', host('a', MAC, '10.7.0.5/24', '08:00:00')),
        ...under('b', host('b', MAC, '10.7.0.5/24', '08:00:01')),
      },
      2,
    ],
    [
      'one name in two sites',
      { ...under('east/edge', OLD), ...under('west/edge', host('edge', OTHER_MAC, '10.8.0.5/24', '08:00:00')) },
      2,
    ],
    [
      'one name in two sites, nothing else told',
      {
        ...under('east/edge', { hostname: 'edge\n', 'ip_rule.txt': s.IP_RULE }),
        ...under('west/edge', { hostname: 'edge\n', 'ip_rule.txt': s.IP_RULE }),
      },
      2,
    ],
    [
      'docker0 is on every host',
      {
        ...under('x', { 'ip_addr.txt': addr('02:42:0a:00:00:01', '172.17.0.1/16', 'docker0') }),
        ...under('y', { 'ip_addr.txt': addr('02:42:0a:00:00:01', '172.17.0.1/16', 'docker0') }),
      },
      2,
    ],
    [
      "Calico's MAC is everybody's",
      {
        ...under('x', { 'ip_addr.txt': addr('ee:ee:ee:ee:ee:ee', '169.254.1.1/24') }),
        ...under('y', { 'ip_addr.txt': addr('ee:ee:ee:ee:ee:ee', '169.254.1.1/24') }),
      },
      2,
    ],
    [
      "VRRP's MAC goes from one to the other",
      {
        ...under('x', { 'ip_addr.txt': addr('00:00:5e:00:01:0a', '10.7.0.9/24', 'vrrp10') }),
        ...under('y', { 'ip_addr.txt': addr('00:00:5e:00:01:0a', '10.7.0.9/24', 'vrrp10') }),
      },
      2,
    ],
    [
      'machines that were never named',
      {
        ...under('x', host('localhost', MAC, '10.7.0.5/24', '08:00:00')),
        ...under('y', host('localhost', OTHER_MAC, '10.7.0.6/24', '08:00:01')),
      },
      2,
    ],
    [
      'an image with its machine-id',
      {
        ...under('x', {
          'hostnamectl.txt': `   Static hostname: x\n        Machine ID: 0123456789abcdef0123456789abcdef\n`,
          'ip_addr.txt': addr(MAC, '10.7.0.5/24'),
        }),
        ...under('y', {
          'hostnamectl.txt': `   Static hostname: y\n        Machine ID: 0123456789abcdef0123456789abcdef\n`,
          'ip_addr.txt': addr(OTHER_MAC, '10.7.0.6/24'),
        }),
      },
      2,
    ],
  ])('%s', async (_, files, count) => {
    const bundle = await readTree(files);
    expect(bundle.nodes).toHaveLength(count);
    expect(codes(bundle)).toEqual([]);
  });
  test('one name in two archives of different machines', async () => {
    const bundle = await several({
      'east.tar': { ...OLD },
      'west.tar': { ...host('edge', OTHER_MAC, '10.8.0.5/24', '08:00:00') },
    });
    expect(nodes(bundle)).toEqual(['east/edge', 'west/edge']);
    expect(codes(bundle)).toContain('same-name');
    expect(holders(bundle)).toEqual(['east/edge 10.7.0.5', 'west/edge 10.8.0.5']);
  });
  test('one machine-id says no more than that the names agree; another one that they do not', async () => {
    const machine = (id: string): Files => ({
      'hostnamectl.txt': `   Static hostname: edge\n        Machine ID: ${id.repeat(32)}\n`,
      'ip_rule.txt': s.IP_RULE,
    });
    expect(nodes(await several({ 'one.tar': machine('a'), 'two.tar': machine('b') }))).toEqual([
      'one/edge',
      'two/edge',
    ]);
    expect(nodes(await several({ 'one.tar': machine('a'), 'two.tar': machine('a') }))).toEqual(['edge']);
  });
});

describe('one namespace under several names', () => {
  const POD = veth(3, 17, '5a:11:22:33:44:55', '10.244.1.7/32');
  const node = under('n1', host('n1', MAC, '10.7.0.5/24', '08:00:00'));
  test('the name of ip netns and the pod’s', async () => {
    const bundle = await readTree({
      ...node,
      'n1/netns/cni-0a1b2c/ip_addr.txt': POD,
      'n1/netns/web/ip_addr.txt': POD,
      'n1/netns/web/ip_rule.txt': s.IP_RULE,
    });
    expect(bundle.nodes.map((n) => n.namespaces.map((ns) => ns.name))).toEqual([['', 'web']]);
    expect(codes(bundle)).toEqual(['same-namespace']);
  });
  test('the pod’s own view beside the host’s', async () => {
    const bundle = await readTree({
      ...node,
      'n1/netns/cni-0a1b2c/ip_route.txt': s.IP_ROUTE,
      'n1/netns/cni-0a1b2c/ip_addr.txt': POD,
      'web-5d9/hostname': 'web-5d9\n',
      'web-5d9/ip_addr.txt': POD,
    });
    expect(nodes(bundle)).toEqual(['n1']);
    expect(holders(bundle)).toEqual(['n1 10.7.0.5', 'n1/cni-0a1b2c 10.244.1.7']);
  });
  test('the host’s own namespace by another name', async () => {
    const bundle = await readTree({ ...node, 'n1/netns/host/ip_addr.txt': addr(MAC, '10.7.0.5/24') });
    expect(bundle.nodes.map((n) => n.namespaces.map((ns) => ns.name))).toEqual([['']]);
  });
  test('an address that was given out twice is two pods’', async () => {
    const bundle = await readTree({
      ...node,
      'n1/netns/a/ip_addr.txt': POD,
      'n1/netns/b/ip_addr.txt': veth(3, 19, '5a:11:22:33:44:66', '10.244.1.7/32'),
    });
    expect(bundle.nodes.map((n) => n.namespaces.map((ns) => ns.name))).toEqual([['', 'a', 'b']]);
    expect(codes(bundle)).toEqual([]);
  });
  test('pods of two nodes may look alike but for their MAC', async () => {
    const bundle = await readTree({
      ...node,
      ...under('n2', host('n2', OTHER_MAC, '10.7.0.6/24', '08:00:00')),
      'n1/netns/a/ip_addr.txt': POD,
      'n2/netns/a/ip_addr.txt': POD.replace('5a:11:22:33:44:55', '5a:11:22:33:44:56'),
    });
    expect(bundle.nodes.map((n) => n.namespaces.length)).toEqual([2, 2]);
  });
});

describe('bundles that have nothing to do with one another', () => {
  test('are said to', async () => {
    const far = {
      ...host('far', OTHER_MAC, '192.0.2.8/24', '08:00:05'),
      'ip_route.txt': 'default via 192.0.2.1 dev eth0 \n',
    };
    const bundle = await several({ 'one.tar': OLD, 'two.tar': far });
    expect(nodes(bundle)).toEqual(['edge', 'far']);
    expect(bundle.notes.find(({ code }) => code === 'unrelated')?.values).toEqual({ bundles: ['one.tar', 'two.tar'] });
  });
  test('a route to the other is a relation, a subnet in common too', async () => {
    const far = host('far', OTHER_MAC, '10.21.3.4/24', '08:00:05', '10.9.0.0/16');
    expect(codes(await several({ 'one.tar': OLD, 'two.tar': far }))).toEqual([]);
    expect(codes(await several({ 'one.tar': OLD, 'two.tar': { ...PEER, date: at('08:00:01') } }))).toEqual([]);
  });
});
