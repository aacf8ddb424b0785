import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, ipset, quietCluster, withRules } from './services.ts';

const ID = 'vip-on-dummy-unserved-port';
const NAME = 'ack-clb-port-without-service';
const NODE = 'cn-hangzhou.192.168.1.12';

describe(ID, () => {
  test.each([
    ['the node', flowOf(NAME)],
    ['a pod of it', { src: '192.168.1.102', dst: '192.168.1.200', dport: 443, start: `${NODE}/pod2` }],
  ])('holds for %s', (_, flow) => {
    const judged = bundleOf(NAME).judge(flow);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: NODE,
      values: { device: 'kube-ipvs0', servedPorts: ['80'], port: 443, by: '' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("holds where kube-proxy's own filter refuses", () => {
    const judged = withRules(
      quietCluster().appended('fn-1/ipset_list.txt', ipset('KUBE-IPVS-IPS', 'hash:ip', ['10.161.5.1', '10.161.5.2'])),
      'fn-1',
      'filter',
      ['KUBE-IPVS-FILTER'],
      [
        '-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER',
        '-A KUBE-IPVS-FILTER -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN',
        '-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT --reject-with icmp-port-unreachable',
      ],
    ).judge({ ...ASKED, dport: 8443 });
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'fn-1',
      values: { by: 'KUBE-IPVS-FILTER' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the port that the service has is no case of it', () => {
    expect(bundleOf(NAME).judge({ ...flowOf(NAME), dport: 80 }).found).toEqual([]);
  });

  test('a client outside, which the real load balancer serves, is no case of it', () => {
    const judged = bundleOf(NAME).judge({
      src: '192.168.3.100',
      dst: '192.168.1.200',
      dport: 443,
      start: 'ecs-192.168.3.100',
    });
    expect(judged.found).toEqual([]);
  });

  test("kube-router's refusal of a service that IPVS has is another cause", () => {
    const judged = bundleOf('kube-router-svip-prt-race').judge(flowOf('kube-router-svip-prt-race'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('port-served');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("without sockets the node's own reset on loopback tells that nothing listens", () => {
    const judged = bundleOf(NAME).without('sockets', NODE).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', node: NODE });
  });

  test.each(['sockets', 'ipvsadm'] as const)(
    'without %s, and resets that were not seen on loopback, it is undecided',
    (kind) => {
      const judged = bundleOf(NAME)
        .without(kind, NODE)
        .edited('tcpdump/any.txt', / lo {4}In {2}/g, ' eth0  In  ')
        .judge(flowOf(NAME));
      expect(findingOf(judged, ID)).toBeUndefined();
      expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind, namespace: NODE }]);
    },
  );
});
