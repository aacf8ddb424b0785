import type { PacketTable, PacketView } from '../../records/packet.ts';
import { isLinkLocal, isMulticast, isUnspecified } from '../../tables/address.ts';
import type { Clue, ClueReader } from './clue.ts';
import { commonBits } from './common-bits.ts';
import { lowerDevices } from './lower-devices.ts';

/** A sender asks with its best address; with one of the same network (these bits in common) it is the device's own. */
const NEAR = 16;

/** ARP packets of a namespace that are looked at. */
const MOST = 4096;

/**
 * Who was asked for on a link, and who answered. A listed neighbour is on its device's link, whatever became of it. An ARP request that leaves is sent by
 * an address of the host; one that comes in, and an answer that does, tell who else is there.
 */
export const fromNeighbours: ClueReader = function* (ns) {
  for (const { address, dev, proxy, source } of ns.neighbours) {
    if (proxy) continue;
    yield { fact: 'device', device: dev, source };
    yield* onLink(address, dev, source);
  }
  const lower = lowerDevices(ns);
  for (const table of ns.packets) yield* unanswered(table);
  for (const table of ns.packets)
    for (const row of table.neighbourRows(MOST)) {
      const view = table.packet(row);
      if (view.proto === 'arp' && view.device !== undefined && !lower.has(view.device))
        yield* fromArp(view, view.device);
    }
};

/** Requests after which the kernel gives an address up (mcast_solicit, its default). */
const GIVEN_UP = 3;

/** Addresses that the host asked for in vain, on devices by which the capture shows packets come in: an answer would be there. */
function* unanswered(table: PacketTable): Generator<Clue> {
  const asked = new Map<string, { address: string; device: string; times: number; source: Clue['source'] }>();
  const heard = new Set<string>();
  for (const { device, direction } of table.addressesSeen())
    if (direction === 'in' && device !== undefined) heard.add(device);
  for (const row of table.neighbourRows(MOST)) {
    const { arp, device, direction, source } = table.packet(row);
    if (!arp || device === undefined || direction === undefined) continue;
    if (direction !== 'out') {
      const speaker = arp.op === 'reply' ? arp.target : arp.sender;
      heard.add(device).add(`${device} ${speaker ?? ''}`);
      continue;
    }
    if (arp.op !== 'request' || arp.target === arp.sender) continue;
    const key = `${device} ${arp.target}`;
    const known = asked.get(key);
    if (known) known.times += 1;
    else asked.set(key, { address: arp.target, device, times: 1, source });
  }
  for (const [key, { address, device, times, source }] of asked)
    if (times >= GIVEN_UP && heard.has(device) && !heard.has(key))
      yield { fact: 'unanswered', address, device, source };
}

function* fromArp({ arp, direction, srcMac, source }: PacketView, device: string): Generator<Clue> {
  if (!arp || direction === undefined) return;
  const speaker = arp.op === 'reply' ? arp.target : arp.sender;
  if (speaker === undefined || isUnspecified(speaker) || isLinkLocal(speaker)) return;
  const mac = arp.op === 'reply' ? arp.mac : srcMac;
  if (direction === 'out') {
    // The host may answer for others (proxy_arp, an address that a load balancer announces).
    if (arp.op === 'reply') yield { fact: 'address', address: speaker, virtual: true, weight: 'weak', source };
    else {
      const at = commonBits(speaker, arp.target) >= NEAR ? device : undefined;
      yield { fact: 'address', address: speaker, device: at, weight: 'weak', source };
      if (arp.target !== speaker) yield* onLink(arp.target, device, source);
    }
    return;
  }
  yield { fact: 'foreign', address: speaker, weight: 'weak', source };
  yield* onLink(speaker, device, source);
  if (mac !== undefined) yield { fact: 'neighbour', address: speaker, device, mac, source };
}

function* onLink(address: string, device: string, source: Clue['source']): Generator<Clue> {
  if (isMulticast(address) || isLinkLocal(address)) return;
  yield { fact: 'on-link', prefix: `${address}/${address.includes(':') ? 128 : 32}`, device, source };
}
