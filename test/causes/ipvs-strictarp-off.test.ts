import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting } from './services.ts';

const ID = 'ipvs-strictarp-off';
const FLOW = { ...ASKED, src: '10.6.6.99', start: 'ext' };
const MAC1 = '72:07:73:32:94:ce';
const MAC2 = '8a:05:33:c7:7d:9e';
const asked = () =>
  waiting(quietCluster(), FLOW)
    .edited('sysctl_-a.txt', 'net.ipv4.conf.all.arp_ignore = 1', 'net.ipv4.conf.all.arp_ignore = 0')
    .appended('ext/ip_neigh.txt', `10.161.5.1 dev eth0 lladdr ${MAC2} REACHABLE\n`)
    .edited('ext/ip_route.txt', /^/, '10.161.5.0/24 dev eth0 scope link\n')
    .withFile(
      'ext/tcpdump/eth0.txt',
      `2026-11-20 16:29:04.176772 ARP, Reply 10.161.5.1 is-at ${MAC1}, length 28\n2026-11-20 16:29:04.177231 ARP, Reply 10.161.5.1 is-at ${MAC2}, length 28\n`,
    );

describe(ID, () => {
  test('holds where several nodes answer for the address', () => {
    const judged = asked().judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      values: { address: '10.161.5.1', loose: ['fn-1', 'fn-2', 'fn-3'], claimants: ['fn-1', 'fn-2'] },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('strict nodes answer for no dummy', () => {
    const judged = asked()
      .edited('sysctl_-a.txt', 'net.ipv4.conf.all.arp_ignore = 0', 'net.ipv4.conf.all.arp_ignore = 1')
      .judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('strict');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the setting alone accuses nobody', () => {
    expect(findingOf(quietCluster().judge(FLOW), ID)).toBeUndefined();
  });

  test('without the sysctls it is undecided', () => {
    const judged = asked().without('sysctl').judge(FLOW);
    expect(judged.undecided.find((u) => u.id === ID)?.missing.map((m) => m.kind)).toEqual([
      'sysctl',
      'sysctl',
      'sysctl',
    ]);
  });
});
