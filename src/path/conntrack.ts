import { sysctl, sysctlNumber } from '../network/namespace.ts';
import { type Branch, decisive, finish, type Stage, step, type Tracking, UNTRACKED } from './branch.ts';
import { type CtInfo, type CtState, invert, tupleOf, type WalkEntry, type WalkTuple } from './conntrack-entry.ts';
import type { Packet } from './packet.ts';
import { type Direction, zoneIn } from './zone.ts';

const samePort = (kept: number | undefined, asked: number | undefined): boolean => kept === undefined || kept === asked;
/** Whether a tuple that an entry keeps, perhaps without knowing its port, is the packet's. */
const sameTuple = (kept: WalkTuple, asked: WalkTuple): boolean =>
  kept.src === asked.src &&
  kept.dst === asked.dst &&
  samePort(kept.sport, asked.sport) &&
  samePort(kept.dport, asked.dport);

const identical = (a: WalkTuple, b: WalkTuple): boolean =>
  a.src === b.src && a.dst === b.dst && a.sport === b.sport && a.dport === b.dport;
const isEqual = (a: WalkTuple, b: WalkTuple): boolean =>
  a.src === b.src && a.dst === b.dst && a.sport !== undefined && a.sport === b.sport && a.dport === b.dport;

const entriesOf = (tracking: Tracking, namespace: string): readonly WalkEntry[] =>
  tracking.entries.get(namespace) ?? [];

/** The tracking state with one entry put in or replaced by its id. */
export const withEntry = (tracking: Tracking, namespace: string, entry: WalkEntry): Tracking => {
  const others = entriesOf(tracking, namespace).filter((e) => e.id !== entry.id);
  return { ...tracking, entries: new Map(tracking.entries).set(namespace, [...others, entry]) };
};

/** The tracking state without an entry (nf_ct_kill). */
export const withoutEntry = (tracking: Tracking, namespace: string, entry: WalkEntry): Tracking => ({
  ...tracking,
  entries: new Map(tracking.entries).set(
    namespace,
    entriesOf(tracking, namespace).filter((e) => e.id !== entry.id),
  ),
});

/** nf_nat_used_tuple: whether another connection of the namespace has this reply tuple already, as its own or as its original one. */
export const isTaken = (b: Branch, entry: WalkEntry, reply: WalkTuple): boolean =>
  entriesOf(b.tracking, b.namespace.id).some(
    (other) =>
      other.id !== entry.id &&
      other.proto === entry.proto &&
      ((isEqual(other.reply, reply) && zoneIn(other, 'reply') === zoneIn(entry, 'reply')) ||
        (!(entry.proto === 'icmp' || entry.proto === 'icmp6') &&
          isEqual(other.original, reply) &&
          zoneIn(other, 'original') === zoneIn(entry, 'original'))),
  );

/** The branch with its packet's entry changed, everywhere that it is kept. */
export const withCtEntry = (b: Branch, entry: WalkEntry): Branch => ({
  ...b,
  ct: { ...b.ct, entry },
  tracking: entry.confirmed && !b.ct.killed ? withEntry(b.tracking, b.namespace.id, entry) : b.tracking,
});

/** ICMP's questions and answers: the type is part of the tuple, so that a host's echo to itself has two different ones. */
const ICMP_REQUESTS: ReadonlySet<number> = new Set([8, 13, 15, 17, 128, 139]);
const ICMP_REPLIES: ReadonlySet<number> = new Set([0, 14, 16, 18, 129, 140]);

