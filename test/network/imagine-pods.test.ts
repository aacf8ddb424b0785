import { expect, test } from 'vitest';
import { readBundle } from '../../src/bundle/read-bundles.ts';
import { buildNetwork } from '../../src/network/build.ts';
import { walkFlow } from '../../src/path/walk.ts';
import { tar, tree } from '../bundle/archive.ts';

const network = async (files: Readonly<Record<string, string>>) => {
  const bytes = await tar(tree(files));
  const stdin = (async function* () {
    yield bytes;
  })();
  return buildNetwork(await readBundle('-', { stdin }));
};

const link = (index: number, name: string, text: string, more = ''): string =>
  `${index}: ${name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue ${more}state UP group default\n    link/ether 02:00:00:00:00:0${index} brd ff:ff:ff:ff:ff:ff\n${text}`;

const NODE = (own: number) => ({
  [`n${own}/hostname`]: `n${own}\n`,
  [`n${own}/ip_addr.txt`]: `${link(2, 'eth0', `    inet 192.0.2.${own}/24 brd 192.0.2.255 scope global eth0\n`)}${link(3, 'cni0', `    inet 10.1.${own}.1/24 brd 10.1.${own}.255 scope global cni0\n`)}${link(4, 'veth1234abcd@if2', '', 'master cni0 ')}${link(5, 'cali99aa@if3', '')}`,
  [`n${own}/ip_route.txt`]: `default via 192.0.2.254 dev eth0\n10.1.${own}.0/24 dev cni0 proto kernel scope link src 10.1.${own}.1\n10.1.${3 - own}.0/24 via 192.0.2.${3 - own} dev eth0\n10.9.${own}.7 dev cali99aa scope link\n10.9.${3 - own}.7 via 192.0.2.${3 - own} dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.${own}\n`,
  [`n${own}/ip_neigh.txt`]: `10.1.${own}.5 dev cni0 lladdr 02:00:00:00:00:55 STALE\n10.1.${own}.6 dev cni0 FAILED\n192.0.2.9 dev eth0 lladdr 02:00:00:00:00:99 REACHABLE\n`,
  [`n${own}/sysctl_-a.txt`]: 'net.ipv4.ip_forward = 1\n',
});

test('without a capture of its own a pod is what its host knows of it: by route and by neighbour, not by a failed one', async () => {
  const net = await network({ ...NODE(1), ...NODE(2) });
  expect([...net.namespaces.keys()]).toEqual(['n1', 'n1/10.9.1.7', 'n1/10.1.1.5', 'n2', 'n2/10.9.2.7', 'n2/10.1.2.5']);
  expect(net.namespaces.get('n1/10.1.1.5')?.imagined).toBe(true);
  expect(net.owners('192.0.2.9')).toEqual([]);
});

test('a packet goes from such a pod to another and back, over their hosts', async () => {
  const net = await network({ ...NODE(1), ...NODE(2) });
  for (const [src, dst] of [
    ['10.1.1.5', '10.1.2.5'],
    ['10.9.1.7', '10.9.2.7'],
    ['10.1.1.5', '10.9.2.7'],
  ] as const) {
    const start = net.owners(src)[0]?.namespace.id;
    const [branch] = walkFlow(net, { proto: 'tcp', src, sport: 4000, dst, dport: 80, start }).branches;
    expect(branch?.outcome).toBe('delivered');
    expect([...new Set(branch?.forward.steps.map((s) => s.node))]).toEqual(['n1', 'n2']);
    expect(branch?.reply?.end).toMatchObject({ outcome: 'delivered', node: 'n1', namespace: src });
    expect(branch?.assumptions.map((a) => a.code)).toContain('listener-assumed');
  }
});

test('a node of which a pod was captured has no others', async () => {
  const net = await network({
    ...NODE(1),
    'n1/netns/web/ip_addr.txt': link(2, 'eth0@if4', '    inet 10.1.1.8/24 scope global eth0\n'),
  });
  expect([...net.namespaces.keys()]).toEqual(['n1', 'n1/web']);
});

test('a host route out of a device with a network of its own leads to that network, not to a pod', async () => {
  const shared = link(6, 'eth1@if9', '    inet 198.51.100.1/24 brd 198.51.100.255 scope global eth1\n');
  const node = NODE(1);
  const net = await network({
    ...node,
    'n1/ip_addr.txt': `${node['n1/ip_addr.txt']}${shared}`,
    'n1/ip_route.txt': `${node['n1/ip_route.txt']}10.96.0.10 dev eth1 scope link\n`,
  });
  expect(net.owners('10.96.0.10')).toEqual([]);
  expect(net.owners('10.9.1.7')).toHaveLength(1);
});
