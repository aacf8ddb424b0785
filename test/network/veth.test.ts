import { expect, test } from 'vitest';
import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import type { Link } from '../../src/records/link.ts';
import type { Neighbour } from '../../src/records/route.ts';
import { at, capture, hop, link, route } from './make.ts';
import { recorded, recordedBundles } from './recorded.ts';

const node = (
  host: readonly Link[],
  pods: Readonly<Record<string, readonly Link[]>>,
  more: Parameters<typeof capture>[1] = {},
): Network =>
  buildNetwork({
    nodes: [
      {
        name: 'n1',
        namespaces: [
          { name: '', captures: [capture('ip-addr', { links: host }), capture('ip-route', more)] },
          ...Object.entries(pods).map(([name, links]) => ({ name, captures: [capture('ip-addr', { links })] })),
        ],
      },
    ],
  });

const peer = (network: Network, id: string, device: string): string | undefined => {
  const ns = network.namespaces.get(id);
  if (!ns) throw new Error(`no ${id}`);
  const found = network.vethPeer(ns, device);
  return found && `${found.namespace.id} ${found.link.name}`;
};

test('indices that point at one another make a pair', () => {
  const network = node([link('eth0', [], { index: 2 }), link('veth1', [], { index: 9, peerIndex: 3 })], {
    web: [link('eth0', ['10.0.0.5/24'], { index: 3, peerIndex: 9 })],
  });
  expect(peer(network, 'n1', 'veth1')).toBe('n1/web eth0');
  expect(peer(network, 'n1/web', 'eth0')).toBe('n1 veth1');
  expect(peer(network, 'n1', 'eth0')).toBeUndefined();
});

test('the same indices in two pods are told apart by the name of the namespace', () => {
  const pod = () => [link('eth0', [], { index: 3, peerIndex: 9 })];
  const network = node([link('v', [], { index: 9, peerIndex: 3, peerNetns: 'b' })], { a: pod(), b: pod() });
  expect(peer(network, 'n1', 'v')).toBe('n1/b eth0');
  expect(peer(network, 'n1/a', 'eth0')).toBeUndefined();
});

test('the same indices in two pods are told apart by the route to the address, or by the MAC', () => {
  const pod = (ip: string, mac: string) => [link('eth0', [`${ip}/32`], { index: 3, peerIndex: 9, mac })];
  const pods = { a: pod('10.0.0.1', '02:00:00:00:00:01'), b: pod('10.0.0.2', '02:00:00:00:00:02') };
  const host = [link('v', [], { index: 9, peerIndex: 3, peerNetns: 'cni-77' })];
  expect(peer(node(host, pods, { routes: [route('10.0.0.1/32', hop('v'))] }), 'n1', 'v')).toBe('n1/a eth0');
  const neighbour: Neighbour = {
    source: at(),
    family: 4,
    address: '10.0.0.2',
    dev: 'v',
    mac: '02:00:00:00:00:02',
    states: ['STALE'],
    router: false,
    proxy: false,
  };
  expect(peer(node(host, pods, { neighbours: [neighbour] }), 'n1', 'v')).toBe('n1/b eth0');
  expect(peer(node(host, pods), 'n1', 'v')).toBeUndefined();
});

test('a namespace that the bundle does not hold is no pod that happens to fit', () => {
  const network = node(
    [
      link('up', [], { index: 6, peerIndex: 7, peerNetns: 'outer' }),
      link('v', [], { index: 8, peerIndex: 2, peerNetns: 'a' }),
    ],
    { a: [link('eth0', [], { index: 2, peerIndex: 8 }), link('net1', [], { index: 7, peerIndex: 6 })] },
  );
  expect(peer(network, 'n1', 'up')).toBeUndefined();
  expect(peer(network, 'n1', 'v')).toBe('n1/a eth0');
});

test('a listing without indices (ifconfig) still has its neighbours and routes', () => {
  const pods = { a: [link('eth0', ['10.0.0.1/32'])], b: [link('eth0', ['10.0.0.2/32'])] };
  const routes = [route('10.0.0.1/32', hop('v1')), route('10.0.0.2/32', hop('v2'))];
  const network = node([link('v1'), link('v2'), link('v3')], pods, { routes });
  expect(['v1', 'v2', 'v3'].map((device) => peer(network, 'n1', device))).toEqual([
    'n1/a eth0',
    'n1/b eth0',
    undefined,
  ]);
});

test('a macvlan is no veth; both ends in one namespace are named by name', () => {
  const network = node(
    [link('eth0', [], { index: 2, peerIndex: 3 }), link('a', [], { lower: 'b' }), link('b', [], { lower: 'a' })],
    { p: [link('eth0', [], { index: 3, peerIndex: 2, kind: 'macvlan' })] },
  );
  expect(peer(network, 'n1/p', 'eth0')).toBeUndefined();
  expect(peer(network, 'n1', 'a')).toBe('n1 b');
});

test('in the recorded bundles every pod is cabled to its host, as link-netns says', () => {
  let pods = 0;
  for (const bundle of recordedBundles) {
    const network = recorded(bundle);
    for (const { host, namespaces } of network.nodes)
      for (const pod of namespaces.slice(1)) {
        const out = [...pod.links.values()].find((l) => l.peerNetns === host.node);
        if (!out) continue;
        pods += 1;
        const far = network.vethPeer(pod, out.name);
        expect(far?.namespace.id, `${bundle} ${pod.id}`).toBe(host.id);
        expect(far?.link.peerNetns).toBe(pod.name);
        expect(far && network.vethPeer(host, far.link.name)?.namespace).toBe(pod);
      }
  }
  expect(pods).toBeGreaterThan(50);
}, 120_000);