const lookup = (
  b: Branch,
  packet: Packet,
  icmpType = packet.icmp?.type,
): { entry: WalkEntry; direction: 'original' | 'reply' } | undefined => {
  const tuple = tupleOf(packet);
  const isRequest = icmpType !== undefined && ICMP_REQUESTS.has(icmpType);
  const isReply = icmpType !== undefined && ICMP_REPLIES.has(icmpType);
  const known = entriesOf(b.tracking, b.namespace.id).filter((e) => e.proto === packet.proto);
  const inZone = (entry: WalkEntry, direction: Direction) => zoneIn(entry, direction) === zoneIn(b, direction);
  // A port that neither side knows is the same one; only an entry without its port takes any other.
  for (const agree of [identical, sameTuple])
    for (const entry of known) {
      if (!isReply && agree(entry.original, tuple) && inZone(entry, 'original'))
        return { entry, direction: 'original' };
      if (isRequest) continue;
      // A VXLAN packet's source port is a hash of what it carries: the way back is a connection of its own.
      if (packet.vni === undefined && agree(entry.reply, tuple) && inZone(entry, 'reply'))
        return { entry, direction: 'reply' };
    }
  return undefined;
};

/** tcp_conntracks: the ACK that ends a handshake is INVALID for an entry in SYN_SENT, whose SYN-ACK went another way. */
const isOutOfOrder = (packet: Packet, entry: WalkEntry, direction: 'original' | 'reply'): boolean =>
  packet.tcp === 'ack' && direction === 'original' && !entry.seenReply;

/**
 * Packets that conntrack makes an entry for out of the blue (nf_conntrack_proto_tcp.c:tcp_new): a SYN-ACK or a RST without an entry is INVALID, an ACK is
 * taken for a connection that goes on already, unless nf_conntrack_tcp_loose is off.
 */
const startsConnection = ({ packet, namespace }: Branch): boolean => {
  if (packet.proto === 'tcp')
    return (
      packet.tcp === 'syn' ||
      (packet.tcp === 'ack' && sysctlNumber(namespace, 'net.netfilter.nf_conntrack_tcp_loose') !== 0)
    );
  if (packet.icmp) return [8, 13, 15, 17, 128].includes(packet.icmp.type);
  return true;
};

/**
 * nf_conntrack_in (priority -200 at PREROUTING and OUTPUT): finds the packet's entry or starts one.
 * A packet that carries an entry already (IPVS put it back into OUTPUT, loopback) is left alone; an INVALID one carries none and is looked at again.
 */
export const conntrackIn =
  (place: 'PREROUTING' | 'OUTPUT'): Stage =>
  (world, b) => {
    if (b.notrack || (b.ct.state !== 'UNTRACKED' && b.ct.state !== 'INVALID')) return [b];
    if (b.packet.icmp && b.packet.inner) return [related(b, b.packet.inner)];
    const found = lookup(b, b.packet);
    if (found && !isOutOfOrder(b.packet, found.entry, found.direction))
      return [established(b, found.entry, found.direction, place)];
    if (found || !startsConnection(b)) {
      return [
        step(
          { ...b, ct: { state: 'INVALID', direction: 'original', entry: undefined } },
          { place, stage: 'conntrack', action: { code: 'ct-invalid', values: {} } },
        ),
      ];
    }
    const full = tableFull(b);
    if (full) return [full];
    const original = tupleOf(b.packet);
    const entry: WalkEntry = {
      id: world.nextEntryId++,
      proto: b.packet.proto,
      zone: b.zone,
      zoneOnly: b.zoneOnly,
      original,
      reply: invert(original, b.packet.proto),
      srcNat: false,
      dstNat: false,
      srcNatDone: false,
      dstNatDone: false,
      confirmed: false,
      seenReply: false,
      mark: 0,
    };
    return [{ ...b, ct: { state: 'NEW', direction: 'original', entry } }];
  };

/** nf_conntrack_invert_icmp_tuple. */
const INVERTED_ICMP: ReadonlyMap<number, number> = new Map(
  [
    [8, 0],
    [13, 14],
    [15, 16],
    [17, 18],
    [128, 129],
    [139, 140],
  ].flatMap(([request = 0, reply = 0]) => [
    [request, reply],
    [reply, request],
  ]),
);

