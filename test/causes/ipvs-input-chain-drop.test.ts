import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, connection, quietCluster, waiting, withRules } from './services.ts';

const ID = 'ipvs-input-chain-drop';
const dropped = () => withRules(quietCluster(), 'fn-1', 'filter', [], ['-A INPUT -p tcp -m tcp --dport 80 -j DROP']);

describe(ID, () => {
  test('holds where INPUT drops what IPVS would serve', () => {
    const judged = waiting(dropped()).judge(ASKED);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      at: 'INPUT',
      values: { chain: 'INPUT', policy: false, packets: 5 },
      fixes: [{ id: 'accept', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a policy of INPUT does the same', () => {
    const judged = quietCluster()
      .edited('fn-1/iptables-save.txt', /(\*filter\n:INPUT) ACCEPT/, '$1 DROP')
      .judge(ASKED);
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'likely', values: { policy: true } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a connection that IPVS made refutes it', () => {
    const judged = waiting(dropped())
      .appended('fn-1/ipvsadm_-Lnc.txt', connection('SYN_RECV', '10.160.0.9:40001', '10.161.5.1:80', '10.160.1.9:8080'))
      .judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('connection-made');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("kube-router's own refusal is another cause", () => {
    expect(
      findingOf(bundleOf('kube-router-svip-prt-race').judge(flowOf('kube-router-svip-prt-race')), ID),
    ).toBeUndefined();
  });

  test('without the connections, and without a trace of the flow, it is undecided', () => {
    const judged = dropped().without('ipvsadm-connections').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipvsadm-connections', namespace: 'fn-1' },
    ]);
  });
});
