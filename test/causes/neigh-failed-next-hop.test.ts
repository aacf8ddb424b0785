import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'neigh-failed-next-hop';

describe(ID, () => {
  test('holds where the pod does not answer for its address', () => {
    const judged = failing(
      quietCluster().edited('fn-2/ip_neigh.txt', /^10\.160\.1\.9 dev cni0 .*$/m, '10.160.1.9 dev cni0  FAILED '),
    );
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { address: '10.160.1.9', device: 'cni0', direct: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('inside a VXLAN the tunnel is looked at', () => {
    const judged = failing(
      quietCluster().edited(
        'fn-1/ip_neigh.txt',
        /^10\.160\.1\.0 dev flannel\.1 .*$/m,
        '10.160.1.0 dev flannel.1  FAILED ',
      ),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(findingOf(judged, 'vxlan-fdb-or-neigh-missing')).toBeDefined();
  });

  test('without the neighbour table nobody is accused', () => {
    expect(findingOf(failing(quietCluster().without('ip-neigh', 'fn-2')), ID)).toBeUndefined();
  });

  test('a node says that the host is unreachable and its neighbours are missing: they would tell', () => {
    const told =
      packet(1, syn(PODS.src, 40002, PODS.dst, 8080)) +
      packet(4, `10.160.1.1 > ${PODS.src}: ICMP host ${PODS.dst} unreachable, length 68`);
    const dark = quietCluster().without('ip-neigh', 'fn-2').withFile('fn-1/netns/ui/tcpdump/eth0.txt', told);
    const judged = dark.judge(PODS);
    expect(judged.flow.evidence.seen).toBe('unreachable');
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-neigh fn-2']);
    // Somebody else's word, and a client that waits, say nothing of this node's neighbours.
    const other = dark.edited('ui/tcpdump/eth0.txt', '10.160.1.1 > ', '192.0.2.1 > ');
    expect(neededFor(other.judge(PODS), ID)).toBeUndefined();
    expect(neededFor(failing(quietCluster().without('ip-neigh', 'fn-2')), ID)).toBeUndefined();
  });
});
