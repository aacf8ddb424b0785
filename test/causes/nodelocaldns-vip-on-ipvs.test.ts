import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { quietCluster, waiting } from './services.ts';

const ID = 'nodelocaldns-vip-on-ipvs';
const FLOW = { proto: 'udp', src: '10.160.0.9', sport: 40001, dst: '169.254.20.10', dport: 53, start: 'fn-1/ui' };
const held = () =>
  quietCluster()
    .edited(
      'fn-1/ip_addr.txt',
      /$/,
      '20: nodelocaldns: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default \n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n    dummy numtxqueues 1 numrxqueues 1 \n    inet 169.254.20.10/32 scope global nodelocaldns\n       valid_lft forever preferred_lft forever\n',
    )
    .appended(
      'fn-1/ip_route.txt',
      'local 169.254.20.10 dev nodelocaldns table local proto kernel scope host src 169.254.20.10\n',
    );

describe(ID, () => {
  test('holds where the node does not have the address', () => {
    const judged = waiting(quietCluster(), FLOW).judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'fn-1',
      values: { held: false, clusterDns: '10.161.0.10' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where nobody listens on the address', () => {
    const judged = waiting(
      held().appended(
        'fn-1/ss_-anu.txt',
        'UNCONN 0      0            127.0.0.1:323        0.0.0.0:*     users:(("chronyd",pid=1,fd=3))\n',
      ),
      FLOW,
    ).judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      values: { held: true, device: 'nodelocaldns' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a cache that listens is no case of it', () => {
    const judged = held()
      .appended(
        'fn-1/ss_-anu.txt',
        'UNCONN 0      0        169.254.20.10:53         0.0.0.0:*     users:(("node-cache",pid=1,fd=3))\n',
      )
      .judge(FLOW);
    expect(judged.found).toEqual([]);
  });

  test('the cluster DNS itself is no case of it', () => {
    expect(findingOf(quietCluster().judge({ ...FLOW, dst: '10.161.0.10' }), ID)).toBeUndefined();
  });

  test('without the sockets it is undecided', () => {
    const judged = waiting(held().without('sockets', 'fn-1/ss'), FLOW).judge(FLOW);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'sockets', namespace: 'fn-1' }]);
  });
});
