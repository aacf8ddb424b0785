import { describe, expect, test } from 'vitest';
import { analysisOf, flow } from './open-texts.ts';

const ADDRESSES = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 10.1.2.3/24 brd 10.1.2.255 scope global eth0
       valid_lft forever preferred_lft forever
`;
const ROUTES = `10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.3
local 10.1.2.3 dev eth0 table local proto kernel scope host src 10.1.2.3
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
`;
const ENTRY = (state: string, flags: string): string =>
  `ipv4     2 tcp      6 110 ${state} src=10.1.2.3 dst=10.1.2.9 sport=40000 dport=443 ${flags.includes('UNREPLIED') ? '[UNREPLIED] ' : ''}src=10.1.2.9 dst=10.1.2.3 sport=443 dport=40000 ${flags.includes('ASSURED') ? '[ASSURED] ' : ''}mark=0 use=1\n`;

describe('the verdict', () => {
  test('is not-enough of a bundle that holds nothing in which a flow could fail', async () => {
    const { verdict } = await analysisOf({ 'alpha/ip_addr.txt': ADDRESSES });
    expect(verdict.code).toBe('not-enough');
    expect(verdict.examined.lookedAt.every((l) => l.nodes.length === 0)).toBe(true);
  });

  test('is no-failure-seen where nobody asked and no flow looks broken, however well one works', async () => {
    const { verdict } = await analysisOf({
      'alpha/ip_addr.txt': ADDRESSES,
      'alpha/conntrack_-L.txt': ENTRY('ESTABLISHED', 'ASSURED'),
    });
    expect(verdict.code).toBe('no-failure-seen');
    expect(verdict.examined.lookedAt.find((l) => l.kind === 'conntrack')).toMatchObject({
      nodes: ['alpha'],
      without: [],
    });
    expect(verdict.askable.map((a) => a.question)).toEqual([
      { proto: 'tcp', src: '10.1.2.3', sport: undefined, dst: '10.1.2.9', dport: 443, start: 'alpha' },
    ]);
  });

  test('is healthy of a flow that was seen answered', async () => {
    const { verdict } = await analysisOf(
      { 'alpha/ip_addr.txt': ADDRESSES, 'alpha/conntrack_-L.txt': ENTRY('ESTABLISHED', 'ASSURED') },
      [flow('10.1.2.3', '10.1.2.9', 443, 'alpha')],
    );
    expect(verdict).toMatchObject({ code: 'healthy', by: 'seen' });
  });

  test('is never healthy of a flow that nobody saw and whose way was not captured', async () => {
    const { verdict, collect } = await analysisOf({ 'alpha/ip_addr.txt': ADDRESSES, 'alpha/ip_route.txt': ROUTES }, [
      flow('10.1.2.3', '10.1.2.9', 443, 'alpha'),
    ]);
    expect(['undecided', 'not-enough', 'no-failure-seen']).toContain(verdict.code);
    expect(collect.map((c) => c.capture)).toEqual(expect.arrayContaining(['iptables-save', 'conntrack', 'tcpdump']));
  });

  test('is undecided of a flow that was seen to fail and that no cause explains', async () => {
    const { verdict, rootCauses } = await analysisOf(
      { 'alpha/ip_addr.txt': ADDRESSES, 'alpha/conntrack_-L.txt': ENTRY('SYN_SENT', 'UNREPLIED') },
      [flow('10.1.2.3', '10.1.2.9', 443, 'alpha')],
    );
    expect(rootCauses.filter((c) => c.confidence !== 'possible')).toEqual([]);
    expect(['undecided', 'possible']).toContain(verdict.code);
  });
});

describe('what to collect', () => {
  test('is complete, each command once, in its place, and never about loopback', async () => {
    const { collect } = await analysisOf({ 'alpha/ip_addr.txt': ADDRESSES }, [
      flow('10.1.2.3', '10.1.2.9', 443, 'alpha'),
    ]);
    const keys = collect.map((c) => `${c.where} ${c.capture}`);
    expect(new Set(keys).size).toBe(keys.length);
    const own = collect.filter((c) => c.where === 'alpha').map((c) => c.capture);
    expect(own).toEqual(expect.arrayContaining(['ip-route', 'ip-rule', 'iptables-save', 'conntrack', 'tcpdump']));
    expect(own).not.toContain('ip-addr');
    expect(collect.some((c) => c.where.startsWith('127.'))).toBe(false);
    // Commands of one place stand together.
    const places = collect.map((c) => c.where);
    expect(places.filter((p, i) => p !== places[i - 1]).length).toBe(new Set(places).size);
  });

  test('names the flow in the filter of a packet capture, and ends by itself', async () => {
    const { collect } = await analysisOf({ 'alpha/ip_addr.txt': ADDRESSES }, [
      flow('10.1.2.3', '10.1.2.9', 443, 'alpha'),
    ]);
    const command = collect.find((c) => c.capture === 'tcpdump' && c.where === 'alpha')?.command ?? '';
    expect(command).toMatch(/^timeout \d+ tcpdump .*'host 10\.1\.2\.3 or host 10\.1\.2\.9 or /);
  });

  test('goes into a network namespace by the name that `ip netns` knows, quoted where a shell would read it', async () => {
    const { collect } = await analysisOf(
      {
        'alpha/ip_addr.txt': ADDRESSES,
        "alpha/netns/we b'x/ip_addr.txt": ADDRESSES.replaceAll('10.1.2.3', '10.1.2.7'),
      },
      [flow('10.1.2.7', '10.1.2.9', 443)],
    );
    const inside = collect.filter((c) => c.place.kind === 'namespace' && c.place.namespace !== '');
    expect(inside.length).toBeGreaterThan(0);
    for (const { command } of inside)
      for (const part of command.split('; ')) expect(part.startsWith(`ip netns exec 'we b'\\''x' `)).toBe(true);
  });
});
