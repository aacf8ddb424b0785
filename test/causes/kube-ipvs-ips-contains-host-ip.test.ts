import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, ipset, quietCluster, waiting, withRules } from './services.ts';

const ID = 'kube-ipvs-ips-contains-host-ip';
const FLOW = { ...ASKED, src: '10.6.6.99', dst: '10.6.6.11', dport: 6443, start: 'ext' };
const filtered = (members: readonly string[]) =>
  withRules(
    quietCluster().appended('fn-1/ipset_list.txt', ipset('KUBE-IPVS-IPS', 'hash:ip', members)),
    'fn-1',
    'filter',
    ['KUBE-IPVS-FILTER'],
    [
      '-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER',
      '-A KUBE-IPVS-FILTER -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN',
      '-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT --reject-with icmp-port-unreachable',
    ],
  );

describe(ID, () => {
  test('holds where an address of the node is in the set, and removing it mends it', () => {
    const judged = filtered(['10.161.5.1', '10.6.6.11']).judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'fn-1',
      values: { address: '10.6.6.11', device: 'eth0' },
      fixes: [{ id: 'remove-member', provenByWalk: false }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a set of service addresses only refuses nobody who asks the node', () => {
    expect(filtered(['10.161.5.1']).judge(FLOW).found).toEqual([]);
  });

  test('a service address on an unserved port is another cause', () => {
    const judged = filtered(['10.161.5.1']).judge({ ...ASKED, dport: 8443 });
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.found[0]?.id).toBe('vip-on-dummy-unserved-port');
  });

  test('without the sets it is undecided', () => {
    const judged = waiting(filtered(['10.6.6.11']).without('ipset', 'fn-1'), FLOW).judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipset', namespace: 'fn-1' }]);
  });
});
