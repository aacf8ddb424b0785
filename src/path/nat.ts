import { knows } from '../network/namespace.ts';
import type { ConntrackEntry } from '../records/conntrack.ts';
import { UNNAMED_DEVICE } from '../records/link.ts';
import type { Source } from '../records/source.ts';
import { addressWords, isLinkLocal, prefixLength, wordsToAddress } from '../tables/address.ts';
import { assume, type Branch, finish, type Stage, step, type World } from './branch.ts';
import { isTaken, withCtEntry, withoutEntry } from './conntrack.ts';
import { invert, tupleOf, type WalkEntry, type WalkTuple } from './conntrack-entry.ts';
import { hitProofs, question } from './hook.ts';
import { findService } from './ipvs-service.ts';
import { type AddressRange, addressOfRange, isWithin } from './nat-range.ts';
import type { NatTarget, TableOutcome } from './netfilter/outcome.ts';
import { rulesCaptured } from './netfilter/table.ts';
import { notFollowed } from './not-followed.ts';
import type { Packet } from './packet.ts';
import { selectAddress } from './routing/select-address.ts';
import { rulesAtHook } from './rules-at-hook.ts';
import { dumpedAnswer, dumpedEntries } from './sightings.ts';
import { assumption } from './vocabulary/assumptions.ts';

type NatHook = 'PREROUTING' | 'INPUT' | 'OUTPUT' | 'POSTROUTING';

/** PREROUTING and OUTPUT change destinations, INPUT and POSTROUTING sources (HOOK2MANIP). */
const manipOf = (hook: NatHook): 'src' | 'dst' => (hook === 'PREROUTING' || hook === 'OUTPUT' ? 'dst' : 'src');

/**
 * nf_nat_inet_fn: the first packet of a connection asks the nat table, once per direction of change; every packet is then rewritten as
 * the entry's status bits say (nf_nat_packet). Replies are rewritten by the inverse bit.
 */
export const nat =
  (hook: NatHook): Stage =>
  (world, b) => {
    const { entry } = b.ct;
    if (!entry || b.ct.state === 'INVALID' || b.ct.state === 'UNTRACKED') return [b];
    const manip = manipOf(hook);
    const done = manip === 'dst' ? entry.dstNatDone : entry.srcNatDone;
    if (b.ct.state === 'NEW' && b.ct.direction === 'original' && !done) {
      return seenOf(b, manip, entry, rulesAtHook({ ...question(world, b, hook), table: 'nat' })).flatMap((outcome) =>
        bind(world, b, hook, manip, entry, outcome),
      );
    }
    const moved = hook === 'POSTROUTING' ? movedAway(b, entry) : undefined;
    if (moved) return [moved];
    return [b.ct.state === 'RELATED' ? quotedUndone(rewrite(b, hook, manip)) : rewrite(b, hook, manip)];
  };

/**
 * Of several endings that undecided matches leave open, those that the dumped entry of the connection bears out: it shows whether its source was changed. (Its destination may
 * be IPVS' doing.)
 */
const seenOf = (
  b: Branch,
  manip: 'src' | 'dst',
  { original }: WalkEntry,
  outcomes: readonly TableOutcome[],
): readonly TableOutcome[] => {
  if (manip === 'dst' || outcomes.length < 2 || original.sport === undefined) return outcomes;
  const changed = dumpedAnswer(b.namespace, b.packet.proto, original, ({ reply }) => reply.dst !== original.src);
  if (changed === undefined) return outcomes;
  const fitting = outcomes.filter(
    ({ verdict, nat: target }) => (verdict === 'nat' && target !== undefined) === changed,
  );
  return fitting.length > 0 ? fitting : outcomes;
};

