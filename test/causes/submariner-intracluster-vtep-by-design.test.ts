import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-intracluster-vtep-by-design';

describe(ID, () => {
  test('a tunnel address of the own cluster is no supported target', () => {
    const judged = bundleOf('submariner-vx-snat').judge(flowOf('submariner-vx-snat'));
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
      node: 'c2-control-plane',
      values: { range: '240.0.0.0/8' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('traffic between clusters is what it is for', () => {
    expect(findingOf(bundleOf('submariner-healthy').judge(flowOf('submariner-healthy')), ID)).toBeUndefined();
  });

  test('told by a route alone it is likely', () => {
    const judged = bundleOf('submariner-vx-snat')
      .without('ip-addr')
      .without('ip-link')
      .judge(flowOf('submariner-vx-snat'));
    expect(judged.observations.find((o) => o.id === ID)).toMatchObject({ confidence: 'likely' });
  });

  test('without the addresses, and the routes that tell them, it is not said', () => {
    const bundle = bundleOf('submariner-vx-snat').without('ip-addr').without('ip-link').without('ip-route');
    expect(findingOf(bundle.judge(flowOf('submariner-vx-snat')), ID)).toBeUndefined();
  });
});
