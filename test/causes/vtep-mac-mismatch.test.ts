import { describe, expect, test } from 'vitest';
import { type BundleTexts, bundleOf, flowOf } from './bundle.ts';
import { failing, PODS } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'vtep-mac-mismatch';
const OLD = '02:00:00:00:00:99';
const changed = () =>
  quietCluster()
    .edited('fn-1/ip_neigh.txt', 'ea:fb:e8:25:a2:e0', OLD)
    .edited('fn-1/bridge_fdb.txt', 'ea:fb:e8:25:a2:e0', OLD);
/** fn-2's devices as `ip addr` prints them without -d. */
const plain = (bundle: BundleTexts) =>
  bundle
    .without('ip-link', 'fn-2/ip_link')
    .edited('fn-2/ip_addr.txt', /^ +(?:vxlan|veth|bridge|bridge_slave|dummy|openvswitch)\b.*\n/gm, '');

describe(ID, () => {
  test('holds where the sender has another MAC address than the device, and the right one mends it', () => {
    const judged = failing(changed());
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-2',
      values: { mac: OLD, own: 'ea:fb:e8:25:a2:e0', from: 'fn-1' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'new-mac', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for the recorded device that was made anew', () => {
    const judged = bundleOf('flannel-vtep-mac-changed').judge(flowOf('flannel-vtep-mac-changed'));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'tack', fixes: [{ id: 'new-mac', provenByWalk: true }] });
    // The device lost its own permanent neighbours with the old address: four commands, two on each node.
    expect(judged.found[0]?.fixes[0]?.commands.map((c) => c.node)).toEqual(['tick', 'tick', 'tack', 'tack']);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('equal addresses are no case of it', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test('without the devices of the receiver nobody is accused', () => {
    expect(
      findingOf(failing(changed().without('ip-addr', 'fn-2/ip').without('ip-link', 'fn-2/ip')), ID),
    ).toBeUndefined();
  });

  test("without the details of the receiver's devices they would tell", () => {
    const judged = failing(plain(changed()));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-link fn-2']);
    // The MAC address that is asked for is there, on whatever device.
    expect(neededFor(failing(plain(quietCluster())), ID)).toBeUndefined();
    expect(neededFor(plain(changed()).judge(PODS), ID)).toBeUndefined();
  });
});
