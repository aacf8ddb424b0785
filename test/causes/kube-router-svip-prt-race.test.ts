import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'kube-router-svip-prt-race';
const NAME = 'kube-router-svip-prt-race';

describe(ID, () => {
  test('holds for the service that IPVS has and the set has not', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'worker-1',
      at: 'INPUT',
      values: { set: 'kube-router-svip-prt', virtual: '203.0.113.80', port: 443, rejected: 1 },
      fixes: [{ id: 'add-entry', provenByWalk: false }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a port without a service is refused rightly', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .judge({ ...flowOf(NAME), dport: 22 });
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.found[0]?.id).toBe('vip-on-dummy-unserved-port');
  });

  test('the healthy twin is no case of it', () => {
    expect(bundleOf('kube-router-svip-healthy').judge(flowOf('kube-router-svip-healthy')).found).toEqual([]);
  });

  test('without the sets the rule that counted and the refusal that was seen tell what they held', () => {
    const judged = bundleOf(NAME).without('ipset', 'worker-1').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', values: { untold: true } });
  });

  test('without the sets and with rules that do not tell what they counted it is undecided', () => {
    const judged = bundleOf(NAME)
      .without('ipset', 'worker-1')
      .edited('worker-1/iptables-save.txt', /^\[\d+:\d+\] (?=-A)/gm, '')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipset', namespace: 'worker-1' }]);
  });

  test('an earlier connection that ended well does not speak for a new one', () => {
    const judged = bundleOf(NAME).without('tcpdump').judge(flowOf(NAME));
    expect(judged.flow.evidence.entries.map((e) => e.entry.state)).toContain('TIME_WAIT');
    expect(judged.flow.evidence.seen).toBe('unknown');
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'likely', node: 'worker-1' });
    const healthy = 'kube-router-svip-healthy';
    expect(bundleOf(healthy).without('tcpdump').judge(flowOf(healthy)).flow.evidence.seen).toBe('ok');
  });
});