/** nf_nat_oif_changed: a masqueraded connection that leaves by another device than before is dropped, and its entry with it. */
const movedAway = (b: Branch, entry: WalkEntry): Branch | undefined => {
  const { masqueradedOut: before } = entry;
  if (before === undefined || b.ct.direction !== 'original' || b.oif === before) return undefined;
  const dropped = finish(b, {
    place: 'POSTROUTING',
    stage: 'nat',
    device: b.oif,
    action: { code: 'masquerade-moved', values: { before, device: b.oif ?? '' } },
    verdict: 'drop',
    proofs: (b.route?.proofs ?? []).map((source) => ({ source, role: 'decisive' as const })),
  });
  return { ...dropped, tracking: withoutEntry(b.tracking, b.namespace.id, entry) };
};

/** nf_nat_icmp_reply_translation: the packet that an ICMP error quotes is given back the name under which it was sent. */
const quotedUndone = (b: Branch): Branch => {
  const { entry, direction } = b.ct;
  const { inner } = b.packet;
  if (!entry || !inner) return b;
  const { src, dst, sport, dport } = direction === 'reply' ? entry.original : entry.reply;
  const ports = inner.icmp ? { icmp: { ...inner.icmp, id: sport } } : { sport, dport };
  return { ...b, packet: { ...b.packet, inner: { ...inner, src, dst, ...ports } } };
};

const bind = (
  world: World,
  b: Branch,
  hook: NatHook,
  manip: 'src' | 'dst',
  entry: WalkEntry,
  outcome: TableOutcome,
): readonly Branch[] => {
  const marked = assume(
    { ...b, share: b.share * outcome.share, packet: { ...b.packet, mark: outcome.mark } },
    ...outcome.assumptions,
  );
  const noted = outcome.mark === b.packet.mark ? marked : markStep(b, marked, hook, outcome);
  if (outcome.verdict === 'drop') {
    return [
      finish(noted, {
        place: hook,
        stage: 'nat',
        action: { code: 'rule-drop', values: { table: 'nat', chain: lastChain(outcome) } },
        verdict: 'drop',
        proofs: hitProofs(outcome),
      }),
    ];
  }
  const doneEntry: WalkEntry = manip === 'dst' ? { ...entry, dstNatDone: true } : { ...entry, srcNatDone: true };
  if (outcome.verdict !== 'nat' || !outcome.nat) {
    const by = followsEntry(world, noted, manip) ? translationByEntry(noted, manip, entry) : undefined;
    if (by) return [asEntrySays(noted, hook, manip, doneEntry, by)];
    if (outcome.assumptions.some(({ code }) => code === 'nat-target-unreadable'))
      return [notFollowed(noted, 'nat', { place: hook, stage: 'nat', proofs: hitProofs(outcome) })];
    // nf_nat_alloc_null_binding: without a rule the source stays, unless another connection has that name already.
    if (manip === 'src' && isTaken(noted, doneEntry, doneEntry.reply))
      return [setSource(noted, hook, doneEntry, noted.packet.src, undefined, false, 'snat', [])];
    return [rewrite(withCtEntry(noted, doneEntry), hook, manip)];
  }
  return translate(noted, hook, manip, doneEntry, outcome.nat, hitProofs(outcome));
};

/**
 * Whether the connection's dumped entry is followed where no rule translates: of the connection that was asked about, and of any where the rules were not captured (there of
 * its source only where its destination was translated so: nothing else tells who did it). A network that was changed makes new connections.
 */
const followsEntry = ({ ofConnection, lostWays }: World, b: Branch, manip: 'src' | 'dst'): boolean => {
  if (lostWays !== undefined) return false;
  if (ofConnection) return true;
  return !rulesCaptured(b.namespace) && (manip === 'dst' || b.assumptions.some((a) => a.code === 'nat-by-entry'));
};

/**
 * The dumped entry of this very connection says that it was translated, and no captured rule says how: the rules were not captured, or not whole, or have changed since. A
 * connection goes on by its entry (nf_nat asks the rules of its first packet alone). What IPVS translated is no rule's.
 */
