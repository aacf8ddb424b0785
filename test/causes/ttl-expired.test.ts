import { describe, expect, test } from 'vitest';
import type { FlowQuestion } from '../../src/path/walk-result.ts';
import type { BundleTexts } from './bundle.ts';
import { failing, PODS } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'ttl-expired';

/** With a rule of fn-1's mangle table. */
const mangled = (rule: string, bundle = quietCluster()): BundleTexts =>
  bundle.appended(
    'fn-1/iptables-save.txt',
    `*mangle\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n[3:180] ${rule}\nCOMMIT\n`,
  );

/** Nobody has it. */
const LOST: FlowQuestion = { ...PODS, dst: '10.160.9.7' };
/** Each of two nodes sends it to the other. */
const circle = (back = '10.160.0.0'): BundleTexts =>
  quietCluster()
    .appended('fn-1/ip_route.txt', '10.160.9.0/24 via 10.160.1.0 dev flannel.1 onlink\n')
    .appended('fn-2/ip_route.txt', `10.160.9.0/24 via ${back} dev flannel.1 onlink\n`);

const PING: FlowQuestion = { ...PODS, proto: 'icmp', sport: undefined, dport: undefined };
const pinged = (line: string, bundle = quietCluster()): BundleTexts =>
  bundle.withFile(
    'fn-1/netns/ui/ping.txt',
    `PING ${PING.dst} (${PING.dst}) 56(84) bytes of data.\n${line}\n--- ${PING.dst} ping statistics ---\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1010ms\n`,
  );
const EXCEEDED = 'From 10.160.1.0 icmp_seq=1 Time to live exceeded';

describe(ID, () => {
  test('holds for a rule that leaves too few hops, and without it the packet arrives', () => {
    const judged = failing(mangled('-A PREROUTING -d 10.160.1.9/32 -j TTL --ttl-set 1'));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      at: 'PREROUTING',
      values: { rule: true, chain: 'PREROUTING', table: 'mangle', ttl: 1, had: 64, router: 'fn-1' },
    });
    expect(judged.found[0]?.evidence[0]).toMatchObject({
      source: { file: 'fn-1/iptables-save.txt' },
      role: 'decisive',
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'remove-rule', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a rule that has counted no packet is a possibility and no more', () => {
    const judged = failing(
      mangled('-A PREROUTING -j TTL --ttl-set 1').edited('fn-1/iptables-save.txt', '[3:180]', '[0:0]'),
    );
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible', values: { rule: true } });
  });

  test('the rule is named where the hops end on the next node only', () => {
    const judged = failing(mangled('-A POSTROUTING -o flannel.1 -j TTL --ttl-set 1'));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'fn-1', at: 'POSTROUTING', values: { router: 'fn-2' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for two routes that lead to one another, and quotes both', () => {
    const judged = failing(circle(), LOST);
    const found = findingOf(judged, ID);
    expect(found).toMatchObject({ values: { loop: true, nodes: ['fn-1', 'fn-2'] }, fixes: [] });
    expect(found?.evidence.map(({ source }) => source.file)).toEqual(
      expect.arrayContaining(['fn-1/ip_route.txt', 'fn-2/ip_route.txt']),
    );
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('hops that suffice, a rule about others, and a route that leads elsewhere are no case of it', () => {
    expect(findingOf(failing(mangled('-A PREROUTING -j TTL --ttl-set 3')), ID)).toBeUndefined();
    expect(findingOf(failing(mangled('-A PREROUTING -j TTL --ttl-inc 1')), ID)).toBeUndefined();
    expect(findingOf(failing(mangled('-A PREROUTING -d 10.160.1.8/32 -j TTL --ttl-set 1')), ID)).toBeUndefined();
    expect(findingOf(failing(circle('10.160.2.0'), LOST), ID)).toBeUndefined();
  });

  test('what ping printed is likely, and at no node of the bundle', () => {
    const judged = pinged(EXCEEDED).judge(PING);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', node: null, between: ['fn-1', PING.dst] });
    expect(findingOf(judged, ID)?.evidence[0]?.source.file).toBe('fn-1/netns/ui/ping.txt');
    expect(unsaid(judged, ID)).toEqual([]);
    const other = pinged('From 10.160.1.0 icmp_seq=1 Destination Host Unreachable').judge(PING);
    expect(findingOf(other, ID)).toBeUndefined();
  });

  test('the routes of the node where the walk stops would tell', () => {
    const judged = pinged(EXCEEDED, quietCluster().without('ip-route', 'fn-1/ip')).judge(PING);
    expect(neededFor(judged, ID)).toEqual(['ip-route fn-1']);
    expect(neededFor(pinged(EXCEEDED).judge(PING), ID)).toBeUndefined();
  });
});
