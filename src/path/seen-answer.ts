import { UNNAMED_DEVICE } from '../records/link.ts';
import { arrived } from './arrival.ts';
import { assume, type Branch, startBranch } from './branch.ts';
import { type Packet, replyTo } from './packet.ts';
import { dumpedEntries, sightings } from './sightings.ts';
import { assumption } from './vocabulary/assumptions.ts';

const REASONS: ReadonlySet<string> = new Set(['outside', 'not-followed']);

const innermost = (p: Packet): Packet => (p.inner ? innermost(p.inner) : p);

/**
 * The answer to a request that leaves what the bundle shows, where it was seen to come back: at the namespace that the request left, by the device that a capture names,
 * or, where only its connection's entry tells that it was answered, by the one that the request left by. Undefined where nothing shows an answer.
 */
export const seenAnswer = (request: Branch): Branch | undefined => {
  const { namespace, tracking, end, oif } = request;
  if (!end || !REASONS.has(end.reason)) return undefined;
  const packet = replyTo(innermost(request.packet));
  const view = sightings(namespace, packet).find(
    (seen) =>
      seen.direction === 'in' && seen.src === packet.src && seen.dst === packet.dst && !seen.tcpFlags?.includes('R'),
  );
  const entry = view ? undefined : repliedEntry(request);
  const source = view?.source ?? entry;
  if (!source) return undefined;
  const begun = arrived(startBranch(namespace, packet, tracking), view?.device ?? oif ?? UNNAMED_DEVICE);
  return assume(begun, assumption('answer-seen', { src: packet.src, dst: packet.dst }, { source }));
};

/** The line of the request's own entry, where that has seen an answer. Of TCP a state that only follows an answer, of which a reset is none. */
const repliedEntry = ({ namespace, packet, tracking }: Branch) => {
  const { proto } = innermost(packet);
  const own = (tracking.entries.get(namespace.id) ?? []).filter((e) => e.proto === proto);
  for (const { original } of own) {
    if (original.sport === undefined) continue;
    const found = dumpedEntries(namespace, proto, original).filter((e) => !e.unreplied && e.state !== 'CLOSE');
    if (found[0]) return found[0].source;
  }
  return undefined;
};
