import { expect, test } from 'vitest';
import { buildNetwork } from '../../src/network/build.ts';
import { knows } from '../../src/network/namespace.ts';
import type { Capture } from '../../src/records/capture.ts';
import type { RuleTable } from '../../src/records/iptables.ts';
import type { VirtualService } from '../../src/records/ipvs.ts';
import { quotable } from '../quotable.ts';
import { at, capture, hop, link, route } from './make.ts';

const hostOf = (...captures: Capture[]) => {
  const network = buildNetwork({ nodes: [{ name: 'n1', namespaces: [{ name: '', captures }] }] });
  const host = network.nodes[0]?.host;
  if (!host) throw new Error('no node');
  return host;
};

test('ip addr, ip -s link and bridge link each tell a part of a device', () => {
  const stats = {
    rxPackets: 1,
    rxErrors: 0,
    rxDropped: 0,
    rxOtherhost: undefined,
    txPackets: 2,
    txErrors: 0,
    txDropped: 0,
  };
  const host = hostOf(
    capture('bridge-link', { links: [link('veth1', [], { hairpin: true, master: 'cni0', mtu: undefined })] }),
    capture('ip-addr', { links: [link('veth1', ['10.0.0.1/24'], { kind: 'veth', index: 7 })] }),
    capture('ip-link', { links: [link('veth1', [], { stats, index: 7 })] }),
  );
  expect(host.links.get('veth1')).toMatchObject({ hairpin: true, master: 'cni0', kind: 'veth', stats, mtu: 1500 });
  expect(host.links.get('veth1')?.addresses.map((a) => a.address)).toEqual(['10.0.0.1']);
  expect(knows(host, 'ip-link')).toBe(true);
});

test('a route that two captures show is one route', () => {
  const shown = () => route('10.0.0.0/24', hop('eth0'));
  const host = hostOf(
    capture('ip-route', { routes: [shown(), route('0.0.0.0/0', hop('eth0', '10.0.0.254'))] }),
    capture('ip-route', { routes: [shown()] }),
  );
  expect(host.routes.map((r) => r.prefix)).toEqual(['10.0.0.0/24', '0.0.0.0/0']);
});

const table = (file: string, over: Partial<RuleTable>): RuleTable => ({
  source: { file, line: 1 },
  family: 4,
  name: 'nat',
  backend: 'legacy',
  chains: new Map(),
  exact: true,
  ...over,
});

test('of one table the last dump counts; a listing gives way to a dump; another backend stands beside', () => {
  const host = hostOf(
    capture('iptables-save', { tables: [table('first', {}), table('nft', { backend: 'nft' })] }),
    capture('iptables-save', { tables: [table('last', {})] }),
    capture('iptables-list', { tables: [table('list', { exact: false, backend: 'unknown' })] }),
  );
  expect(host.tables.map((t) => t.source.file).sort()).toEqual(['last', 'nft']);
});

test('only an error message of the tool: not captured; a header without entries: none there', () => {
  const complaint = (text: string): Partial<Capture> => ({
    records: 0,
    toolMessages: [{ source: { file: 'x', line: 1 }, text: quotable(text) }],
  });
  const host = hostOf(
    capture('ipset', {}, complaint('bash: ipset: command not found')),
    capture('ipvsadm', {}, complaint("Can't initialize ipvs: Protocol not available")),
    capture('ip-neigh', {}, { records: 0, lines: 0 }),
    capture('conntrack', {}, { records: 0, ignored: 2 }),
  );
  expect([...host.captured].sort()).toEqual(['conntrack', 'ipvsadm']);
  expect(host.captureSources.get('ipvsadm')).toEqual([{ file: 'x', line: 1 }]);
});

test('a /proc file that is missing is no ipvs, another missing file says nothing', () => {
  const message = (text: string) => ({ records: 0, toolMessages: [{ source: at(), text: quotable(text) }] });
  expect(
    knows(hostOf(capture('ipvsadm', {}, message('cat: /proc/net/ip_vs: No such file or directory'))), 'ipvsadm'),
  ).toBe(true);
  expect(
    knows(
      hostOf(capture('conntrack', {}, message('cat: /proc/net/nf_conntrack: No such file or directory'))),
      'conntrack',
    ),
  ).toBe(false);
});