/** nf_conntrack_inet_error: an ICMP error belongs to the connection whose packet it quotes, and travels against that packet's direction. */
const related = (b: Branch, quoted: Packet): Branch => {
  const inverted = { ...quoted, src: quoted.dst, dst: quoted.src, sport: quoted.dport, dport: quoted.sport };
  const type = quoted.icmp && INVERTED_ICMP.get(quoted.icmp.type);
  const about = lookup(b, inverted, type);
  if (!about) return { ...b, ct: { state: 'INVALID', direction: 'original', entry: undefined } };
  return { ...b, ct: { state: 'RELATED', direction: about.direction, entry: about.entry } };
};

const established = (
  b: Branch,
  entry: WalkEntry,
  direction: 'original' | 'reply',
  place: 'PREROUTING' | 'OUTPUT',
): Branch => {
  const seenReply = entry.seenReply || direction === 'reply';
  const now = seenReply === entry.seenReply ? entry : { ...entry, seenReply };
  const state: CtState = seenReply ? 'ESTABLISHED' : 'NEW';
  const info: CtInfo = { state, direction, entry: now };
  // nf_conntrack_tcp_packet: a RST before any reply ends the entry at once; the packet itself still holds on to it.
  const isKilled = b.packet.tcp === 'rst' && !entry.seenReply;
  const next = {
    ...b,
    ct: isKilled ? { ...info, killed: true } : info,
    tracking: isKilled ? withoutEntry(b.tracking, b.namespace.id, entry) : withEntry(b.tracking, b.namespace.id, now),
  };
  if (direction === 'original') return next;
  return step(next, { place, stage: 'conntrack', action: { code: 'ct-established', values: { direction } } });
};

/**
 * __nf_conntrack_alloc: at nf_conntrack_max no entry can be had and the packet is dropped. An unassured entry may be evicted first
 * (early_drop), so a full table is a drop only where the counters do not show room.
 */
const tableFull = (b: Branch): Branch | undefined => {
  const count = sysctlNumber(b.namespace, 'net.netfilter.nf_conntrack_count');
  const max = sysctlNumber(b.namespace, 'net.netfilter.nf_conntrack_max');
  if (count === undefined || max === undefined || max <= 0 || count < max) return undefined;
  return finish(b, {
    place: 'PREROUTING',
    stage: 'conntrack',
    action: { code: 'ct-full', values: { count, max } },
    verdict: 'drop',
    proofs: decisive(
      sysctl(b.namespace, 'net.netfilter.nf_conntrack_count'),
      sysctl(b.namespace, 'net.netfilter.nf_conntrack_max'),
    ),
  });
};

/** nf_confirm (last at INPUT and POSTROUTING): the new entry enters the table, where the reply will find it. */
export const confirm: Stage = (_world, b) => {
  const { entry } = b.ct;
  if (!entry || entry.confirmed || b.ct.state === 'UNTRACKED') return [b];
  // A RST or ICMP error of REJECT's is attached to the entry from the other side, and does not confirm it.
  if (b.ct.direction === 'reply') return [b];
  const kept = { ...entry, confirmed: true };
  return [{ ...b, ct: { ...b.ct, entry: kept }, tracking: withEntry(b.tracking, b.namespace.id, kept) }];
};

/** A raw-table NOTRACK or `-j CT --notrack`: no entry, no NAT. */
export const untrack = (b: Branch): Branch => ({ ...b, notrack: true, ct: UNTRACKED });

/** A packet that changes its namespace or leaves a tunnel loses its entry (nf_reset_ct). */
export const resetCt = (b: Branch): Branch => ({
  ...b,
  ct: UNTRACKED,
  notrack: false,
  attached: false,
  zone: 0,
  ipvs: false,
});

/** The namespace that gave the flow this source: an address of its own, although no listing says so. Undefined where none did. */
export const translatorOf = ({ tracking }: Branch, address: string): string | undefined => {
  for (const [namespace, entries] of tracking.entries)
    if (entries.some((entry) => entry.srcNat && entry.reply.dst === address)) return namespace;
  return undefined;
};
