import { describe, expect, test } from 'vitest';
import { entriesOf, entryOf } from '../../src/evidence/entry.ts';
import type { Text } from '../path/one-node.ts';
import { addresses, bundle, FORWARDING, flow, routes, syn } from '../path/partial.ts';

const ROUTER: readonly Text[] = [
  addresses(['lan0', '10.1.0.1/24'], ['wan0', '192.0.2.10/24']),
  ...routes('default via 192.0.2.1 dev wan0\n10.1.0.0/24 dev lan0 proto kernel scope link src 10.1.0.1\n'),
  FORWARDING,
];
const ENTRY =
  'tcp      6 100 SYN_SENT src=10.1.0.5 dst=198.51.100.7 sport=40000 dport=443 [UNREPLIED] src=198.51.100.7 dst=10.1.0.5 sport=443 dport=40000 mark=0 use=1\n';

describe('a named start', () => {
  test('that has not the source receives the packet by the device that leads back to it', () => {
    expect(entryOf(bundle({ gw: ROUTER }), flow({ start: 'gw' }))).toMatchObject({
      start: 'gw',
      arrival: { device: 'lan0' },
    });
  });

  test('that has the source sends it', () => {
    const entered = entryOf(bundle({ gw: ROUTER }), flow({ start: 'gw', src: '10.1.0.1' }));
    expect(entered).toMatchObject({ start: 'gw', entry: { code: 'asked' } });
    expect(entered.arrival).toBeUndefined();
  });

  test('whose addresses nobody captured sends it, unless its capture shows it coming in', () => {
    const rules: Text = ['iptables-save', '*filter\n:FORWARD DROP [1:60]\nCOMMIT\n', 4];
    expect(entryOf(bundle({ gw: [rules] }), flow({ start: 'gw' })).arrival).toBeUndefined();
    const seen: Text = ['tcpdump', syn('lan0', 'In', '10.1.0.5.40000', '198.51.100.7.443')];
    expect(entryOf(bundle({ gw: [rules, seen] }), flow({ start: 'gw' })).arrival).toEqual({ device: 'lan0' });
  });

  test('whose pod has the source lets the pod send it', () => {
    const network = bundle({ gw: ROUTER, 'gw/app': [addresses(['eth0', '10.1.0.5/24'])] });
    expect(entryOf(network, flow({ start: 'gw' })).start).toBe('gw/app');
  });

  test('with a device receives it there', () => {
    const asked = flow({ start: 'gw', arrival: { device: 'wan0' }, entry: { code: 'asked', sources: [] } });
    expect(entryOf(bundle({ gw: ROUTER }), asked).arrival).toEqual({ device: 'wan0' });
  });
});

describe('several owners of the source', () => {
  const VIP = addresses(['eth0', '192.0.2.1/24'], ['kube-ipvs0', '10.1.0.5/32']);
  const OTHER = addresses(['eth0', '192.0.2.2/24'], ['kube-ipvs0', '10.1.0.5/32']);

  test('the one whose conntrack has the flow', () => {
    const network = bundle({ a: [VIP], b: [OTHER, ['conntrack', ENTRY]] });
    expect(entryOf(network, flow({}))).toMatchObject({
      start: 'b',
      entry: { code: 'conntrack', sources: [{ line: 1 }] },
    });
    // Another port is another flow.
    expect(entriesOf(network, flow({ sport: 50_000 })).map(({ start }) => start)).toEqual(['a', 'b']);
  });

  test('the one that sent it before the one that got it', () => {
    const network = bundle({
      a: [VIP, ['tcpdump', syn('eth0', 'In', '10.1.0.5.40000', '198.51.100.7.443', 2)], ['conntrack', ENTRY]],
      b: [OTHER, ['tcpdump', syn('eth0', 'Out', '10.1.0.5.40000', '198.51.100.7.443', 1)]],
    });
    expect(entryOf(network, flow({}))).toMatchObject({ start: 'b', entry: { code: 'packets' } });
  });

  test('nothing tells them apart: each is a flow, and says that there are others', () => {
    const entries = entriesOf(bundle({ a: [VIP], b: [OTHER] }), flow({}));
    expect(entries.map(({ start, entry }) => [start, entry?.code, entry?.equals])).toEqual([
      ['a', 'owner', 1],
      ['b', 'owner', 1],
    ]);
  });

  test('a device with the address counts before a virtual one', () => {
    const network = bundle({ a: [VIP], b: [addresses(['eth0', '10.1.0.5/24'])] });
    expect(entriesOf(network, flow({})).map(({ start }) => start)).toEqual(['b']);
  });
});

describe('nobody has the source', () => {
  const SERVER: readonly Text[] = [
    addresses(['eth0', '198.51.100.7/24'], ['eth1', '10.9.0.7/24']),
    ...routes(
      'default via 10.9.0.1 dev eth1\n198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.7\n10.1.0.0/24 via 198.51.100.1 dev eth0\n',
    ),
  ];

  test('where it was seen to come in', () => {
    const seen: Text = ['tcpdump', syn('lan0', 'In', '10.1.0.5.40000', '198.51.100.7.443')];
    expect(entryOf(bundle({ gw: [...ROUTER, seen], srv: SERVER }), flow({}))).toMatchObject({
      start: 'gw',
      arrival: { device: 'lan0' },
      entry: { code: 'seen-arriving' },
    });
  });

  test('whose conntrack has it', () => {
    expect(entryOf(bundle({ gw: [...ROUTER, ['conntrack', ENTRY]], other: SERVER }), flow({}))).toMatchObject({
      start: 'gw',
      arrival: { device: 'lan0' },
      entry: { code: 'conntrack' },
    });
  });

  test('the host of the destination, by the device that leads back', () => {
    expect(entryOf(bundle({ srv: SERVER, x: [addresses(['eth0', '192.0.2.9/24'])] }), flow({}))).toMatchObject({
      start: 'srv',
      arrival: { device: 'eth0' },
      entry: { code: 'destination' },
    });
  });

  test('not a virtual address that several hosts have: nothing tells which of them, if any', () => {
    const vip = (own: string) => [addresses(['eth0', own], ['kube-ipvs0', '198.51.100.7/32'])];
    const entered = entryOf(bundle({ a: vip('192.0.2.1/24'), b: vip('192.0.2.2/24') }), flow({}));
    expect(entered.start).toBeUndefined();
  });

  test('the router whose routes lead to both ends', () => {
    const network = bundle({ gw: ROUTER, x: [addresses(['eth0', '192.0.2.9/24'])] });
    expect(entryOf(network, flow({}))).toMatchObject({ start: 'gw', entry: { code: 'routes' } });
  });

  test('the only host there is', () => {
    expect(entryOf(bundle({ x: [addresses(['eth0', '192.0.2.9/24'])] }), flow({}))).toMatchObject({
      start: 'x',
      entry: { code: 'only-namespace' },
    });
  });

  test('the gateway whose policy lets it in', () => {
    const policy: Text = [
      'xfrm-policy',
      'src 10.1.0.0/16 dst 198.51.100.0/24 \n\tdir fwd priority 100 ptype main \n\ttmpl src 203.0.113.2 dst 192.0.2.10\n\t\tproto esp reqid 1 mode tunnel\n',
    ];
    const network = bundle({
      gw: [addresses(['wan0', '192.0.2.10/24']), policy],
      x: [addresses(['eth0', '192.0.2.9/24'])],
    });
    expect(entryOf(network, flow({}))).toMatchObject({ start: 'gw', entry: { code: 'policy' } });
  });
});
