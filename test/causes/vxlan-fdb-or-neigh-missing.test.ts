import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'vxlan-fdb-or-neigh-missing';
const NAME = 'gen-vxlan-fdb-missing';

describe(ID, () => {
  test('holds where the forwarding entry is missing on the way back', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'n-beta',
      values: { missing: 'fdb', device: 'flannel.1', remote: '10.100.0.5', answer: true },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'enter-peer', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where the neighbour entry is missing', () => {
    const judged = failing(quietCluster().edited('fn-1/ip_neigh.txt', /^10\.160\.1\.0 dev flannel\.1 .*\n/m, ''));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { missing: 'neighbour', hop: '10.160.1.0', mac: 'ea:fb:e8:25:a2:e0' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'enter-peer', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a device that floods needs no entry', () => {
    const judged = failing(
      quietCluster().edited(
        'fn-1/bridge_fdb.txt',
        /^ea:fb.*dev flannel\.1.*\n/m,
        '00:00:00:00:00:00 dev flannel.1 dst 10.6.6.12 self permanent\n',
      ),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the forwarding table packets that were handed to the device and never left wrapped tell', () => {
    const judged = bundleOf(NAME).without('bridge-fdb', 'n-beta').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'n-beta',
      values: { missing: 'either' },
    });
  });

  test('without the forwarding table and without packets there it is open', () => {
    const judged = bundleOf(NAME).without('bridge-fdb', 'n-beta').without('tcpdump', 'n-beta').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'bridge-fdb', namespace: 'n-beta' }] }),
    );
  });

  test("without the sender's neighbours nobody is accused: whose MAC address the frame bears they would tell", () => {
    const judged = failing(quietCluster().without('ip-neigh', 'fn-1'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'ip-neigh', namespace: 'fn-1' }] }),
    );
  });
});
