import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'submariner-gw-hostnet-table150';
const NAME = 'submariner-healthy';
/** The gateway's own attempt, unanswered. */
const ENTRY =
  'ipv4     2 tcp      6 115 SYN_SENT src=172.18.0.6 dst=10.8.0.7 sport=40011 dport=80 [UNREPLIED] src=10.8.0.7 dst=172.18.0.6 sport=80 dport=40011 mark=0 use=1\n';
const quiet = () =>
  bundleOf(NAME).without('tcpdump').without('conntrack').withFile('c2-worker/conntrack_-L.txt', ENTRY);
const flow = (src: string) => ({ proto: 'tcp', src, dst: '10.8.0.7', dport: 80, sport: 40011, start: 'c2-worker' });

describe(ID, () => {
  test('without the rule the gateway asks with its uplink’s address', () => {
    const judged = quiet()
      .edited('c2-worker/ip_rule.txt', /150:.*\n/, '')
      .judge(flow('172.18.0.6'));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'c2-worker', values: { part: 'rule', src: '172.18.0.6' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without a source in the route', () => {
    const judged = quiet()
      .edited('c2-worker/ip_route.txt', /(10\.8\.0\.0\/16 dev eth0 table 150 .*) src 10\.9\.1\.1/, '$1')
      .judge(flow('172.18.0.6'));
    expect(findingOf(judged, ID)).toMatchObject({ values: { part: 'source' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('with the CNI address the tunnel takes it', () => {
    expect(findingOf(quiet().judge(flow('10.9.1.1')), ID)).toBeUndefined();
  });

  test('without the routing rules it is undecided', () => {
    const judged = quiet().without('ip-rule', 'c2-worker/').judge(flow('172.18.0.6'));
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'ip-rule', namespace: 'c2-worker' }] }),
    );
  });
});
