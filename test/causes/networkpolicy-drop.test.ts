import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, rulesFirst } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'networkpolicy-drop';
const NAME = 'gen-netpol-drop';

describe(ID, () => {
  test("holds for Calico's last drop, and the missing member of the set mends it", () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'cal-2',
      values: { owner: 'calico', direction: 'ingress' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([
      { id: 'admit-peer', provenByWalk: true, commands: [] },
      { id: 'without-rule', provenByWalk: true, commands: [] },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("holds for kube-router's pod firewall", () => {
    const judged = failing(
      rulesFirst(
        quietCluster(),
        'fn-2',
        'filter',
        ['KUBE-POD-FW-ABCDEFGH'],
        [
          '-A KUBE-POD-FW-ABCDEFGH -m comment --comment "rule to REJECT traffic destined for POD name:api-a namespace: shop" -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable',
          '-A FORWARD -d 10.160.1.9/32 -m comment --comment "rule to jump traffic destined to POD name:api-a namespace: shop to chain KUBE-POD-FW-ABCDEFGH" -j KUBE-POD-FW-ABCDEFGH',
        ],
      ),
    );
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { owner: 'kube-router', policy: 'shop/api-a', rejected: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an admitted peer is no case of it', () => {
    const judged = bundleOf(NAME)
      .edited('cal-2/ipset_list.txt', /^10\.48\.16\.9$/m, '10.48.16.9\n10.48.16.10')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the sets the same drop is likely at most', () => {
    const judged = bundleOf(NAME).without('ipset', 'cal-2').without('tcpdump').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely' });
  });

  test('without the rules of a node that has the devices of an engine they would tell', () => {
    const dark = bundleOf(NAME).without('iptables-save', 'cal-2').without('nft-ruleset', 'cal-2');
    const judged = dark.judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save cal-2']);
    // flannel carries out no policies.
    const flannel = quietCluster().without('iptables-save', 'fn-2').without('nft-ruleset', 'fn-2');
    expect(neededFor(failing(flannel), ID)).toBeUndefined();
  });
});
