import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'firewall-manager-flushed-rules';
const NAME = 'gen-route-missing-on-node';
/** A cluster whose services are rules; the missing route of the recorded case is put back. */
const cluster = () =>
  bundleOf(NAME)
    .edited('hg-a/ip_route.txt', /^(default .*\n)/m, '$110.130.3.0/24 via 10.9.0.14 dev eth0\n')
    .without('tcpdump');
const unhooked = () => cluster().edited('hg-a/iptables-save.txt', /^.*-A PREROUTING .*-j KUBE-SERVICES\n/m, '');

describe(ID, () => {
  test("holds where nothing leads to the proxy's chain any more, and the jump mends it", () => {
    const judged = unhooked().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      node: 'hg-a',
      values: { unhooked: true, chain: 'KUBE-SERVICES', virtual: '10.131.6.1' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'hook-again', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where the chains are gone and a firewall manager has set up its own', () => {
    const judged = cluster()
      .edited(
        'hg-a/iptables-save.txt',
        /\*nat\n[\s\S]*?COMMIT\n/,
        '*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n:PREROUTING_direct - [0:0]\n:PRE_public - [0:0]\n[3:180] -A PREROUTING -j PREROUTING_direct\nCOMMIT\n',
      )
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'hg-a', values: { unhooked: false, manager: 'firewalld' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('rules in their place are no case of it', () => {
    expect(findingOf(cluster().judge(flowOf(NAME)), ID)).toBeUndefined();
    expect(findingOf(bundleOf('gen-netpol-drop').judge(flowOf('gen-netpol-drop')), ID)).toBeUndefined();
  });

  test("without the node's rules nothing is said of it", () => {
    expect(
      findingOf(cluster().without('iptables-save', 'hg-a').without('nft-ruleset', 'hg-a').judge(flowOf(NAME)), ID),
    ).toBeUndefined();
  });

  test("the cluster knows the service and the node's rules are missing: they would tell", () => {
    const flow = { ...flowOf(NAME), sport: 58_686 };
    const translating = cluster().without('iptables-save', 'hg-a').without('nft-ruleset', 'hg-a');
    const dark = translating.without('conntrack', 'hg-a/conntrack').without('conntrack', 'hg-a/nf_conntrack');
    const judged = waiting(dark, flow).judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save hg-a']);
    expect(neededFor(dark.judge({ ...flow, sport: 40_123 }), ID)).toBeUndefined();
    // An entry that translates the connection says that the rules did.
    expect(neededFor(waiting(translating, flow).judge(flow), ID)).toBeUndefined();
  });

  test('a client beside the cluster translates no services, and its rules are asked for by nobody', () => {
    expect(neededFor(bundleOf('etp-local-lb').judge(flowOf('etp-local-lb')), ID)).toBeUndefined();
  });
});
