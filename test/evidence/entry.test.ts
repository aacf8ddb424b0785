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

  test('whose addresses nobody captured sends or receives it, unless its capture shows it coming in or leaving', () => {
    const rules: Text = ['iptables-save', '*filter\n:FORWARD DROP [1:60]\nCOMMIT\n', 4];
    expect(entryOf(bundle({ gw: [rules] }), flow({ start: 'gw' })).origin).toBe('open');
    // It is the only host as well.
    expect(entryOf(bundle({ gw: [rules] }), flow({})).origin).toBe('open');
    const leaving: Text = ['tcpdump', syn('lan0', 'Out', '10.1.0.5.40000', '198.51.100.7.443')];
    const sent = entryOf(bundle({ gw: [rules, leaving] }), flow({ start: 'gw' }));
    expect([sent.origin, sent.arrival]).toEqual([undefined, undefined]);
    const seen: Text = ['tcpdump', syn('lan0', 'In', '10.1.0.5.40000', '198.51.100.7.443')];
    expect(entryOf(bundle({ gw: [rules, seen] }), flow({ start: 'gw' })).arrival).toEqual({ device: 'lan0' });
  });

  describe('whose addresses nobody captured receives it where the source is behind it', () => {
    const entered = (text: Text, over = {}) => entryOf(bundle({ gw: [text] }), flow({ start: 'gw', ...over }));
    const nat = (rule: string): Text => ['iptables-save', `*nat\n:POSTROUTING ACCEPT [0:0]\n${rule}\nCOMMIT\n`, 4];

    test('by a rule that translates its network on every other device', () => {
      const rule = nat('-A POSTROUTING -s 10.1.0.0/24 ! -o br7 -j MASQUERADE');
      expect(entered(rule)).toMatchObject({
        ...{ origin: 'received', arrival: { device: 'br7' } },
        entry: { code: 'behind', sources: [{ line: 3 }] },
      });
      // The first address is the bridge's own, and of other networks the rule says nothing.
      expect(entered(rule, { src: '10.1.0.1' }).origin).toBe('open');
      expect(entered(rule, { src: '10.1.1.5' }).origin).toBe('open');
    });

    test('by a rule that translates its network for every other one', () => {
      const rule = nat('-A POSTROUTING -s 10.1.0.0/24 ! -d 10.1.0.0/24 -j MASQUERADE');
      expect(entered(rule)).toMatchObject({ origin: 'received', arrival: { device: undefined } });
      expect(entered(nat('-A POSTROUTING -s 10.1.0.0/24 -o wan0 -j MASQUERADE')).origin).toBe('open');
      expect(entered(nat('-A POSTROUTING ! -s 10.1.0.0/24 ! -o br7 -j MASQUERADE')).origin).toBe('open');
    });

    test("by nftables' rule of the same kind", () => {
      const ruleset: Text = [
        'nft-ruleset',
        'table ip nat {\n\tchain post {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\tip saddr 10.1.0.0/24 oifname != "br7" masquerade\n\t}\n}\n',
      ];
      expect(entered(ruleset)).toMatchObject({ origin: 'received', arrival: { device: 'br7' } });
    });

    test('by a route of a network in which the host has another address', () => {
      const [listed] = routes('10.1.0.0/24 dev br7 proto kernel scope link src 10.1.0.1\n');
      if (!listed) throw new Error('no routes');
      expect(entered(listed)).toMatchObject({ origin: 'received', arrival: { device: 'br7' } });
      const own = entered(listed, { src: '10.1.0.1' });
      expect([own.origin, own.arrival]).toEqual([undefined, undefined]);
    });

    test('by what a tool printed that was run in a pod of it, and in no other place of it', () => {
      const probe: Text = ['probe', 'curl: (7) Failed to connect to 198.51.100.7 port 443: No route to host\n'];
      expect(entryOf(bundle({ gw: [], 'gw/app': [probe] }), flow({ start: 'gw' }))).toMatchObject({
        ...{ origin: 'received', start: 'gw', entry: { code: 'pod-asked' } },
      });
      expect(entryOf(bundle({ gw: [probe], 'gw/app': [probe] }), flow({ start: 'gw' })).origin).toBe('open');
    });
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
