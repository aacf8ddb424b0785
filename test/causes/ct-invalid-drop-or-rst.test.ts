import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, PODS, rulesFirst } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'ct-invalid-drop-or-rst';
/** The answer comes back over fn-3, which never saw the request. */
const asymmetric = () =>
  rulesFirst(
    quietCluster().edited(
      'fn-2/ip_route.txt',
      '10.160.0.0/24 via 10.160.0.0 dev flannel.1 onlink',
      '10.160.0.0/24 via 10.6.6.13 dev eth0',
    ),
    'fn-3',
    'filter',
    [],
    ['-A KUBE-FORWARD -m conntrack --ctstate INVALID -m comment --comment "kubernetes forwarding rules" -j DROP'],
  );

describe(ID, () => {
  test('holds where an answer passes a node that never saw the request', () => {
    const judged = failing(asymmetric());
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-3',
      values: { variant: 'dropped', counted: 5 },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'remove-rule' }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the same rule on a node that sees both directions drops nothing', () => {
    const judged = failing(
      asymmetric().edited(
        'fn-2/ip_route.txt',
        '10.160.0.0/24 via 10.6.6.13 dev eth0',
        '10.160.0.0/24 via 10.160.0.0 dev flannel.1 onlink',
      ),
      PODS,
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('an ordinary drop is no case of it', () => {
    expect(findingOf(bundleOf('gen-forward-drop-policy').judge(flowOf('gen-forward-drop-policy')), ID)).toBeUndefined();
  });

  test("without that node's rules nothing is said of it", () => {
    expect(
      findingOf(failing(asymmetric().without('iptables-save', 'fn-3').without('nft-ruleset', 'fn-3')), ID),
    ).toBeUndefined();
  });

  test('holds for a recorded reset; without the counters of conntrack they are asked for', () => {
    const judged = bundleOf('invalid-rst').judge(flowOf('invalid-rst'));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'wk-red', values: { variant: 'untranslated' } });
    expect(neededFor(judged, ID)).toBeUndefined();
    const without = bundleOf('invalid-rst').without('conntrack-stats').judge(flowOf('invalid-rst'));
    expect(findingOf(without, ID)).toBeUndefined();
    expect(neededFor(without, ID)).toEqual(['conntrack-stats wk-red']);
  });

  test('a refused or a quiet flow asks for no counters', () => {
    expect(neededFor(failing(quietCluster().without('conntrack-stats')), ID)).toBeUndefined();
  });
});