const translationByEntry = (b: Branch, manip: 'src' | 'dst', entry: WalkEntry): ConntrackEntry | undefined => {
  const { namespace, packet } = b;
  const { original } = entry;
  if (original.sport === undefined || b.ipvs) return undefined;
  const found = dumpedEntries(namespace, packet.proto, original);
  const [only] = found;
  if (
    !only ||
    found.length > 1 ||
    findService(namespace.services, { ...packet, dst: original.dst, dport: original.dport })
  )
    return undefined;
  if (namespace.ipvsConnections.some((c) => c.client === original.src && c.virtual === original.dst)) return undefined;
  const { reply } = only;
  const isTranslated =
    manip === 'dst'
      ? reply.src !== original.dst || (packet.icmp === undefined && reply.sport !== original.dport)
      : reply.dst !== original.src || (packet.icmp === undefined && reply.dport !== original.sport);
  return isTranslated ? only : undefined;
};

const asEntrySays = (
  b: Branch,
  hook: NatHook,
  manip: 'src' | 'dst',
  entry: WalkEntry,
  { reply, source }: ConntrackEntry,
): Branch => {
  const to = manip === 'dst' ? reply.src : reply.dst;
  const from = manip === 'dst' ? b.packet.dst : b.packet.src;
  const missing = { kind: 'iptables-save' as const, namespace: b.namespace.id };
  const taken = assume(b, assumption('nat-by-entry', { from, to }, { missing, source }));
  const proofs = [{ source, role: 'decisive' as const }];
  const port = (value: number | undefined): readonly [number, number] | undefined =>
    value === undefined ? undefined : [value, value];
  return manip === 'dst'
    ? setDestination(taken, hook, entry, to, { ports: port(reply.sport) }, 'dnat', proofs)
    : setSource(taken, hook, entry, to, port(reply.dport), false, 'snat', proofs);
};

const markStep = (before: Branch, after: Branch, hook: NatHook, outcome: TableOutcome): Branch =>
  step(
    { ...after, packet: before.packet },
    {
      place: hook,
      stage: 'nat',
      action: { code: 'mark', values: { mark: outcome.mark, path: outcome.hits.map((hit) => hit.chain) } },
      after: after.packet,
      proofs: hitProofs(outcome).slice(-2),
    },
  );

const lastChain = (outcome: TableOutcome): string => outcome.hits.at(-1)?.chain ?? outcome.policyOf?.chain ?? '';

type Proofs = readonly { readonly source: Source; readonly role: 'decisive' | 'supporting' }[];

