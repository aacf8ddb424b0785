import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'kube-router-ipv6-vip-same-node';
const NAME = 'kube-router-svip-node-ip';
const VIP = 'fdcd:5f23:4ab4:12::1';
const FLOW = { proto: 'tcp', src: VIP, sport: 40001, dst: VIP, dport: 1337, start: 'master' };
const quiet = () => bundleOf(NAME).without('tcpdump').without('conntrack').withoutFile('nf_conntrack.txt');

describe(ID, () => {
  test('is no more than a possibility', () => {
    const judged = waiting(quiet(), FLOW).judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible', values: { device: 'kube-dummy-if' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a client elsewhere, and a flow that works, are no cases of it', () => {
    expect(
      findingOf(bundleOf(NAME).judge({ src: 'fdcd:5f23:4ab4:10::100', dst: VIP, dport: 1337, start: 'admin' }), ID),
    ).toBeUndefined();
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
