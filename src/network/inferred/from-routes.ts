import type { Route } from '../../records/route.ts';
import { prefixLength } from '../../tables/address.ts';
import type { Clue, ClueReader } from './clue.ts';

/**
 * Routing tables without an address listing. The kernel makes a local route for each address and a connected one for its network, whose `src` is the address
 * (fib_add_ifaddr); devices are those that routes leave by.
 */
export const fromRoutes: ClueReader = function* (ns) {
  for (const route of ns.routes) {
    for (const { dev } of route.nextHops)
      if (dev !== undefined) yield { fact: 'device', device: dev, source: route.source };
    yield* addressesOf(route);
  }
};

function* addressesOf(route: Route): Generator<Clue> {
  const [hop] = route.nextHops;
  const { source } = route;
  const length = prefixLength(route.prefix);
  if (length === undefined || hop?.dev === undefined) return;
  const whole = route.family === 4 ? 32 : 128;
  if (route.type === 'local' && length === whole && hop.dev !== 'lo') {
    const address = route.prefix.slice(0, route.prefix.indexOf('/'));
    yield { fact: 'address', address, device: hop.dev, weight: 'strong', source };
  }
  if (route.type !== 'unicast' || route.src === undefined) return;
  const isConnected = route.proto === 'kernel' && route.scope === 'link' && hop.via === undefined && length < whole;
  if (isConnected)
    yield { fact: 'address', address: route.src, device: hop.dev, prefixLength: length, weight: 'strong', source };
  else yield { fact: 'address', address: route.src, weight: 'strong', source };
}
