import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'blackhole-or-unreachable-route';
const ROUTE = '10.160.1.0/24 via 10.160.1.0 dev flannel.1 onlink';

describe(ID, () => {
  test.each(['blackhole', 'unreachable'])('holds for a %s route, and a narrower one mends it', (type) => {
    const judged = failing(quietCluster().edited('fn-1/ip_route.txt', ROUTE, `${type} 10.160.1.0/26 proto bird`));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { type, prefix: '10.160.1.0/26' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'add-route', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a wider blackhole below a route is no case of it', () => {
    const judged = failing(
      quietCluster().edited('fn-1/ip_route.txt', ROUTE, `${ROUTE}\nblackhole 10.160.0.0/16 proto bird`),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the routes nobody is accused', () => {
    expect(findingOf(failing(quietCluster().without('ip-route', 'fn-1/ip')), ID)).toBeUndefined();
  });

  test('the client was told, and the routes where the walk stops are missing: they would tell', () => {
    const name = 'route-unreachable-ipv6';
    expect(findingOf(bundleOf(name).judge(flowOf(name)), ID)).toMatchObject({ node: 'v6n1' });
    const judged = bundleOf(name).without('ip-route', 'v6n1/ip').judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-route v6n1']);
    // A client that waits was told nothing.
    expect(neededFor(failing(quietCluster().without('ip-route', 'fn-1/ip')), ID)).toBeUndefined();
  });
});
