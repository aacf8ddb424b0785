import type { RouteQuestion } from '../../../src/path/routing/outcome.ts';

/** A question about a destination, with what else matters. */
export const ask = (dst: string, src?: string, over: Partial<RouteQuestion> = {}): RouteQuestion => ({
  family: dst.includes(':') ? 6 : 4,
  dst,
  src,
  iif: undefined,
  oif: undefined,
  mark: 0,
  proto: undefined,
  sport: undefined,
  dport: undefined,
  uid: undefined,
  tos: undefined,
  ...over,
});
