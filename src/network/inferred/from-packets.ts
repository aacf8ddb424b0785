import type { AddressSeen, PacketTable, PacketView } from '../../records/packet.ts';
import { isLinkLocal, isLoopback, isMulticast, isUnspecified } from '../../tables/address.ts';
import type { NetNamespace } from '../namespace.ts';
import type { Clue, ClueReader } from './clue.ts';
import { commonBits } from './common-bits.ts';
import { lowerDevices } from './lower-devices.ts';
import { isServiceAddress } from './service-addresses.ts';

interface Seen extends AddressSeen {
  readonly table: PacketTable;
}

/** Where one address was seen, loopback apart. */
interface Whereabouts {
  readonly sent: Seen[];
  readonly received: Seen[];
  readonly sentTo: Seen[];
  readonly receivedFor: Seen[];
  readonly onLoopback: Seen[];
}

/** Addresses and networks of one namespace that are looked into: more belong to a scan. */
const MOST = 2000;

/**
 * Packets whose direction was printed. An address that packets leave with and never come in with is the host's own: what it forwards would have come in first. One that
 * packets come in with, or are sent to over a wire, is somebody else's. What is sent to an address shows the device that leads there.
 */
export const fromPackets: ClueReader = function* (ns, { kube }) {
  const seen = ns.packets.flatMap((table) => table.addressesSeen().map((one): Seen => ({ ...one, table })));
  yield* devicesOf(seen);
  let left = MOST;
  const lower = lowerDevices(ns);
  const all = whereabouts(seen.filter((one) => one.device === undefined || !lower.has(one.device)));
  for (const [address, where] of all) {
    if (left === 0) break;
    left -= 1;
    if (where.sentTo.length > 0) yield* leadsTo(address, where);
    const at = onlyDevice(where.receivedFor);
    const [came] = where.receivedFor;
    if (at !== undefined && came) yield { fact: 'seen-at', address, device: at, source: sourceOf(came) };
    if (isServiceAddress(ns, kube, address)) continue;
    yield* ownOrForeign(ns, address, all);
  }
};

function* devicesOf(seen: readonly Seen[]): Generator<Clue> {
  const known = new Set<string>();
  for (const one of seen) {
    if (one.device === undefined || known.has(one.device)) continue;
    known.add(one.device);
    yield { fact: 'device', device: one.device, source: sourceOf(one) };
  }
}

const sourceOf = (seen: Seen) => viewOf(seen).source;
const viewOf = ({ table, row }: Seen): PacketView => table.packet(row);

const whereabouts = (seen: readonly Seen[]): ReadonlyMap<string, Whereabouts> => {
  const byAddress = new Map<string, Whereabouts>();
  for (const one of seen) {
    if (one.direction !== 'in' && one.direction !== 'out') continue;
    if (!isPlain(one.address)) continue;
    let where = byAddress.get(one.address);
    if (!where) {
      where = { sent: [], received: [], sentTo: [], receivedFor: [], onLoopback: [] };
      byAddress.set(one.address, where);
    }
    if (one.device === 'lo') where.onLoopback.push(one);
    else if (one.direction === 'out') (one.as === 'src' ? where.sent : where.sentTo).push(one);
    else (one.as === 'src' ? where.received : where.receivedFor).push(one);
  }
  return byAddress;
};

const isPlain = (address: string): boolean =>
  !isMulticast(address) &&
  !isLoopback(address) &&
  !isUnspecified(address) &&
  !isLinkLocal(address) &&
  address !== '255.255.255.255';

function* ownOrForeign(ns: NetNamespace, address: string, all: ReadonlyMap<string, Whereabouts>): Generator<Clue> {
  const where = all.get(address);
  if (!where) return;
  const { sent, received, sentTo, onLoopback } = where;
  const [came] = received;
  const [went] = sentTo;
  if (came) yield { fact: 'foreign', address, weight: 'weak', source: sourceOf(came) };
  else if (went) yield { fact: 'foreign', address, weight: 'weak', source: sourceOf(went) };
  const [local] = onLoopback;
  if (local) yield { fact: 'address', address, weight: 'weak', source: sourceOf(local) };
  const first = sent.find((one) => startsHere(ns, address, one));
  if (!first) return;
  const device = onlyDevice(sent) ?? nearestDevice(address, sent, all);
  yield { fact: 'address', address, device, weight: 'weak', source: sourceOf(first) };
}

