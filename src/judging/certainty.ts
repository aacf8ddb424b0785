import { weaker } from '../causes/facts/confidence.ts';
import type { CauseContext, Confidence, Finding, Layer } from '../causes/facts/finding.ts';
import { isIpsecInSight } from '../causes/facts/ipsec-in-sight.ts';
import { wentOtherwise } from '../causes/facts/otherwise.ts';
import type { AssumptionCode } from '../path/vocabulary/assumptions.ts';
import type { Place } from '../path/vocabulary/places.ts';
import { CAUSES } from './registry.ts';
import { mostOfWays } from './ways.ts';

/** Layers whose findings, and places at which any, stand or fall with the way that the walk takes. */
const BY_ROUTE: ReadonlySet<Layer> = new Set(['route', 'neighbour', 'vxlan', 'xfrm', 'underlay', 'link']);

const ON_THE_WAY: ReadonlySet<string> = new Set<Place>([
  'routing',
  'xfrm-in',
  'xfrm-fwd',
  'xfrm-out',
  'neighbour',
  'device',
  'decapsulation',
  'between',
]);

/** What the walk takes for granted where a host's routing, neighbours or IPsec was not captured. */
const UNCAPTURED: ReadonlySet<string> = new Set<AssumptionCode>([
  'rules-assumed',
  'rules-of-family-assumed',
  'routes-unknown',
  'table-unknown',
  'neighbour-unknown',
  'xfrm-policy-unknown',
  'xfrm-state-unknown',
]);

/**
 * The most that a finding of a cause can be, whatever its own facts say. What the bundle saw work is not broken now; what hangs on the packet's way is not
 * certain where a host's part of that way was not captured, where the walk does not come to its end, or where the packets went another way.
 */
export const mostOf = ({ id, at }: Pick<Finding, 'id' | 'at'>, context: CauseContext): Confidence => {
  const cause = CAUSES.find((c) => c.id === id);
  if (!cause || cause.control) return 'certain';
  if (!cause.worksWrongly && context.evidence.seen === 'ok') return 'possible';
  const isByRoute = BY_ROUTE.has(cause.layer) || ON_THE_WAY.has(at);
  // A flow of which nothing was seen: the dumped state says that it fails, nobody says that it did.
  if (isUnseen(context)) return weaker(mostOfWays(context), 'likely');
  return weaker(
    mostOfWays(context),
    isByRoute && (isWayOpen(context) || wentOtherwise(context)) ? 'likely' : 'certain',
  );
};

const isUnseen = ({ evidence }: CauseContext): boolean =>
  evidence.seen === 'unknown' &&
  evidence.packets.length === 0 &&
  evidence.entries.length === 0 &&
  evidence.connections.length === 0 &&
  evidence.signs.length === 0;

const isWayOpen = (context: CauseContext): boolean => {
  const { network, branch } = context;
  const isHost = (id: string) => network.namespaces.get(id)?.name === '';
  return (
    branch.assumptions.some((a) => UNCAPTURED.has(a.code) && a.missing !== undefined && isHost(a.missing.namespace)) ||
    isIpsecInSight(context)
  );
};
