import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { Link } from '../../records/link.ts';
import { isLoopback, isMulticast, isUnspecified } from '../../tables/address.ts';
import { assumed } from './assumptions.ts';
import { largerOfAll } from './device-conf.ts';
import { isLocalAddress, knowsLocal } from './local.ts';
import { lookupRoute } from './lookup.ts';
import type { RouteAnswer, RouteQuestion } from './outcome.ts';
import { vrfOf } from './rule-match.ts';
import { selectAddress } from './select-address.ts';
import { selectAddress6 } from './select-address6.ts';

/** Protocols whose connect(2) asks twice: once to learn the source address, once more with it and the ports (ip_route_connect). */
const CONNECTING = new Set(['tcp', 'udp', 'sctp', 'dccp']);

/**
 * The route of a packet that this namespace sends itself: ip_route_output_key_hash and ip6_route_output with ip6_route_get_saddr. `prefSrc` is the
 * source that the packet has or gets. A local destination leaves by lo, and its own address is the source: who connects to a virtual
 * address from its holder comes from that address.
 */
export const outputRoute = (ns: NetNamespace, question: RouteQuestion): readonly RouteAnswer[] => {
  const q: RouteQuestion = { ...question, iif: undefined };
  if (q.src !== undefined && isInvalidSource(q.src)) return refuse(lookupRoute(ns, q), 'invalid-source');
  const down = q.family === 4 ? deviceDown(ns, q.oif) : undefined;
  if (down) return refuse(lookupRoute(ns, q), 'device-down').map((answer) => ({ ...answer, proofs: [down.source] }));
  const first = lookupRoute(ns, q).map((answer) => withSource(ns, q, answer));
  const asksAgain = q.family === 4 && q.src === undefined && q.proto !== undefined && CONNECTING.has(q.proto);
  if (!asksAgain) return onLinkFallback(ns, q, first);
  return first.flatMap((answer) => {
    if (answer.prefSrc === undefined || !isSent(answer)) return onLinkFallback(ns, q, [answer]);
    const sourced = { ...q, src: answer.prefSrc };
    return onLinkFallback(
      ns,
      sourced,
      lookupRoute(ns, sourced).map((again) => withSource(ns, sourced, again)),
    );
  });
};

/** IPv4: a device that was asked for and is down, ENETUNREACH. */
const deviceDown = (ns: NetNamespace, device: string | undefined): Link | undefined => {
  const link = device === undefined ? undefined : ns.links.get(device);
  return link && link.flags.length > 0 && !link.flags.includes('UP') ? link : undefined;
};

const isInvalidSource = (src: string): boolean => isMulticast(src) || src === '255.255.255.255' || src.startsWith('0.');

const isSent = (answer: RouteAnswer): boolean =>
  answer.type === 'unicast' ||
  answer.type === 'local' ||
  answer.type === 'broadcast' ||
  answer.type === 'multicast' ||
  answer.type === 'anycast';

const refuse = (
  answers: readonly RouteAnswer[],
  refused: NonNullable<RouteAnswer['refused']>,
): readonly RouteAnswer[] => answers.map((answer) => ({ ...answer, type: 'none', refused }));

const withSource = (ns: NetNamespace, q: RouteQuestion, answer: RouteAnswer): RouteAnswer => {
  if (!isSent(answer)) return { ...answer, prefSrc: q.src };
  if (q.family === 6) return withSource6(ns, q, answer);
  if (answer.type === 'local') {
    const src = q.src ?? answer.prefSrc ?? q.dst;
    return noted(ns, q, { ...answer, dev: vrfOf(ns, answer.dev) ?? 'lo', via: undefined, prefSrc: src });
  }
  const scope = answer.type === 'broadcast' || answer.type === 'multicast' ? 'link' : (answer.route?.scope ?? 'global');
  const via = answer.via?.includes(':') ? undefined : answer.via;
  const src = q.src ?? answer.prefSrc ?? selectAddress(ns, answer.dev ?? '', via, 4, scope)?.address;
  const isMartian =
    src !== undefined &&
    isLoopback(src) &&
    !leavesByLoopback(ns, answer.dev) &&
    largerOfAll(ns, 4, answer.dev ?? '', 'route_localnet').value === 0;
  if (isMartian) return { ...answer, type: 'none', prefSrc: src, refused: 'loopback-source' };
  return noted(ns, q, { ...answer, prefSrc: src });
};

const leavesByLoopback = (ns: NetNamespace, dev: string | undefined): boolean =>
  dev === 'lo' || (dev !== undefined && ns.links.get(dev)?.flags.includes('LOOPBACK') === true);

/** A source that is not the namespace's own needs a transparent socket (IP_TRANSPARENT); the question is taken at its word. */
const noted = (ns: NetNamespace, q: RouteQuestion, answer: RouteAnswer): RouteAnswer => {
  if (q.src === undefined || isUnspecified(q.src) || !knowsLocal(ns, q.family) || isLocalAddress(ns, q.src))
    return answer;
  return {
    ...answer,
    assumptions: [...answer.assumptions, assumed(ns, 'source-not-local', 'ip-addr', { src: q.src })],
  };
};

const withSource6 = (ns: NetNamespace, q: RouteQuestion, answer: RouteAnswer): RouteAnswer => {
  const src =
    q.src ?? answer.prefSrc ?? (isLocalAnswer(answer) ? q.dst : selectAddress6(ns, answer.dev ?? '', q.dst)?.address);
  const dev = isLocalAnswer(answer) ? (vrfOf(ns, answer.dev) ?? 'lo') : answer.dev;
  if (src === undefined && knows(ns, 'ip-addr'))
    return { ...answer, type: 'none', dev, prefSrc: undefined, refused: 'no-source-address' };
  return noted(ns, q, { ...answer, dev, via: isLocalAnswer(answer) ? undefined : answer.via, prefSrc: src });
};
const isLocalAnswer = (answer: RouteAnswer): boolean => answer.type === 'local';

/** A socket that is bound to a device reaches every destination on its link, whatever the tables say ("Apparently, routing tables are wrong"). IPv4 only. */
const onLinkFallback = (
  ns: NetNamespace,
  q: RouteQuestion,
  answers: readonly RouteAnswer[],
): readonly RouteAnswer[] => {
  const { oif } = q;
  if (q.family === 6 || oif === undefined || vrfOf(ns, oif) !== undefined) return answers;
  return answers.map((answer) => {
    if (isSent(answer) || answer.type === 'unknown' || answer.refused) return answer;
    return {
      ...answer,
      type: 'unicast',
      dev: oif,
      via: undefined,
      onlink: true,
      route: undefined,
      table: undefined,
      prefSrc: q.src ?? selectAddress(ns, oif, undefined, 4, 'link')?.address,
    };
  });
};