const translate = (
  b: Branch,
  hook: NatHook,
  manip: 'src' | 'dst',
  entry: WalkEntry,
  target: NatTarget,
  proofs: Proofs,
): readonly Branch[] => {
  if (target.kind === 'masquerade') {
    const device = b.oif ?? '';
    // nf_nat_masquerade_ipv4 chooses by the next hop, nf_nat_masquerade_ipv6 by the destination.
    const towards = b.packet.family === 4 ? (b.route?.via ?? b.packet.dst) : b.packet.dst;
    // The connection's own entry tells it, before addresses that were only inferred do.
    const seen = knows(b.namespace, 'ip-addr') ? undefined : seenSource(b, entry);
    const chosen =
      seen ??
      selectAddress(b.namespace, device, towards, b.packet.family) ??
      routedSource(b, device) ??
      seenSource(b, entry);
    if (!chosen && !knows(b.namespace, 'ip-addr')) {
      const missing = { kind: 'ip-addr' as const, namespace: b.namespace.id };
      const values = { device: device === UNNAMED_DEVICE ? '' : device };
      return [
        notFollowed(assume(b, { code: 'links-unknown', values, missing, source: undefined }), 'address', {
          place: hook,
          stage: 'nat',
          proofs,
        }),
      ];
    }
    if (!chosen) {
      // nf_nat_masquerade_ipv4: "%s ate my IP address", NF_DROP.
      return [
        finish(b, {
          place: hook,
          stage: 'nat',
          device,
          action: { code: 'masquerade-no-address', values: { device } },
          verdict: 'drop',
          proofs,
        }),
      ];
    }
    const withSource = chosen.source ? [...proofs, { source: chosen.source, role: 'supporting' as const }] : proofs;
    return [setSource(b, hook, entry, chosen.address, target.ports, target.random, 'masquerade', withSource)];
  }
  if (target.kind === 'redirect') {
    const local = redirectedTo(b, hook);
    if (local !== undefined) return [setDestination(b, hook, entry, local, target, 'redirect', proofs)];
    return [
      finish(b, {
        place: hook,
        stage: 'nat',
        device: b.iif,
        action: { code: 'redirect-no-address', values: { device: b.iif ?? '' } },
        verdict: 'drop',
        proofs,
      }),
    ];
  }
  if (target.kind === 'netmap') {
    const current = manip === 'dst' ? b.packet.dst : b.packet.src;
    const mapped = netmap(current, target.prefix) ?? current;
    return [
      manip === 'dst'
        ? setDestination(b, hook, entry, mapped, {}, 'netmap', proofs)
        : setSource(b, hook, entry, mapped, undefined, false, 'netmap', proofs),
    ];
  }
  const ranges =
    target.addresses.length > 0
      ? target.addresses
      : [{ from: manip === 'dst' ? b.packet.dst : b.packet.src, to: manip === 'dst' ? b.packet.dst : b.packet.src }];
  const observed = dumpedAnswer(b.namespace, b.packet.proto, tupleOf(b.packet), (e) =>
    manip === 'dst' ? e.reply.src : e.reply.dst,
  );
  return ranges.flatMap((range) => {
    const address = addressFor(b, range, manip, target, observed);
    if (ranges.length > 1 && observed !== undefined && observed !== address) return [];
    return [
      manip === 'dst'
        ? setDestination(b, hook, entry, address, target, 'dnat', proofs)
        : setSource(b, hook, entry, address, target.ports, target.kind === 'snat' && target.random, 'snat', proofs),
    ];
  });
};

/** get_unique_tuple: a source within the range stays; of all else the hash decides, and the dump where it tells. */
const addressFor = (
  b: Branch,
  range: AddressRange,
  manip: 'src' | 'dst',
  target: Extract<NatTarget, { kind: 'dnat' | 'snat' }>,
  observed: string | undefined,
): string => {
  if (range.from === range.to) return range.from;
  if (observed !== undefined) return observed;
  const { src, dst, sport } = b.packet;
  const { ports, random, persistent } = target;
  const portStays = !ports || (sport !== undefined && ports[0] <= sport && sport <= ports[1]);
  if (manip === 'src' && !random && portStays && isWithin(range, src)) return src;
  return addressOfRange(range, { src, dst, zone: b.zone }, manip, persistent) ?? range.from;
};

/** Where no addresses were captured: the one that the device's own routes name as their source, or as local. */
const routedSource = (b: Branch, device: string): { readonly address: string; readonly source: Source } | undefined => {
  if (knows(b.namespace, 'ip-addr')) return undefined;
  const own = b.namespace.routes.filter(
    (route) => route.family === b.packet.family && route.nextHops.some((hop) => hop.dev === device),
  );
  const connected = own.find((route) => route.type === 'unicast' && route.src !== undefined);
  if (connected?.src !== undefined) return { address: connected.src, source: connected.source };
  const local = own.find((route) => route.type === 'local' && route.scope !== 'link' && route.src !== undefined);
  return local?.src === undefined ? undefined : { address: local.src, source: local.source };
};

/** The address under which the dumped entry of this connection went out. */
const seenSource = (
  b: Branch,
  { original }: WalkEntry,
): { readonly address: string; readonly source: Source } | undefined => {
  const found = dumpedEntries(b.namespace, b.packet.proto, original).map(({ reply, source }) => ({
    address: reply.dst,
    source,
  }));
  const addresses = new Set(found.map(({ address }) => address));
  return addresses.size === 1 ? found[0] : undefined;
};

