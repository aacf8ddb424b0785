import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
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

describe(ID, () => {
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

  test('the packet comes to a node under the masqueraded address and its rules are missing: they would tell', () => {
    const seen = (address: string) =>
      [1, 2]
        .map((s) => packet(s, syn(address, 40001, '10.160.1.9', 8080), { device: 'flannel.1', direction: 'In' }))
        .join('');
    const dark = guarded('10.160.0.0/32')
      .edited('fn-1/ipvsadm_-Ln.txt', /^ {2}-> 10\.160\.2\.9:8080 .*\n/gm, '')
      .without('iptables-save', 'fn-2/ip')
      .without('nft-ruleset', 'fn-2/nft');
    const judged = waiting(dark.withFile('fn-2/tcpdump/any.txt', seen('10.160.0.0')), FLOW).judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save fn-2']);
    // Nobody saw it come.
    expect(neededFor(waiting(dark, FLOW).judge(FLOW), ID)).toBeUndefined();
  });
});
