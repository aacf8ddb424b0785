import type { AddressSeen, PacketTable } from '../../records/packet.ts';
import { isLinkLocal, isLoopback, isMulticast, isUnspecified } from '../../tables/address.ts';
import type { NetNamespace } from '../namespace.ts';
import type { Clue, OwnAddress } from './clue.ts';

/** Places of a capture on one device that does not tell directions. */
const placesOf = (table: PacketTable): readonly AddressSeen[] =>
  table.addressesSeen().filter((one) => one.direction === undefined && one.device !== undefined && one.device !== 'lo');

const isPlain = (address: string): boolean =>
  !isMulticast(address) && !isLoopback(address) && !isUnspecified(address) && !isLinkLocal(address);

/**
 * A pod forwards nothing: one end of every packet at its device is its own address. These are the addresses that every packet of a capture has; two where the
 * capture shows the pod with one peer only.
 */
export const commonEnds = (ns: NetNamespace): readonly OwnAddress[] => {
  if (ns.name === '') return [];
  for (const table of ns.packets) {
    const places = placesOf(table).filter((one) => isPlain(one.address));
    const total = places.reduce((sum, one) => sum + (one.as === 'src' ? one.packets : 0), 0);
    const byAddress = new Map<string, number>();
    for (const { address, packets } of places) byAddress.set(address, (byAddress.get(address) ?? 0) + packets);
    const common = [...byAddress].filter(([, packets]) => packets === total).map(([address]) => address);
    const ends = common.flatMap((address): OwnAddress[] => {
      const first = places.find((one) => one.address === address);
      if (!first) return [];
      const { device, row } = first;
      return [{ fact: 'address', address, device, weight: 'weak', source: table.packet(row).source }];
    });
    if (ends.length > 0) return ends;
  }
  return [];
};

/** What a pod sends goes by the device at which it was captured; own addresses are those that it has. */
export function* ways(ns: NetNamespace, own: ReadonlySet<string>): Generator<Clue> {
  if (ns.name === '' || own.size === 0) return;
  for (const table of ns.packets)
    for (const { address, as, device, row } of placesOf(table)) {
      if (as !== 'dst' || own.has(address) || !isPlain(address) || device === undefined) continue;
      const { source } = table.packet(row);
      yield { fact: 'route', prefix: `${address}/${address.includes(':') ? 128 : 32}`, device, source };
    }
}
