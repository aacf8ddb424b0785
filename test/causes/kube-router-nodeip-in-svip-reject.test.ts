import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const ID = 'kube-router-nodeip-in-svip-reject';
const NAME = 'kube-router-svip-node-ip';

describe(ID, () => {
  test('holds for the API server of the node, over IPv6', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'master',
      values: { set: 'inet6:kube-router-svip', localSet: 'inet6:kube-router-local-ips', localEntries: 0, port: 6443 },
      fixes: [{ id: 'add-local-address', provenByWalk: false }],
    });
    expect(judged.found[0]?.values.services).toEqual(['fdcd:5f23:4ab4:10::11:31337']);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a service address, and an address that the local set has, are no cases of it', () => {
    const race = bundleOf('kube-router-svip-prt-race').judge(flowOf('kube-router-svip-prt-race'));
    expect(findingOf(race, ID)).toBeUndefined();
    const mended = bundleOf(NAME)
      .without('tcpdump')
      .edited(
        'master/ipset_list.txt',
        /(Name: inet6:kube-router-local-ips\n(?:.+\n)*?)Number of entries: 0\nMembers:\n/,
        '$1Number of entries: 1\nMembers:\nfdcd:5f23:4ab4:10::11 timeout 0\n',
      )
      .judge(flowOf(NAME));
    expect(mended.found).toEqual([]);
  });

  test('without the sets the rule that counted and the refusal that was seen tell what they held', () => {
    const judged = bundleOf(NAME).without('ipset', 'master').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', values: { untold: true } });
  });

  test('without the sets and with rules that do not tell what they counted it is undecided', () => {
    const judged = bundleOf(NAME)
      .without('ipset', 'master')
      .edited('master/ip6tables-save.txt', /^\[\d+:\d+\] (?=-A)/gm, '')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipset', namespace: 'master' }]);
  });
});
