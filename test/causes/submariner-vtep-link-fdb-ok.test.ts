import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-vtep-link-fdb-ok';

describe(ID, () => {
  test.each(['submariner-healthy', 'submariner-vx-snat', 'submariner-hostnet-rule-deleted'])(
    'the tunnel of %s is in order',
    (name) => {
      const judged = bundleOf(name).judge(flowOf(name));
      expect(judged.observations.find((o) => o.id === ID)).toMatchObject({
        node: 'c2-control-plane',
        values: { vni: 100, port: 4800, remote: '172.18.0.6', to: 'c2-worker' },
      });
      expect(unsaid(judged, ID)).toEqual([]);
    },
  );

  test('another overlay is not Submariner', () => {
    const judged = bundleOf('ok-ipvs-cross-node-flannel').judge(flowOf('ok-ipvs-cross-node-flannel'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the devices it is not said', () => {
    const judged = bundleOf('submariner-healthy')
      .without('ip-addr', 'c2-control-plane/')
      .without('ip-link', 'c2-control-plane/')
      .judge(flowOf('submariner-healthy'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });
});
