import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf, recorded } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting, withRules } from './services.ts';

const ID = 'source-ip-masked-breaks-acl';
const FLOW = { ...ASKED, src: '10.6.6.99', dst: '10.6.6.11', dport: 31800, start: 'ext' };
const guarded = (source: string) => {
  const rule = (server: string) => `-A FORWARD -s ${source} -d ${server}/32 -p tcp -j DROP`;
  return withRules(
    withRules(quietCluster(), 'fn-2', 'filter', [], [rule('10.160.1.9')]),
    'fn-3',
    'filter',
    [],
    [rule('10.160.2.9')],
  );
};

describe.skipIf(!recorded)(ID, () => {
  test('holds where the masqueraded address is refused and the client would pass', () => {
    const judged = waiting(guarded('10.160.0.0/32'), FLOW).judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      values: { client: '10.6.6.99', seenAs: '10.160.0.0', via: 'fn-1', by: 'KUBE-POSTROUTING', owner: 'kube-proxy' },
    });
    expect(['fn-2', 'fn-3']).toContain(judged.found[0]?.node);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a rule that refuses everybody is another cause', () => {
    expect(findingOf(waiting(guarded('0.0.0.0/0'), FLOW).judge(FLOW), ID)).toBeUndefined();
  });

  test('a drop before any translation is another cause', () => {
    expect(findingOf(bundleOf('gen-netpol-drop').judge(flowOf('gen-netpol-drop')), ID)).toBeUndefined();
  });
});
