import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'rp-filter-strict-drop';
const NAME = 'gen-rp-filter-strict';

describe(ID, () => {
  test('holds where the way back leads out of another card, and loose mode mends it', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'bm-02',
      values: { device: 'eth1', reverse: 'eth0' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'loose', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('loose mode is no case of it', () => {
    const judged = bundleOf(NAME)
      .edited('bm-02/sysctl_-a.txt', /^(net\.ipv4\.conf\.\S+\.rp_filter) = 1/gm, '$1 = 2')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a counter that stands at 0 refutes it', () => {
    const judged = bundleOf(NAME)
      .edited('bm-02/nstat_-az.txt', /^(TcpExtIPReversePathFilter\s+)\d+/m, '$10')
      .without('counters', 'bm-02/netstat')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'counter-flat' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the sysctls it is open', () => {
    const judged = bundleOf(NAME).without('sysctl', 'bm-02').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'sysctl', namespace: 'bm-02' }] }),
    );
  });
});
