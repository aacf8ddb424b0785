import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf, recorded } from './bundle.ts';
import { rulesFirst } from './pods.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'raw-notrack-breaks-nat';
const NAME = 'gen-route-missing-on-node';
const cluster = () =>
  bundleOf(NAME)
    .edited('hg-a/ip_route.txt', /^(default .*\n)/m, '$110.130.3.0/24 via 10.9.0.14 dev eth0\n')
    .without('tcpdump')
    .without('conntrack', 'hg-a/conntrack')
    .without('conntrack', 'hg-a/nf_conntrack');
const untracked = (rule: string) =>
  rulesFirst(
    cluster().edited(
      'hg-a/iptables-save.txt',
      /^\*filter\n/m,
      '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*filter\n',
    ),
    'hg-a',
    'raw',
    [],
    [rule],
  );
const RULE = '-A PREROUTING -s 10.130.0.0/16 -j NOTRACK';
const waits =
  'tcp      6 110 SYN_SENT src=10.130.0.17 dst=10.131.6.1 sport=58686 dport=9300 [UNREPLIED] src=10.131.6.1 dst=10.130.0.17 sport=9300 dport=58686 mark=0 use=1\n';
const other =
  'udp      17 25 src=10.9.0.11 dst=10.9.0.1 sport=9999 dport=53 src=10.9.0.1 dst=10.9.0.11 sport=53 dport=9999 mark=0 use=1\n';

describe.skipIf(!recorded)(ID, () => {
  test("holds where a service's packets are taken out of tracking, and taking the rule out mends it", () => {
    const judged = untracked(RULE)
      .appended('hg-a/conntrack_-L.txt', other)
      .appended('hg-a/netns/crawler/conntrack_-L.txt', waits)
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'hg-a',
      values: { chain: 'PREROUTING' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'track', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a rule for other packets is no case of it', () => {
    expect(findingOf(untracked('-A PREROUTING -s 192.0.2.0/24 -j NOTRACK').judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('an entry for the flow refutes it', () => {
    const judged = untracked(RULE)
      .appended('hg-a/conntrack_-L.txt', waits)
      .judge({ ...flowOf(NAME), sport: 58_686 });
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the connection table it is likely at most', () => {
    const judged = untracked(RULE).appended('hg-a/netns/crawler/conntrack_-L.txt', waits).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely' });
  });
});
