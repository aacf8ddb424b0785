import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, PODS } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'targetport-no-listener-rst';
const NAME = 'gen-backend-not-listening';

describe(ID, () => {
  test("holds where the service's server has no listener, and a listener mends it", () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.flow.evidence.seen).toBe('refused');
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'n202',
      namespace: 'billing',
      values: { port: 7000, virtual: '10.110.5.60', known: true },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'right-port', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the reset that comes out of the pod’s veth tells it too, where the host alone was captured', () => {
    const judged = bundleOf(NAME)
      .withoutPods()
      .judge({ ...flowOf(NAME), start: undefined });
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', node: 'n202', values: { known: false } });
    const silent = bundleOf(NAME)
      .withoutPods()
      .without('tcpdump', 'n202')
      .judge({ ...flowOf(NAME), start: undefined });
    expect(findingOf(silent, ID)).toBeUndefined();
  });

  test('holds for the pod by its own address', () => {
    const judged = failing(quietCluster(), { ...PODS, dport: 9999 });
    expect(findingOf(judged, ID)).toMatchObject({
      node: 'fn-2',
      namespace: 'api-a',
      values: { port: 9999, virtual: '' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a listener on the port is no case of it', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test("a host's own port is no case of it", () => {
    expect(findingOf(failing(quietCluster(), { ...PODS, dst: '10.6.6.12', dport: 9999 }), ID)).toBeUndefined();
  });

  test("without the sockets the pod's own reset makes it likely", () => {
    const judged = bundleOf(NAME).without('sockets', 'n202/netns').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      namespace: 'billing',
      values: { known: false },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the sockets and without that reset it is open', () => {
    const judged = bundleOf(NAME).without('sockets', 'n202/netns').without('tcpdump', 'n202').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'sockets', namespace: 'n202/billing' }] }),
    );
  });
});
