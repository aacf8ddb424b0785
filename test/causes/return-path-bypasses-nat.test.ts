import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting } from './services.ts';

const ID = 'return-path-bypasses-nat';
const NAME = 'ack-local-124-nodeport-external-terway';

describe(ID, () => {
  test('holds where nothing tells why the source was not translated, and a masquerade mends it', () => {
    const judged = bundleOf(NAME).without('ipset').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'client-10.0.3.72',
      values: { via: 'cn-hongkong.10.0.5.168', server: '10.0.2.78', from: 'cn-hongkong.10.0.2.77' },
      fixes: [{ id: 'masquerade', provenByWalk: false }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is at most likely where the client is outside of the bundle', () => {
    const judged = bundleOf(NAME)
      .withoutNode('client-10.0.3.72')
      .without('ipset')
      .judge({ src: '10.0.3.72', sport: 41001, dst: '10.0.5.168', dport: 30745 });
    const found = findingOf(judged, ID);
    expect(found?.node).toBeNull();
    expect(found?.confidence).not.toBe('possible');
  });

  test.each(['ack-cluster-nodeport-external', 'kube-router-svip-healthy', 'ok-ipvs-cross-node-flannel'])(
    '%s is no case of it',
    (name) => {
      expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toBeUndefined();
    },
  );

  test('a service whose answer passes the translating node is no case of it', () => {
    const judged = waiting(quietCluster()).judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('the rule that mends it is offered on a node that has nftables only, and is not called walked where the routing rules were taken for granted', () => {
    const found = findingOf(bundleOf('nat-loopback').judge(flowOf('nat-loopback')), ID);
    expect(found?.fixes).toContainEqual(expect.objectContaining({ id: 'masquerade', provenByWalk: false }));
  });

  test("without the routes of the server's side they would tell where the answer goes", () => {
    const dark = bundleOf(NAME).without('ipset').without('ip-route', 'cn-hongkong.10.0.2.77');
    // Seen at the client, the server's own answer needs no route.
    expect(findingOf(dark.judge(flowOf(NAME)), ID)).toMatchObject({ confidence: 'likely' });
    const judged = dark.without('tcpdump', 'client-10.0.3.72').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-route cn-hongkong.10.0.2.77']);
    // Masqueraded, the answer comes back to the node that translated whatever else is routed there.
    const name = 'ack-cluster-nodeport-external';
    const masqueraded = bundleOf(name).without('ip-route', 'cn-hongkong.10.0.2.77');
    expect(neededFor(masqueraded.judge(flowOf(name)), ID)).toBeUndefined();
  });
});
