import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'submariner-calico-natoutgoing';
const NAME = 'submariner-healthy';
const flow = {
  proto: 'tcp',
  src: '10.9.1.6',
  dst: '10.8.0.7',
  dport: 80,
  sport: 40009,
  start: 'c2-worker/netshoot-gw',
};
const POOLS = `
Name: cali40masq-ipam-pools
Type: hash:net
Revision: 7
Header: family inet hashsize 1024 maxelem 1048576
Number of entries: 1
Members:
10.9.0.0/16

Name: cali40all-ipam-pools
Type: hash:net
Revision: 7
Header: family inet hashsize 1024 maxelem 1048576
Number of entries: 1
Members:
10.9.0.0/16
`;
const RULE =
  '[5:300] -A cali-nat-outgoing -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst -j MASQUERADE --random-fully\n';
/** Calico's chain before the agent's. */
const calico = () => {
  const bundle = bundleOf(NAME).without('tcpdump').without('conntrack');
  const text = bundle.text('c2-worker/iptables-save.txt');
  const nat = text.indexOf('*nat');
  const changed = text
    .slice(nat)
    .replace(/:SUBMARINER-POSTROUTING/, ':cali-nat-outgoing - [0:0]\n:SUBMARINER-POSTROUTING')
    .replace(/(?=.*-A POSTROUTING )/, `[9:900] -A POSTROUTING -j cali-nat-outgoing\n${RULE}`);
  return bundle
    .withFile('c2-worker/iptables-save.txt', text.slice(0, nat) + changed)
    .appended('c2-worker/ipset_list.txt', POOLS);
};

describe(ID, () => {
  test('the remote network is no pool of Calico’s', () => {
    const judged = calico().judge(flow);
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'c2-worker', values: { remote: '10.8.0.0/16' } });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'add-pool', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a pool for the remote network keeps the source', () => {
    const judged = calico().appended('c2-worker/ipset_list.txt', '10.8.0.0/16\n').judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the sets nobody is accused for sure', () => {
    const judged = calico().without('ipset', 'c2-worker/').judge(flow);
    expect(findingOf(judged, ID)?.confidence).not.toBe('certain');
  });

  test("without the rules Calico's sets ask for them", () => {
    const dark = calico().without('iptables-save', 'c2-worker/ip').without('nft-ruleset', 'c2-worker/nft');
    const judged = waiting(dark, flow).judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save c2-worker']);
    const pooled = dark.appended('c2-worker/ipset_list.txt', '10.8.0.0/16\n');
    expect(neededFor(waiting(pooled, flow).judge(flow), ID)).toBeUndefined();
    expect(neededFor(dark.judge(flow), ID)).toBeUndefined();
  });
});
