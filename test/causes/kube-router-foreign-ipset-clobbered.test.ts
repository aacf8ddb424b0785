import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ipset, waiting, withRules } from './services.ts';

const ID = 'kube-router-foreign-ipset-clobbered';
const NAME = 'kube-router-svip-healthy';
const guarded = (members: readonly string[]) =>
  withRules(
    bundleOf(NAME)
      .without('tcpdump')
      .without('conntrack')
      .withoutFile('nf_conntrack.txt')
      .appended('worker-1/ipset_list.txt', ipset('mesh-probes', 'hash:ip', members)),
    'worker-1',
    'filter',
    [],
    [
      '-A INPUT -p tcp -m tcp --dport 443 -m set --match-set mesh-probes src -j ACCEPT',
      '-A INPUT -p tcp -m tcp --dport 443 -j DROP',
    ],
  );

describe(ID, () => {
  test('is a possibility where the set that should let it in is empty', () => {
    const judged = guarded([]).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'possible',
      node: 'worker-1',
      values: { set: 'mesh-probes' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely where another node has its members and the flow was seen to fail', () => {
    const flow = { ...flowOf(NAME), sport: 40001 };
    const judged = waiting(
      guarded([]).appended('client/ipset_list.txt', ipset('mesh-probes', 'hash:ip', ['198.51.100.7'])),
      flow,
    ).judge(flow);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', values: { other: 'client' } });
  });

  test('a set that has members but not this one is a decision, not an accident', () => {
    expect(findingOf(guarded(['192.0.2.1']).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the sets it is undecided', () => {
    const judged = guarded([]).without('ipset', 'worker-1').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the sets they would tell', () => {
    const flow = { ...flowOf(NAME), sport: 40001 };
    const judged = waiting(guarded([]).without('ipset', 'worker-1'), flow).judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ipset worker-1']);
  });
});
