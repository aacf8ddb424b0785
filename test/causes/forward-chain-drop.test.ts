import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, rulesFirst } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'forward-chain-drop';
const NAME = 'gen-forward-drop-policy';

describe(ID, () => {
  test('holds where the policy of FORWARD is DROP and no rule accepts the pods', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'rke-w2',
      at: 'FORWARD',
      values: { policy: true, counted: 3 },
    });
    expect(judged.found[0]?.fixes.map((f) => [f.id, f.provenByWalk])).toEqual([['accept-networks', true]]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for a rule of the administrator, which taking out mends', () => {
    const judged = failing(
      rulesFirst(quietCluster(), 'fn-2', 'filter', [], ['-A DOCKER-USER -s 10.160.0.0/24 -j DROP']),
    );
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { owner: 'docker', policy: false },
    });
    expect(findingOf(judged, ID)?.fixes.every((f) => f.provenByWalk)).toBe(true);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a rule that never counted a packet is not accused aloud', () => {
    const judged = failing(
      rulesFirst(quietCluster(), 'fn-2', 'filter', [], ['-A DOCKER-USER -s 10.160.0.0/24 -j DROP']).edited(
        'fn-2/iptables-save.txt',
        '[5:300] -A DOCKER-USER',
        '[0:0] -A DOCKER-USER',
      ),
    );
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible' });
  });

  test("a network policy's drop is another cause", () => {
    expect(findingOf(bundleOf('gen-netpol-drop').judge(flowOf('gen-netpol-drop')), ID)).toBeUndefined();
  });

  test('without the rules of the node that swallows the packet it is open', () => {
    const judged = bundleOf(NAME)
      .without('iptables-save', 'rke-w2')
      .without('nft-ruleset', 'rke-w2')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'iptables-save', namespace: 'rke-w2' }] }),
    );
  });

  test("a firewall's own nftables rule is quoted, not iptables' policy that had let the packet on", () => {
    const judged = bundleOf('fwd-drop-reply-nft').judge(flowOf('fwd-drop-reply-nft'));
    const found = findingOf(judged, ID);
    expect(found).toMatchObject({ node: 'fr-2', confidence: 'certain', values: { chain: 'filter_FORWARD' } });
    expect(found?.evidence.map((e) => e.source.file)).not.toContain('fr-2/iptables-save.txt');
    expect(found?.fixes.some((f) => f.provenByWalk)).toBe(true);
  });
});
