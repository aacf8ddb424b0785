import { describe, expect, test } from 'vitest';
import { type BundleTexts, textsOf } from '../causes/bundle.ts';
import { recordedCases, truthOf } from '../recorded-cases.ts';
import { causesOfFlow } from './accused.ts';

/** What a bundle once made certain when something was taken away from it, and what must not be more than likely there. */
const CASES: readonly [name: string, lacking: string, take: (b: BundleTexts) => BundleTexts, accused: string][] = [
  ['ok-noise2', 'neighbours', (b) => b.without('ip-neigh'), 'vxlan-fdb-or-neigh-missing'],
  ['flannel-vni-differs', 'neighbours', (b) => b.without('ip-neigh'), 'vxlan-fdb-or-neigh-missing'],
  ['flannel-vtep-mac-changed', 'the sender', (b) => b.withoutNode('tick'), 'vxlan-fdb-or-neigh-missing'],
  ['ct-off-nodeport', 'virtual services', (b) => b.without('ipvsadm'), 'nodeport-address-not-served'],
  ['openyurt-ipvs-ipsec', 'routes', (b) => b.without('ip-route'), 'ipvs-masq-missing-vip-source'],
  ['raven-flannel-masq-before-xfrm', 'routing rules', (b) => b.without('ip-rule'), 'vxlan-udp-blocked'],
  ['policy-rule-sends-pods-to-vpn', 'routing rules', (b) => b.without('ip-rule'), 'underlay-antispoof'],
  ['natt-udp4500-dropped', 'policies', (b) => b.without('xfrm-policy'), 'podcidr-route-missing'],
  ['xfrm-other-reqid', 'the sender', (b) => b.withoutNode('east'), 'xfrm-plaintext-where-esp-required'],
  ['outer-addr', 'states', (b) => b.without('xfrm-state'), 'xfrm-plaintext-where-esp-required'],
  ['hostport-steals', 'virtual services', (b) => b.without('ipvsadm'), 'targetport-no-listener-rst'],
];

describe('what was taken away leaves a doubt', () => {
  test.each(CASES)('%s without %s', (name, _lacking, take, accused) => {
    const recorded = recordedCases.find((r) => r.name === name);
    if (!recorded) throw new Error(`no recorded bundle ${name}`);
    const found = causesOfFlow(take(textsOf(`${recorded.path}.tgz`)).network(), truthOf(recorded));
    expect(found.filter((f) => f.id === accused && f.confidence === 'certain')).toEqual([]);
  });
});
