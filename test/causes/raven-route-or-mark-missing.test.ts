import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'raven-route-or-mark-missing';
const NAME = 'raven-flannel-masq-before-xfrm';
const flow = () => ({ ...flowOf(NAME), sport: undefined });

describe(ID, () => {
  test.each([
    ['rule', 'master-other/ip_rule.txt', /100:.*\n/],
    ['route', 'master-other/ip_route.txt', /default via 240.*\n/],
    ['set', 'master-other/ipset_list.txt', /(Name: raven-mark-set[\s\S]*?)10\.16\.10\.0\/24/],
    ['chain', 'master-other/iptables-save.txt', /.*-A PREROUTING .*RAVEN-MARK-CHAIN\n/],
  ])('a missing %s is named, and put back', (part, file, pattern) => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .edited(file, pattern, part === 'set' ? '$110.99.0.0/24' : '')
      .judge(flow());
    const found = findingOf(judged, ID);
    expect(found).toMatchObject({
      node: 'master-other',
      values: { part, gateway: 'master-gw', remote: '10.16.10.0/24' },
    });
    expect(found?.fixes[0]?.commands).toHaveLength(1);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a node whose chain is whole is not accused', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the rules of routing it is undecided', () => {
    const judged = bundleOf(NAME).without('tcpdump').without('ip-rule', 'master-other/').judge(flow());
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'ip-rule', namespace: 'master-other' }] }),
    );
  });

  test('where the main table alone was captured, what the other one lacks is undecided', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .edited('master-other/ip_route.txt', /^(default via 240|.* table ).*\n/gm, '')
      .judge(flow());
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'ip-route', namespace: 'master-other' }] }),
    );
  });
});
