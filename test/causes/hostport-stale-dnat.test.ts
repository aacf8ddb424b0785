import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, podYaml, quietCluster, waiting, withRules } from './services.ts';

const ID = 'hostport-stale-dnat';
const FLOW = { ...ASKED, src: '10.6.6.99', dst: '10.6.6.11', dport: 8088, start: 'ext' };
const mapped = (address: string) =>
  withRules(
    quietCluster(),
    'fn-1',
    'nat',
    ['CNI-HOSTPORT-DNAT', 'CNI-DN-0123456789abcdef0'],
    [
      '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      '-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8088 -j CNI-DN-0123456789abcdef0',
      `-A CNI-DN-0123456789abcdef0 -p tcp -m tcp --dport 8088 -j DNAT --to-destination ${address}:80`,
    ],
  );
const FAILED = '10.160.0.77 dev cni0  FAILED\n';

describe(ID, () => {
  test('holds for a target that nobody has', () => {
    const judged = waiting(mapped('10.160.0.77').appended('fn-1/ip_neigh.txt', FAILED), FLOW)
      .withFile('fn-1/kubectl.yaml', podYaml('ui', 'fn-1', '10.160.0.9'))
      .judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { server: '10.160.0.77', port: 8088 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely by the neighbour table alone', () => {
    expect(
      findingOf(waiting(mapped('10.160.0.77').appended('fn-1/ip_neigh.txt', FAILED), FLOW).judge(FLOW), ID)?.confidence,
    ).toBe('likely');
  });

  test('a pod that is there, and one that does not answer ARP, are no cases of it', () => {
    expect(findingOf(waiting(mapped('10.160.0.9'), FLOW).judge(FLOW), ID)).toBeUndefined();
    const judged = waiting(mapped('10.160.0.77').appended('fn-1/ip_neigh.txt', FAILED), FLOW)
      .withFile('fn-1/kubectl.yaml', podYaml('web', 'fn-1', '10.160.0.77'))
      .judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('pod-is-there');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the pods, and without a word of the neighbour, it is undecided', () => {
    const judged = waiting(mapped('10.160.0.77'), FLOW).judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing[0]).toEqual({ kind: 'kubectl', namespace: 'fn-1' });
  });
});
