import { describe, expect, test } from 'vitest';
import type { Text } from './one-node.ts';
import { addresses, bundle, FORWARDING, flow, routes, syn, walked } from './partial.ts';

const stepsOf = (walk: ReturnType<typeof walked>) =>
  (walk.branches[0]?.forward.steps ?? []).map((s) => `${s.node}${s.namespace && `/${s.namespace}`} ${s.action.code}`);
const placesOf = (walk: ReturnType<typeof walked>) => [
  ...new Set((walk.branches[0]?.forward.steps ?? []).map((s) => `${s.node}${s.namespace && `/${s.namespace}`}`)),
];
const dump = (...lines: readonly string[]): Text => ['tcpdump', lines.join('')];
const CLIENT = '10.1.0.5.40000';
const SERVER = '198.51.100.7.443';

describe('a packet that captures show', () => {
  test('a host that was seen to receive it comes before the one that has its destination', () => {
    const network = bundle({
      one: [dump(syn('tun7', 'Out', CLIENT, SERVER, 1))],
      two: [dump(syn('tun7', 'In', CLIENT, SERVER, 2))],
      far: [addresses(['wan0', '198.51.100.7/24'])],
    });
    expect(placesOf(walked(network, { start: 'one' }))).toEqual(['one', 'two', 'far']);
  });

  test('it is not sent back to where it has been, whatever was seen of it there', () => {
    const network = bundle({
      one: [dump(syn('br7', 'In', CLIENT, SERVER, 1), syn('tun7', 'Out', CLIENT, SERVER, 1))],
      two: [dump(syn('tun7', 'In', CLIENT, SERVER, 2), syn('br8', 'Out', CLIENT, SERVER, 2))],
    });
    const walk = walked(network, { start: 'one', arrival: { device: 'br7' } });
    expect(placesOf(walk)).toEqual(['one', 'two']);
    expect(walk.branches[0]?.forward.end.reason).toBe('not-followed');
  });

  test('of a host that was seen to receive it earlier than it was sent here it is not the next', () => {
    const network = bundle({
      one: [dump(syn('tun7', 'Out', CLIENT, SERVER, 5))],
      before: [dump(syn('tun7', 'In', CLIENT, SERVER, 1))],
      far: [addresses(['wan0', '198.51.100.7/24'])],
    });
    expect(placesOf(walked(network, { start: 'one' }))).toEqual(['one', 'far']);
  });

  test('a pod whose host received it did not keep it', () => {
    const seen = { one: [dump(syn('veth7', 'In', CLIENT, SERVER))], 'one/app': [['conntrack', ''] as Text] };
    const ways = (network: ReturnType<typeof bundle>) =>
      walked(network, { start: 'one/app' }).branches.flatMap((b) =>
        b.forward.steps
          .filter((s) => s.namespace === 'app' && s.action.code === 'way-assumed')
          .map((s) => s.action.values.way),
      );
    expect(new Set(ways(bundle(seen)))).toEqual(new Set(['out']));
    expect(new Set(ways(bundle({ ...seen, one: [] })))).toEqual(new Set(['out', 'here']));
    const received = walked(bundle(seen), { start: 'one/app', arrival: { device: undefined } });
    expect(received.branches.map((b) => b.forward.steps[0]?.action.values.way)).not.toContain('here');
  });
});

describe('a bridge whose addresses nobody listed', () => {
  const pod = (address: string): readonly Text[] => [
    addresses(['eth0', address]),
    ...routes(
      `default via 10.1.0.1 dev eth0\n10.1.0.0/24 dev eth0 proto kernel scope link src ${address.split('/')[0]}\n`,
    ),
  ];
  const host = dump(
    syn('vethapp', 'In', CLIENT, SERVER, 1),
    syn('br7', 'In', CLIENT, SERVER, 1),
    syn('wan0', 'Out', CLIENT, SERVER, 1),
  );

  test('hands on to its host what it was seen to take in', () => {
    const walk = walked(bundle({ one: [host, FORWARDING], 'one/app': pod('10.1.0.5/24') }), { start: 'one/app' });
    expect(stepsOf(walk)).not.toContain('one bridge-no-port');
    expect(walk.branches[0]?.forward.steps.some((s) => s.action.values.device === 'wan0')).toBe(true);
  });
});

test('MASQUERADE takes the address that the connection’s own entry shows before one that was only inferred', () => {
  const entry =
    'tcp      6 110 SYN_SENT src=10.1.0.5 dst=198.51.100.7 sport=40000 dport=443 [UNREPLIED] src=198.51.100.7 dst=192.0.2.44 sport=443 dport=40000 mark=0 use=1\n';
  const nat = '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -s 10.1.0.0/24 -j MASQUERADE\nCOMMIT\n';
  const other = '12:00:00.500000 wan0  Out IP 192.0.2.10.5000 > 203.0.113.9.53: UDP, length 40\n';
  const network = bundle({
    gw: [
      dump(other, syn('lan0', 'In', CLIENT, SERVER)),
      ['iptables-save', nat, 4],
      ['conntrack', entry],
      ...routes('198.51.100.0/24 dev wan0\n'),
    ],
  });
  const walk = walked(network, flow({ start: 'gw', arrival: { device: 'lan0' } }));
  const masked = walk.branches.flatMap((b) => b.forward.steps.filter((s) => s.action.code === 'masquerade'));
  expect(masked.map((s) => s.after.src)).toEqual(masked.map(() => '192.0.2.44'));
  expect(masked.length).toBeGreaterThan(0);
});

describe('a service’s address that only IPVS tells', () => {
  const listing: Text = [
    'ipvsadm',
    'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.1.0.5:80 rr\n  -> 10.9.0.2:80                  Masq    1      0          0\n',
  ];
  const ends = (...lines: readonly string[]) =>
    walked(bundle({ gw: [listing, dump(...lines), ...routes('198.51.100.0/24 dev wan0\n'), FORWARDING] }), {
      start: 'gw',
      arrival: { device: 'lan0' },
    }).branches.map((b) => b.forward.end.reason);

  test('makes a source a martian where the packet was seen to come in and not to go on', () => {
    expect(ends(syn('lan0', 'In', CLIENT, SERVER))).toEqual(['martian-source']);
    expect(ends(syn('lan0', 'In', CLIENT, SERVER), syn('wan0', 'Out', CLIENT, SERVER))).not.toContain('martian-source');
    expect(ends()).not.toContain('martian-source');
  });
});
