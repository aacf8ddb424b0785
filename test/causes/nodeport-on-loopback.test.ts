import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { quietCluster, waiting } from './services.ts';

const ID = 'nodeport-on-loopback';
const FLOW = { proto: 'tcp', src: '127.0.0.1', sport: 40001, dst: '127.0.0.1', dport: 31800, start: 'fn-1' };

describe(ID, () => {
  test('holds where nobody serves the loopback address', () => {
    const judged = quietCluster().judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'fn-1',
      values: { mode: 'ipvs', served: '10.6.6.11' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where IPVS refuses a loopback source', () => {
    const judged = waiting(
      quietCluster().appended(
        'fn-1/ipvsadm_-Ln.txt',
        'TCP  127.0.0.1:31800 rr\n  -> 10.160.1.9:8080              Masq    1      0          0         \n',
      ),
      FLOW,
    ).judge(FLOW);
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'certain', values: { code: 'ipvs-loopback-source' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("the node's own address, and a port that is no node port, are no cases of it", () => {
    expect(quietCluster().judge({ ...FLOW, src: '10.6.6.11', dst: '10.6.6.11' }).found).toEqual([]);
    expect(findingOf(quietCluster().judge({ ...FLOW, dport: 8081 }), ID)).toBeUndefined();
  });

  test('without virtual services and rules it is undecided', () => {
    const judged = waiting(
      quietCluster()
        .without('ipvsadm', 'fn-1')
        .without('iptables-save', 'fn-1')
        .without('nft-ruleset', 'fn-1')
        .without('ipset', 'fn-1'),
      FLOW,
    ).judge(FLOW);
    expect(judged.undecided.find((u) => u.id === ID)?.missing.map((m) => m.kind)).toEqual(['ipvsadm', 'iptables-save']);
  });
});
