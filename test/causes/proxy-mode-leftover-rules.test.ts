import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting, withRules } from './services.ts';

const ID = 'proxy-mode-leftover-rules';
const leftRules = () =>
  withRules(
    quietCluster(),
    'fn-1',
    'nat',
    ['KUBE-SVC-ABCDEFGHIJKLMNOP', 'KUBE-SEP-ABCDEFGHIJKLMNOP'],
    [
      '-A PREROUTING -d 10.161.5.1/32 -p tcp -m comment --comment "shop/api cluster IP" -m tcp --dport 80 -j KUBE-SVC-ABCDEFGHIJKLMNOP',
      '-A KUBE-SVC-ABCDEFGHIJKLMNOP -m comment --comment "shop/api" -j KUBE-SEP-ABCDEFGHIJKLMNOP',
      '-A KUBE-SEP-ABCDEFGHIJKLMNOP -p tcp -m comment --comment "shop/api" -m tcp -j DNAT --to-destination 10.160.0.77:8080',
    ],
  ).appended('fn-1/ip_neigh.txt', '10.160.0.77 dev cni0  FAILED\n');
const IPTABLES = 'gen-kubeproxy-iptables-no-endpoints';
const leftAddress = () =>
  bundleOf(IPTABLES)
    .without('tcpdump')
    .appended(
      'gke-a/ip_addr.txt',
      '30: kube-ipvs0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default \n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n    inet 10.8.3.103/32 scope global kube-ipvs0\n       valid_lft forever preferred_lft forever\n',
    )
    .appended(
      'gke-a/ip_route.txt',
      'local 10.8.3.103 dev kube-ipvs0 table local proto kernel scope host src 10.8.3.103\n',
    );

describe(ID, () => {
  test("holds for a dead proxy's rules that come before IPVS", () => {
    const judged = waiting(leftRules()).judge(ASKED);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { leftover: 'iptables', server: '10.160.0.77' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("holds for a dead ipvs proxy's address", () => {
    const flow = { ...flowOf(IPTABLES), dst: '10.8.3.103' };
    const judged = leftAddress().judge(flow);
    expect(findingOf(judged, ID)).toMatchObject({ node: 'gke-a', values: { leftover: 'ipvs', device: 'kube-ipvs0' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('rules and services that agree are no case of it', () => {
    const name = 'gen-route-missing-on-node';
    expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
    expect(findingOf(bundleOf('gen-ipvs-no-real-server').judge(flowOf('gen-ipvs-no-real-server')), ID)).toBeUndefined();
  });

  test('without the virtual services it is undecided, where the address is bound', () => {
    const judged = waiting(leftRules()).without('ipvsadm', 'fn-1').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipvsadm', namespace: 'fn-1' }]);
  });
});
