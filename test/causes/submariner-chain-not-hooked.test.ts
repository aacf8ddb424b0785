import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'submariner-chain-not-hooked';
const NAME = 'submariner-healthy';
/** A gateway's pod asks the other cluster. */
const flow = {
  proto: 'tcp',
  src: '10.9.1.6',
  dst: '10.8.0.7',
  dport: 80,
  sport: 40009,
  start: 'c2-worker/netshoot-gw',
};
const quiet = () => bundleOf(NAME).without('tcpdump').without('conntrack');
const JUMP = /.*-A POSTROUTING -j SUBMARINER-POSTROUTING\n/;

describe(ID, () => {
  test('without the jump the next masquerade takes the packet', () => {
    const nat = quiet().text('c2-worker/iptables-save.txt').indexOf('*nat');
    const text = quiet().text('c2-worker/iptables-save.txt');
    const bundle = quiet().withFile(
      'c2-worker/iptables-save.txt',
      text.slice(0, nat) + text.slice(nat).replace(JUMP, ''),
    );
    const judged = bundle.judge(flow);
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'c2-worker', values: { late: false, src: '10.9.1.6' } });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'hook-chain', provenByWalk: true }]);
    expect(judged.found[0]?.consequences.map((c) => c.id)).toContain('snat-before-xfrm-policy-miss');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('with the jump nothing is translated', () => {
    expect(findingOf(quiet().judge(flow), ID)).toBeUndefined();
  });

  test('without the rules nobody is accused', () => {
    expect(findingOf(quiet().without('iptables-save').without('nft-ruleset').judge(flow), ID)).toBeUndefined();
  });

  test('without the rules of the node they would tell', () => {
    const dark = quiet().without('iptables-save', 'c2-worker/ip').without('nft-ruleset', 'c2-worker/nft');
    const judged = waiting(dark, flow).judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save c2-worker']);
    expect(neededFor(dark.judge(flow), ID)).toBeUndefined();
    const local = { ...flow, dst: '10.9.0.9' };
    expect(neededFor(waiting(dark, local).judge(local), ID)).toBeUndefined();
  });
});
