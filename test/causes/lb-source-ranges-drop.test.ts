import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, ipset, quietCluster, waiting, withRules } from './services.ts';

const ID = 'lb-source-ranges-drop';
const ranged = () =>
  withRules(
    quietCluster()
      .appended('fn-1/ipset_list.txt', ipset('KUBE-LOAD-BALANCER-FW', 'hash:ip,port', ['10.161.5.1,tcp:80']))
      .appended(
        'fn-1/ipset_list.txt',
        ipset('KUBE-LOAD-BALANCER-SOURCE-CIDR', 'hash:ip,port,net', ['10.161.5.1,tcp:80,192.0.2.0/24']),
      ),
    'fn-1',
    'filter',
    ['KUBE-PROXY-FIREWALL', 'KUBE-SOURCE-RANGES-FIREWALL'],
    [
      '-A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL',
      '-A KUBE-PROXY-FIREWALL -m comment --comment "Kubernetes service load balancer ip + port for load balancer with sourceRange" -m set --match-set KUBE-LOAD-BALANCER-FW dst,dst -j KUBE-SOURCE-RANGES-FIREWALL',
      '-A KUBE-SOURCE-RANGES-FIREWALL -m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN',
      '-A KUBE-SOURCE-RANGES-FIREWALL -j DROP',
    ],
  );

describe(ID, () => {
  test('holds for a source out of the ranges, and letting it in mends it', () => {
    const judged = waiting(ranged()).judge(ASKED);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { client: '10.160.0.9', chain: 'KUBE-SOURCE-RANGES-FIREWALL' },
      fixes: [{ id: 'allow-source', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds in iptables mode, where the service marks and the filter drops', () => {
    const name = 'gen-kubeproxy-iptables-no-endpoints';
    const bundle = withRules(
      withRules(
        bundleOf(name)
          .without('tcpdump')
          .edited('gke-a/iptables-save.txt', /^.*has no endpoints.*\n/gm, ''),
        'gke-a',
        'nat',
        ['KUBE-FW-ABCDEFGHIJKLMNOP', 'KUBE-MARK-DROP'],
        [
          '-A KUBE-SERVICES -d 10.8.3.101/32 -p tcp -m comment --comment "boutique/currency:grpc loadbalancer IP" -m tcp --dport 7000 -j KUBE-FW-ABCDEFGHIJKLMNOP',
          '-A KUBE-FW-ABCDEFGHIJKLMNOP -m comment --comment "boutique/currency:grpc loadbalancer IP" -j KUBE-MARK-DROP',
          '-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000',
        ],
      ),
      'gke-a',
      'filter',
      [],
      ['-A FORWARD -m mark --mark 0x8000/0x8000 -j DROP'],
    );
    expect(bundle.judge(flowOf(name)).found[0]).toMatchObject({
      id: ID,
      node: 'gke-a',
      values: { chain: 'KUBE-FW-ABCDEFGHIJKLMNOP' },
    });
  });

  test('a source in the ranges is no case of it', () => {
    expect(ranged().edited('fn-1/ipset_list.txt', '192.0.2.0/24', '10.160.0.0/16').judge(ASKED).found).toEqual([]);
  });

  test('without the sets it is undecided', () => {
    const judged = waiting(ranged()).without('ipset', 'fn-1').judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipset', namespace: 'fn-1' }]);
  });
});
