import { describe, expect, test } from 'vitest';
import { recorded } from './bundle.ts';
import { failing } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'neigh-failed-next-hop';

describe.skipIf(!recorded)(ID, () => {
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
});