/** Time to live that hosts begin with (Linux and most others 64, Windows 128, routers 255). */
const FRESH: ReadonlySet<number> = new Set([32, 64, 128, 255]);

/** Packets of one address that are looked at for one that no translation explains. */
const LOOKED_AT = 50;

/** Whether a packet with this source began here: it lost no hop on the way, and it is no answer that a translation gave another source. */
const startsHere = (ns: NetNamespace, address: string, { table, device }: Seen): boolean => {
  const translated = translatedPorts(ns, address);
  let looked = 0;
  for (const row of table.rowsWithAddress(address)) {
    const view = table.packet(row);
    if (view.src !== address || view.direction !== 'out' || view.device !== device) continue;
    looked += 1;
    if (looked > LOOKED_AT) return false;
    if (view.ttl !== undefined && !FRESH.has(view.ttl)) continue;
    if (!translated.has(view.sport ?? -1) && !isTranslatedAnswer(table, row, view)) return true;
  }
  return false;
};

/** Rows before a packet among which the one is looked for that it was before it was translated. */
const BEFORE = 4;

/**
 * The answer that came in right before under another source, and was given the name that had been asked for. Behind SNAT a packet's twin comes in too, but then
 * nobody asked for the address that it gets.
 */
const isTranslatedAnswer = (table: PacketTable, row: number, sent: PacketView): boolean => {
  for (let before = Math.max(0, row - BEFORE); before < row; before += 1) {
    const came = table.packet(before);
    if (came.direction !== 'in' || came.src === sent.src || !isSameContent(came, sent)) continue;
    return table.rowsWithAddress(sent.src ?? '').some((other) => {
      const asked = other < row ? table.packet(other) : undefined;
      return (
        asked?.direction === 'in' && asked.dst === sent.src && asked.src === sent.dst && asked.dport === sent.sport
      );
    });
  }
  return false;
};

const isSameContent = (a: PacketView, b: PacketView): boolean =>
  a.proto === b.proto &&
  a.dst === b.dst &&
  a.dport === b.dport &&
  a.tcpFlags === b.tcpFlags &&
  a.seq === b.seq &&
  a.length === b.length &&
  a.icmp === b.icmp &&
  a.icmpSeq === b.icmpSeq;

/** Ports at which the address is another name of somebody else's (DNAT): answers from them are not its own. */
const translatedPorts = (ns: NetNamespace, address: string): ReadonlySet<number> => {
  const ports = new Set<number>();
  for (const table of ns.conntrack)
    for (const row of table.rowsWithAddress(address).slice(0, MOST)) {
      const { original, reply } = table.entry(row);
      if (original.dst === address && reply.src !== address) ports.add(original.dport ?? -1);
    }
  return ports;
};

/** The one device that packets passed; undefined where they passed several. */
const onlyDevice = (places: readonly Seen[]): string | undefined => {
  const devices = new Set(places.map((place) => place.device));
  return devices.size === 1 ? [...devices][0] : undefined;
};

/**
 * Of several devices that an address was seen to leave by, the one whose peers are nearest to it: an address is of the network that it is on. Undefined where two are
 * as near, or none is at all (a common prefix of 16 bits, 48 of IPv6).
 */
const nearestDevice = (
  address: string,
  sent: readonly Seen[],
  all: ReadonlyMap<string, Whereabouts>,
): string | undefined => {
  const bits = new Map<string, number>();
  const devices = new Set(sent.map((place) => place.device));
  for (const [peer, { sentTo }] of all)
    for (const { device } of sentTo)
      if (device !== undefined && devices.has(device) && peer !== address)
        bits.set(device, Math.max(bits.get(device) ?? 0, commonBits(address, peer)));
  const [first, second] = [...bits].sort((a, b) => b[1] - a[1]);
  const least = address.includes(':') ? 48 : 16;
  return first && first[1] >= least && first[1] > (second?.[1] ?? 0) ? first[0] : undefined;
};

/** What is sent to an address goes by the device; whether it is asked for there itself or a gateway, packets do not tell. */
function* leadsTo(address: string, { sentTo }: Whereabouts): Generator<Clue> {
  const device = onlyDevice(sentTo);
  const [first] = sentTo;
  if (device === undefined || !first) return;
  yield { fact: 'route', prefix: `${address}/${address.includes(':') ? 128 : 32}`, device, source: sourceOf(first) };
}
