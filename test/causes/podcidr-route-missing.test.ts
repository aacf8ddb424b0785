import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, PODS } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'podcidr-route-missing';
const NAME = 'gen-route-missing-on-node';
const ROUTE = /^10\.160\.1\.0\/24 via .*\n/m;

describe(ID, () => {
  test('holds where one node lacks the route that the others have', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'hg-a',
      at: 'routing',
      values: { prefix: '10.130.3.0/24', gateway: '10.9.0.1' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([
      {
        id: 'add-route',
        provenByWalk: true,
        commands: [{ command: 'ip route add 10.130.3.0/24 via 10.9.0.14 dev eth0' }],
      },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds on an overlay, where the route is to lead over the peer', () => {
    const judged = failing(quietCluster().edited('fn-1/ip_route.txt', ROUTE, ''));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'fn-1', values: { prefix: '10.160.1.0/24' } });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([
      { provenByWalk: true, commands: [{ command: 'ip route add 10.160.1.0/24 via 10.160.1.0 dev flannel.1 onlink' }] },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an address outside of the cluster by the default route is no case of it', () => {
    expect(
      findingOf(
        failing(quietCluster(), {
          proto: 'tcp',
          src: '10.160.0.9',
          sport: 40002,
          dst: '192.0.2.7',
          dport: 443,
          start: 'fn-1/ui',
        }),
        ID,
      ),
    ).toBeUndefined();
  });

  test('without the routes nobody is accused', () => {
    expect(findingOf(bundleOf(NAME).without('ip-route', 'hg-a/ip').judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the routes of the node they would tell', () => {
    const dark = bundleOf(NAME).without('ip-route', 'hg-a/ip');
    expect(neededFor(dark.judge(flowOf(NAME)), ID)).toEqual(['ip-route hg-a']);
    // An address outside of the cluster has no route of its own; nothing is asked of a flow that nobody saw fail.
    const outside = { proto: 'tcp', src: '10.160.0.9', sport: 40002, dst: '192.0.2.7', dport: 443, start: 'fn-1/ui' };
    expect(neededFor(failing(quietCluster().without('ip-route', 'fn-1/ip'), outside), ID)).toBeUndefined();
    expect(neededFor(quietCluster().without('ip-route', 'fn-1/ip').judge(PODS), ID)).toBeUndefined();
  });

  test('a gateway whose policies are missing is not accused of a missing route: they would tell', () => {
    const name = 'natt-udp4500-dropped';
    const judged = bundleOf(name).without('xfrm-policy').judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)?.[0]).toMatch(/^xfrm-policy /);
  });
});