/**
 * nf_nat_redirect_ipv4, nf_nat_redirect_ipv6: what is sent here goes to loopback, what came in to the first address of its device (a link-local
 * one where the destination is). A device without one has the packet dropped.
 */
const redirectedTo = (b: Branch, hook: NatHook): string | undefined => {
  const { family, dst } = b.packet;
  if (hook === 'OUTPUT') return family === 4 ? '127.0.0.1' : '::1';
  const addresses = b.namespace.links.get(b.iif ?? '')?.addresses.filter((a) => a.family === family) ?? [];
  const usable = family === 6 && isLinkLocal(dst) ? addresses.filter((a) => isLinkLocal(a.address)) : addresses;
  if (usable[0] || knows(b.namespace, 'ip-addr')) return usable[0]?.address;
  return routedSource(b, b.iif ?? '')?.address ?? dst;
};

/** The prefix's network with the address's host bits, 32 bits at a time. */
const netmap = (address: string, prefix: string): string | undefined => {
  const words = addressWords(address);
  const net = addressWords(prefix.split('/')[0] ?? '');
  const length = prefixLength(prefix);
  if (!words || !net || words.length !== net.length || length === undefined) return undefined;
  const mapped = words.map((word, i) => {
    const netBits = Math.min(32, Math.max(0, length - 32 * i));
    const hostMask = netBits === 0 ? 0xffffffff : netBits === 32 ? 0 : 2 ** (32 - netBits) - 1;
    return (((net[i] ?? 0) & ~hostMask) | (word & hostMask)) >>> 0;
  });
  return wordsToAddress(mapped);
};

/** What a DNAT rule says of the port: its range, whether one is drawn (`--random`), the port that the range's first stands for. */
interface WantedPort {
  readonly ports?: readonly [number, number] | undefined;
  readonly random?: boolean;
  readonly basePort?: number | undefined;
}

/** nf_nat_l4proto_unique_tuple: shifted by as much as it is beyond the base; else a port within the range stays, any other becomes its first. */
const destinationPort = (
  port: number | undefined,
  { ports, random = false, basePort }: WantedPort,
): number | undefined => {
  if (!ports) return port;
  const [first, last] = ports;
  if (first === last) return first;
  if (basePort !== undefined) {
    // Counted in 16 bits without a sign.
    return port === undefined ? undefined : first + (((port - basePort) & 0xffff) % (last - first + 1));
  }
  if (random) return undefined;
  return port !== undefined && first <= port && port <= last ? port : first;
};

const setDestination = (
  b: Branch,
  hook: NatHook,
  entry: WalkEntry,
  dst: string,
  wanted: WantedPort,
  code: 'dnat' | 'redirect' | 'netmap',
  proofs: Proofs,
): Branch => {
  const p = b.packet;
  const dport = p.icmp ? undefined : destinationPort(p.dport, wanted);
  // An echo's id is drawn with `--random`, whichever side is changed.
  const id = wanted.random ? undefined : p.icmp?.id;
  const changed = dst !== p.dst || dport !== p.dport || id !== p.icmp?.id;
  const reply: WalkTuple = p.icmp
    ? { ...entry.reply, src: dst, sport: id }
    : { ...entry.reply, src: dst, sport: dport };
  const after: Packet = p.icmp ? { ...p, dst, icmp: { ...p.icmp, id } } : { ...p, dst, dport };
  return step(withCtEntry(b, { ...entry, reply, dstNat: entry.dstNat || changed }), {
    place: hook,
    stage: 'nat',
    action: { code, values: { from: p.dst, fromPort: p.dport ?? 0, to: dst, toPort: dport ?? 0 } },
    after,
    proofs,
  });
};