test('weights of ipvsadm -Ln and counters of --stats meet in one service, in either order', () => {
  const counters = { connections: 3, inPackets: 9, outPackets: 0, inBytes: 500, outBytes: 0 };
  const service = (over: Partial<VirtualService>, weight: number | undefined, counted: boolean): VirtualService => ({
    source: at(),
    family: 4,
    proto: 'tcp',
    address: '10.96.0.1',
    port: 443,
    fwmark: undefined,
    scheduler: undefined,
    persistent: undefined,
    onePacket: false,
    counters: counted ? counters : undefined,
    servers: [
      {
        source: at(),
        address: '10.0.0.9',
        port: 6443,
        method: weight === undefined ? 'unknown' : 'masq',
        weight,
        active: undefined,
        inactive: undefined,
        counters: counted ? counters : undefined,
      },
    ],
    ...over,
  });
  const listing = capture('ipvsadm', { services: [service({ scheduler: 'rr' }, 1, false)] });
  const stats = capture('ipvsadm', { services: [service({}, undefined, true)] });
  for (const host of [hostOf(listing, stats), hostOf(stats, listing)]) {
    expect(host.services).toHaveLength(1);
    expect(host.services[0]).toMatchObject({ scheduler: 'rr', counters });
    expect(host.services[0]?.servers).toMatchObject([{ weight: 1, method: 'masq', counters }]);
  }
});

test('conntrack -L comes before /proc/net/nf_conntrack', () => {
  const of = (file: string) =>
    capture('conntrack', {
      conntrack: {
        file,
        count: 0,
        entry: () => {
          throw new Error('empty');
        },
        rowsWithAddress: () => [],
        rowsInState: () => [],
        unrepliedRows: () => [],
        rowsTranslatedTo: () => [],
        sourceTranslatedRows: () => [],
        printedAt: () => undefined,
      } as unknown as NonNullable<Capture['data']['conntrack']>,
    });
  expect(hostOf(of('n1/proc/net/nf_conntrack'), of('n1/conntrack_-L.txt')).conntrack.map((t) => t.file)).toEqual([
    'n1/conntrack_-L.txt',
    'n1/proc/net/nf_conntrack',
  ]);
});

test('counters keep every snapshot, sysctls the last value', () => {
  const counter = (value: number) => ({ source: at(), name: 'XfrmInNoPols', value });
  const host = hostOf(
    capture('counters', { counters: [counter(1)] }),
    capture('counters', { counters: [counter(4)] }),
    capture('sysctl', { sysctls: [{ source: at(), name: 'a', value: '0' }] }),
    capture('sysctl', { sysctls: [{ source: at(), name: 'a', value: '1' }] }),
  );
  expect(host.counters.get('XfrmInNoPols')?.map((c) => c.value)).toEqual([1, 4]);
  expect(host.sysctls.get('a')?.value).toBe('1');
});

test('an address on many nodes has many owners; ports of a bridge are found', () => {
  const node = (name: string) => ({
    name,
    namespaces: [
      {
        name: '',
        captures: [
          capture('ip-addr', {
            links: [link('kube-ipvs0', ['10.96.0.1/32']), link('cni0'), link('v1', [], { master: 'cni0' })],
          }),
        ],
      },
    ],
  });
  const network = buildNetwork({ nodes: [node('a'), node('b')] });
  expect(network.owners('10.96.0.1').map((o) => `${o.namespace.id} ${o.link.name}`)).toEqual([
    'a kube-ipvs0',
    'b kube-ipvs0',
  ]);
  expect(network.owners('10.96.0.2')).toEqual([]);
  const a = network.nodes[0]?.host;
  expect(a && network.portsOf(a, 'cni0').map((l) => l.name)).toEqual(['v1']);
});
