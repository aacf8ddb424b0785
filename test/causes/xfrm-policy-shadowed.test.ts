import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-policy-shadowed';
const NAME = 'xfrm-other-reqid';
const BLOCK = `src 0.0.0.0/0 dst 172.20.0.0/16 uid 0
\tdir fwd action block index 26 priority 100 ptype main share any flag  (0x00000000)
`;
const healthyState = () =>
  bundleOf(NAME).edited('west/ip_xfrm_state.txt', 'reqid 7(0x00000007)', 'reqid 16401(0x00004011)');
const blocked = () =>
  healthyState()
    .appended('west/ip_xfrm_policy.txt', BLOCK)
    .edited('west/xfrm_stat.txt', /XfrmInPolBlock\s+0/, 'XfrmInPolBlock 3');

describe(ID, () => {
  test('a wide block with a lower number wins', () => {
    const judged = blocked().judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'west',
      values: { blocks: true, alone: false, winnerPriority: 100, loserPriority: 2080 },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'delete-policy', provenByWalk: false }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a wide policy of another connection wins', () => {
    const wide = bundleOf(NAME)
      .text('west/ip_xfrm_policy.txt')
      .split(/(?=^src )/m)
      .find((policy) => policy.includes('dir fwd'))
      ?.replace('src 172.20.8.0/24', 'src 172.20.0.0/16')
      .replace('priority 2080', 'priority 10')
      .replace('16401(0x00004011)', '3(0x00000003)');
    const judged = healthyState()
      .appended('west/ip_xfrm_policy.txt', wide ?? '')
      .judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'west', values: { blocks: false, winnerPriority: 10 } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a block with a higher number hides nothing', () => {
    const judged = healthyState()
      .appended('west/ip_xfrm_policy.txt', BLOCK.replace('priority 100', 'priority 9000'))
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the counters it is likely at most', () => {
    expect(findingOf(blocked().without('xfrm-stat').judge(flowOf(NAME)), ID)?.confidence).toBe('likely');
  });

  test('a block that nothing else fits is deleted in every direction', () => {
    const found = findingOf(bundleOf('xfrm-block-policy-wins').judge(flowOf('xfrm-block-policy-wins')), ID);
    expect(found?.fixes).toMatchObject([{ id: 'delete-policy', provenByWalk: false }]);
    expect(found?.fixes[0]?.commands.length).toBeGreaterThan(1);
  });

  test('without the policies a counted block asks for them', () => {
    const dark = blocked().without('xfrm-policy', 'west/');
    const judged = dark.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['xfrm-policy west']);
    expect(neededFor(healthyState().without('xfrm-policy', 'west/').judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
