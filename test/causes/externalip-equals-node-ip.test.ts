import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting } from './services.ts';

const ID = 'externalip-equals-node-ip';
const bound = () =>
  quietCluster()
    .edited(
      'fn-1/ip_addr.txt',
      /( {4}inet 10\.161\.5\.1\/32 scope global kube-ipvs0\n)/,
      '    inet 10.6.6.12/32 scope global kube-ipvs0\n       valid_lft forever preferred_lft forever\n$1',
    )
    .appended(
      'fn-1/ip_route.txt',
      'local 10.6.6.12 dev kube-ipvs0 table local proto kernel scope host src 10.6.6.12\n',
    );
const FLOW = { ...ASKED, dst: '10.6.6.12', dport: 9000 };
const listening = () =>
  bound().appended(
    'fn-2/ss_-antp.txt',
    'LISTEN 0      128          0.0.0.0:9000      0.0.0.0:*     users:(("etcd",pid=464,fd=3))\n',
  );

describe(ID, () => {
  test("holds where another node's address is bound here, and taking it off mends it", () => {
    const judged = waiting(listening(), FLOW).judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { owner: 'fn-2', device: 'kube-ipvs0', ownerDevice: 'eth0' },
      fixes: [{ id: 'remove-address', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a port of that node on which nobody listens is another cause', () => {
    const judged = waiting(quietCluster(), FLOW).judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a virtual address that no host has is no case of it', () => {
    expect(
      findingOf(bundleOf('ack-clb-port-without-service').judge(flowOf('ack-clb-port-without-service')), ID),
    ).toBeUndefined();
  });

  test('without the addresses it is undecided, where a route shows the proxy has it', () => {
    const judged = waiting(
      listening().without('ip-addr', 'fn-1/ip_addr').without('ip-link', 'fn-1/ip_link'),
      FLOW,
    ).judge({ ...FLOW, start: 'fn-1', src: '10.6.6.11' });
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ip-addr', namespace: 'fn-1' }]);
  });
});
