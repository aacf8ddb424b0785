import { describe, expect, test } from 'vitest';
import { completeQuestion } from '../../src/evidence/complete.ts';
import { judgeFlow } from '../../src/judging/judge.ts';
import type { Network } from '../../src/network/network.ts';
import { bundle, flow } from '../path/partial.ts';
import { bundleOf, flowOf } from './bundle.ts';
import { packet, rulesFirst, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { serviceYaml } from './services.ts';

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

describe(ID, () => {
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

  test('the node tracks, but not this flow that came to it, and its rules are missing: they would tell', () => {
    const came = packet(1, syn('10.130.0.17', 58_686, '10.131.6.1', 9300), { device: 'vethcrawler', direction: 'In' });
    const service = serviceYaml({ name: 'x', clusterIP: '10.131.6.1', ports: [{ port: 9300, targetPort: 9300 }] });
    const dark = cluster()
      .without('iptables-save', 'hg-a/iptables')
      .without('nft-ruleset', 'hg-a/nft')
      .withFile('hg-a/conntrack_-L.txt', other)
      .withFile('hg-a/kubectl.yaml', service)
      .withFile('hg-a/tcpdump/any.txt', came)
      .appended('hg-a/netns/crawler/conntrack_-L.txt', waits);
    const flow = { ...flowOf(NAME), sport: 58_686 };
    const judged = dark.judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save hg-a']);
    expect(neededFor(dark.appended('hg-a/conntrack_-L.txt', waits).judge(flow), ID)).toBeUndefined();
    expect(neededFor(dark.without('tcpdump').judge(flow), ID)).toBeUndefined();
  });

  describe('where the routes were not captured', () => {
    const rules = (raw: string, nat = '-A POSTROUTING -s 10.1.0.0/24 ! -o br7 -j MASQUERADE\n') =>
      bundle({
        gw: [
          [
            'iptables-save',
            `*raw\n:PREROUTING ACCEPT [0:0]\n${raw}COMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n${nat}COMMIT\n`,
            4,
          ],
        ],
      });
    const UNTRACKS = '-A PREROUTING -p tcp -m tcp --dport 400:500 -j CT --notrack\n';
    const judged = (network: Network) => judgeFlow(network, completeQuestion(network, flow({ start: 'gw' })), 'f');
    const found = (network: Network) => judged(network).found.find(({ id }) => id === ID);

    test('a packet that leaves with a source which a rule would translate is a possible case', () => {
      const finding = found(rules(UNTRACKS));
      expect(finding).toMatchObject({ confidence: 'possible', node: 'gw', values: { untranslated: true } });
      expect(finding?.evidence.slice(0, 2).map(({ source }) => source.line)).toEqual([3, 8]);
    });

    test('none where the packet is tracked, or where no rule would translate it', () => {
      expect(found(rules('-A PREROUTING -p tcp -m tcp --dport 500:600 -j CT --notrack\n'))).toBeUndefined();
      expect(found(rules(UNTRACKS, '-A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE\n'))).toBeUndefined();
    });
  });
});
