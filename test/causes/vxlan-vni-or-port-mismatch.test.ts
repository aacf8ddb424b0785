import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, PODS } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'vxlan-vni-or-port-mismatch';
const withDevice = (from: RegExp, to: string) => quietCluster().edited('fn-2/ip_addr.txt', from, to);

describe(ID, () => {
  test('holds for another identifier', () => {
    const judged = failing(withDevice(/vxlan id 1 /, 'vxlan id 7 '));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-2',
      values: { what: 'vni', vni: 1, ownVni: 7, device: 'flannel.1' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for another port', () => {
    const judged = failing(withDevice(/dstport 8472/, 'dstport 4789'));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      node: 'fn-2',
      values: { what: 'port', port: 8472, ownPort: 4789 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each(['flannel-port-differs', 'flannel-vni-differs'])('holds for the recorded %s', (name) => {
    const judged = bundleOf(name).judge(flowOf(name));
    expect(judged.found[0]?.id).toBe(ID);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('ends that agree are no case of it', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test('without the devices of the receiver nobody is accused', () => {
    const judged = failing(
      withDevice(/vxlan id 1 /, 'vxlan id 7 ')
        .without('ip-addr', 'fn-2/ip')
        .without('ip-link', 'fn-2/ip'),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test("without the details of the receiver's devices nobody is accused: they would tell", () => {
    const plain = withDevice(/dstport 8472/, 'dstport 4789')
      .without('ip-link', 'fn-2/ip_link')
      .edited('fn-2/ip_addr.txt', /^ +(?:vxlan|veth|bridge|bridge_slave|dummy|openvswitch)\b.*\n/gm, '');
    const judged = failing(plain);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-link fn-2']);
    expect(neededFor(plain.judge(PODS), ID)).toBeUndefined();
  });
});
