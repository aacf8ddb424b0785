import { describe, expect, test } from 'vitest';
import { CAUSES } from '../../src/judging/registry.ts';
import { bundleOf, flowOf } from './bundle.ts';

const NAME = 'openyurt-ipvs-ipsec';
const FLOW = { proto: 'tcp', src: '10.255.31.243', dst: '10.255.31.243', dport: 80, start: 'cloud-gw' };
const because = (texts: ReturnType<typeof bundleOf>, flow: Parameters<typeof texts.judge>[0] = FLOW) =>
  new Map(texts.judge(flow).ruledOut.map((r) => [r.id, r]));

describe('rivals of a failing flow', () => {
  test('are excluded by what was seen and counted, each with its line', () => {
    const ruledOut = because(bundleOf(NAME));
    expect(ruledOut.get('targetport-no-listener-rst')?.because).toBe('replied');
    expect(ruledOut.get('esp-or-natt-blocked-in-transit')?.because).toBe('came-across');
    expect(ruledOut.get('xfrm-in-sa-or-spi-missing')).toMatchObject({
      because: 'counter-zero',
      values: { counter: 'XfrmInNoStates' },
    });
    expect(ruledOut.get('conntrack-table-full')?.because).toBe('conntrack-has-room');
    for (const rival of ruledOut.values()) expect(rival.evidence.length, rival.id).toBeGreaterThan(0);
  });

  test('are causes of the catalogue, and never the one that holds', () => {
    const judged = bundleOf(NAME).judge(FLOW);
    const known = CAUSES.map((cause) => cause.id);
    for (const { id } of judged.ruledOut) expect(known).toContain(id);
    const named = [...judged.found, ...judged.observations].map((f) => f.id);
    expect(judged.ruledOut.map((r) => r.id).filter((id) => named.includes(id))).toEqual([]);
  });

  test('a counter that has counted excludes nothing', () => {
    const ruledOut = because(bundleOf(NAME).edited('edge-gw/xfrm_stat.txt', /XfrmInNoStates\s+0/, 'XfrmInNoStates 3'));
    expect(ruledOut.has('xfrm-in-sa-or-spi-missing')).toBe(false);
    expect(ruledOut.has('xfrm-replay-window')).toBe(true);
  });

  test('a counter that nobody captured excludes nothing', () => {
    const ruledOut = because(bundleOf(NAME).without('xfrm-stat', 'edge-gw/').without('counters', 'edge-gw/'));
    expect([...ruledOut.keys()].filter((id) => id.startsWith('xfrm-'))).toEqual([]);
  });

  test('without packets and entries no server was heard', () => {
    const ruledOut = because(bundleOf(NAME).without('tcpdump').without('conntrack'));
    expect(ruledOut.has('targetport-no-listener-rst')).toBe(false);
    expect(ruledOut.has('esp-or-natt-blocked-in-transit')).toBe(false);
  });

  test('of a flow that works nothing is excluded by them', () => {
    const facts = [...because(bundleOf('xfrm-healthy'), flowOf('xfrm-healthy')).values()].map((r) => r.because);
    expect(facts.filter((f) => /^(replied|came-across|counter-zero|conntrack-has-room)$/.test(f))).toEqual([]);
  });
});
