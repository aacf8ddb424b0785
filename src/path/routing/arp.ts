import type { NetNamespace } from '../../network/namespace.ts';
import type { Source } from '../../records/source.ts';
import { prefixContains } from '../../tables/address.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import { forwarding, largerOfAll } from './device-conf.ts';
import { inputRoute } from './input.ts';
import { isLocalAddress, ownAddress } from './local.ts';
import type { RouteQuestion } from './outcome.ts';
import { outputRoute } from './output.ts';
import { scopeValue, selectAddress } from './select-address.ts';

/** Whether a namespace answers an ARP request that came in by a device, and why (not). */
export interface ArpAnswer {
  /** Undefined where the bundle does not tell. */
  readonly answers: boolean | undefined;
  readonly reason:
    | 'local'
    | 'proxy'
    | 'not-local'
    | 'arp-ignore'
    | 'arp-filter'
    | 'sender-refused'
    | 'noarp-device'
    | 'unknown';
  readonly mac: string | undefined;
  readonly sources: readonly Source[];
  readonly assumptions: readonly Assumption[];
}

/**
 * arp_process for a request "who has `target`, tell `sender`". The sender passes the same source validation as a packet would, so that a
 * martian or a reverse-path mismatch stays without an answer too.
 */
export const answersArp = (ns: NetNamespace, dev: string, target: string, sender: string): ArpAnswer => {
  const link = ns.links.get(dev);
  const mac = link?.mac;
  const say = (
    answers: boolean | undefined,
    reason: ArpAnswer['reason'],
    sources: readonly Source[] = [],
    assumptions: readonly Assumption[] = [],
  ): ArpAnswer => ({
    answers,
    reason,
    mac: answers ? mac : undefined,
    sources,
    assumptions,
  });
  if (link?.flags.includes('NOARP')) return say(false, 'noarp-device', [link.source]);
  const [route] = inputRoute(ns, questionOf(target, sender), dev);
  if (!route || route.decision === 'unknown') return say(undefined, 'unknown', [], route?.assumptions);
  if (route.decision === 'local') {
    const ignore = largerOfAll(ns, 4, dev, 'arp_ignore');
    if (isIgnored(ns, dev, target, sender, ignore.value))
      return say(false, 'arp-ignore', ignore.sources, route.assumptions);
    const filter = largerOfAll(ns, 4, dev, 'arp_filter');
    const back = filter.value > 0 ? outputRoute(ns, questionOf(sender, target))[0] : undefined;
    if (back && back.type !== 'unknown' && back.dev !== dev)
      return say(false, 'arp-filter', [...filter.sources, ...back.proofs], route.assumptions);
    return say(true, 'local', route.proofs, route.assumptions);
  }
  if (route.reason === 'martian-source' || route.reason === 'rp-filter')
    return say(false, 'sender-refused', route.proofs, route.assumptions);
  if (route.decision === 'forward' && route.answer?.dev !== dev && forwarding(ns, 4, dev).value > 0) {
    const proxy = largerOfAll(ns, 4, dev, 'proxy_arp');
    const entry = ns.neighbours.find((n) => n.proxy && n.address === target && n.dev === dev);
    if (proxy.value > 0 || entry) return say(true, 'proxy', entry ? [entry.source] : proxy.sources, route.assumptions);
  }
  return say(false, 'not-local', route.proofs, route.assumptions);
};

const questionOf = (dst: string, src: string): RouteQuestion => ({
  family: 4,
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
});

/** arp_ignore: 0 any local address, 1 only the device's own, 2 and only to its own network, 3 none of scope host, 8 none at all. */
const isIgnored = (ns: NetNamespace, dev: string, target: string, sender: string, level: number): boolean => {
  const own = ns.links.get(dev)?.addresses.find((a) => a.family === 4 && a.address === target);
  if (level === 1) return own === undefined;
  if (level === 2) return own === undefined || !prefixContains(`${own.address}/${own.prefixLength}`, sender);
  if (level === 3) return scopeValue(ownAddress(ns, target)?.address.scope) >= scopeValue('host');
  return level === 8;
};

/**
 * arp_solicit: the address that a request for `target` names as its sender, by arp_announce — 0 the packet's source if it is local, 1 only
 * if it is of the target's network, 2 never; else the device's best address.
 */
export const arpSender = (
  ns: NetNamespace,
  dev: string,
  target: string,
  packetSrc: string | undefined,
): string | undefined => {
  const level = largerOfAll(ns, 4, dev, 'arp_announce').value;
  const isOwn = packetSrc !== undefined && isLocalAddress(ns, packetSrc);
  const isNear = () =>
    ns.links
      .get(dev)
      ?.addresses.some(
        (a) =>
          a.family === 4 &&
          prefixContains(`${a.address}/${a.prefixLength}`, target) &&
          prefixContains(`${a.address}/${a.prefixLength}`, packetSrc ?? ''),
      );
  if (isOwn && (level === 0 || (level === 1 && isNear()))) return packetSrc;
  return selectAddress(ns, dev, target, 4, 'link')?.address;
};
