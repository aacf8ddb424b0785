import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, unreplied, waiting } from './services.ts';

const ID = 'ipvs-masq-missing-vip-source';
const FLOW = { ...ASKED, src: '10.161.5.1', start: 'fn-1' };
const wide = () =>
  quietCluster().edited('fn-1/iptables-save.txt', '! -s 10.160.0.0/16 -m comment', '! -s 10.160.0.0/12 -m comment');

describe(ID, () => {
  test('holds where the cluster range covers the service address', () => {
    const judged = wide()
      .appended('fn-1/conntrack_-L.txt', unreplied(FLOW, '10.160.1.9', 8080, '10.161.5.1'))
      .judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      values: { sender: 'fn-1', kind: 'cluster-ip', chainMissing: false, end: 'martian-source' },
      fixes: [{ id: 'masquerade', provenByWalk: true }],
    });
    expect(['fn-2', 'fn-3']).toContain(judged.found[0]?.node);
    expect(judged.found[0]?.consequences.map((f) => f.id)).toContain('martian-source-is-local-vip');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely, with its fix proven for every server, where nothing was seen of the flow', () => {
    expect(wide().judge(FLOW).found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      fixes: [{ provenByWalk: true }],
    });
  });

  test('with the right range the request is masqueraded', () => {
    expect(quietCluster().judge(FLOW).found).toEqual([]);
  });

  test('a Local service is left unmarked on purpose', () => {
    const name = 'ack-local-124-slb-from-no-endpoint-node-terway';
    expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
  });

  test('where no set tells whether the service is Local it is only possible', () => {
    const name = 'ack-local-124-slb-from-no-endpoint-node-terway';
    const judged = bundleOf(name).without('ipset').judge(flowOf(name));
    expect(findingOf(judged, ID)?.confidence).toBe('possible');
    expect(judged.undecided.map((u) => u.id)).toContain('etp-local-hostnet-to-vip-src-is-vip');
  });

  test('without the rules it is undecided', () => {
    const judged = waiting(wide(), FLOW).without('iptables-save', 'fn-1').without('nft-ruleset', 'fn-1').judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'iptables-save', namespace: 'fn-1' }]);
  });

  test('where the walk stops for want of routes, before the masquerade, nothing is claimed', () => {
    const name = 'openyurt-ipvs-ipsec';
    expect(findingOf(bundleOf(name).without('ip-route').judge(flowOf(name)), ID)).toBeUndefined();
  });
});