/** The source port: kept where the rule allows it, what the dump shows where the kernel draws one at random, unknown otherwise. */
const sourcePort = (
  b: Branch,
  address: string,
  ports: readonly [number, number] | undefined,
  random: boolean,
): number | undefined => {
  const p = b.packet;
  if (p.icmp && !random) return p.icmp.id;
  const seen = dumpedAnswer(b.namespace, p.proto, b.ct.entry?.original ?? tupleOf(p), (e) =>
    e.reply.dst === address ? (e.reply.icmpId ?? e.reply.dport) : undefined,
  );
  if (seen !== undefined) return seen;
  // nf_nat_l4proto_unique_tuple draws an echo's id as it draws a port.
  if (random) return undefined;
  if (ports && (p.sport === undefined || p.sport < ports[0] || p.sport > ports[1]))
    return ports[0] === ports[1] ? ports[0] : undefined;
  return p.sport;
};

const setSource = (
  b: Branch,
  hook: NatHook,
  entry: WalkEntry,
  src: string,
  ports: readonly [number, number] | undefined,
  random: boolean,
  code: 'snat' | 'masquerade' | 'netmap',
  proofs: Proofs,
): Branch => {
  const p = b.packet;
  const wanted = sourcePort(b, src, ports, random);
  const reply = (own: number | undefined): WalkTuple =>
    p.icmp ? { ...entry.reply, dst: src, sport: own } : { ...entry.reply, dst: src, dport: own };
  // nf_nat_l4proto_unique_tuple: where the name is taken, another port (or echo id) is drawn.
  const port = isTaken(b, entry, reply(wanted)) ? undefined : wanted;
  const changed = src !== p.src || port !== (p.icmp ? p.icmp.id : p.sport);
  const kept = { ...entry, reply: reply(port), srcNat: entry.srcNat || changed };
  return step(withCtEntry(b, code === 'masquerade' ? { ...kept, masqueradedOut: b.oif } : kept), {
    place: hook,
    stage: 'nat',
    device: b.oif,
    action: {
      code,
      values: {
        from: p.src,
        fromPort: p.sport ?? 0,
        to: src,
        toPort: port ?? 0,
        changed,
        ...(ports && !p.icmp ? { firstPort: ports[0], lastPort: ports[1] } : {}),
      },
    },
    after: p.icmp ? { ...p, src, icmp: { ...p.icmp, id: port } } : { ...p, src, sport: port },
    proofs,
  });
};

/** nf_nat_packet: rewrites by the entry's bits; in the reply's direction the bits change sides. */
const rewrite = (b: Branch, hook: NatHook, manip: 'src' | 'dst'): Branch => {
  const { entry, direction } = b.ct;
  if (!entry) return b;
  const bit =
    direction === 'original'
      ? manip === 'dst'
        ? entry.dstNat
        : entry.srcNat
      : manip === 'dst'
        ? entry.srcNat
        : entry.dstNat;
  if (!bit) return b;
  const target = invert(direction === 'original' ? entry.reply : entry.original, entry.proto);
  const p = b.packet;
  // icmp_manip_pkt: an echo has its id written, whichever side is changed; an error has none.
  const icmp = p.icmp && !p.inner ? { ...p.icmp, id: target.sport } : p.icmp;
  const after: Packet =
    manip === 'dst'
      ? { ...p, icmp, dst: target.dst, dport: p.icmp ? p.dport : (target.dport ?? p.dport) }
      : { ...p, icmp, src: target.src, sport: p.icmp ? p.sport : (target.sport ?? p.sport) };
  if (after.src === p.src && after.dst === p.dst && after.sport === p.sport && after.dport === p.dport)
    return icmp?.id === p.icmp?.id ? b : { ...b, packet: after };
  const code = direction === 'reply' ? 'nat-undo' : manip === 'dst' ? 'dnat' : 'snat';
  const values =
    manip === 'dst'
      ? { from: p.dst, fromPort: p.dport ?? 0, to: after.dst, toPort: after.dport ?? 0 }
      : { from: p.src, fromPort: p.sport ?? 0, to: after.src, toPort: after.sport ?? 0 };
  return step(b, {
    place: hook,
    stage: 'nat',
    device: manip === 'src' ? b.oif : b.iif,
    action: { code, values: { ...values, part: manip } },
    after,
  });
};
