import type { PacketTable, PacketView } from '../../records/packet.ts';
import type { NetNamespace } from '../namespace.ts';

/** Rows of a capture that are looked at. */
const LOOKED_AT = 5000;

const cache = new WeakMap<NetNamespace, ReadonlyMap<string, string>>();

/**
 * Devices below another one: ports of a bridge, members of a bond, a VLAN's device. One packet is seen at both in a row: going out at the upper one first, coming in
 * at the lower one first. What is seen at a lower device is no packet of the host's IP layer there.
 */
export const lowerDevices = (ns: NetNamespace): ReadonlyMap<string, string> => {
  const cached = cache.get(ns);
  if (cached) return cached;
  const seen: Seen = { below: new Map(), alone: new Map(), upper: new Map() };
  for (const table of ns.packets) count(table, seen);
  const lower = new Map<string, string>();
  for (const [device, times] of seen.below) {
    const upper = seen.upper.get(device);
    if (upper !== undefined && times >= (seen.alone.get(device) ?? 0)) lower.set(device, upper);
  }
  cache.set(ns, lower);
  return lower;
};

/** How often each device had a packet below another one, how often not, and which the other was at last. */
interface Seen {
  readonly below: Map<string, number>;
  readonly alone: Map<string, number>;
  readonly upper: Map<string, string>;
}

const count = (table: PacketTable, { below, alone, upper }: Seen): void => {
  const rows = Math.min(table.count, LOOKED_AT);
  let run: PacketView[] = [];
  const close = (): void => {
    const devices = run.flatMap((view) => view.device ?? []);
    const top = run[0]?.direction === 'out' ? devices[0] : devices.at(-1);
    for (const device of devices) {
      const counts = device === top ? alone : below;
      counts.set(device, (counts.get(device) ?? 0) + 1);
      if (top !== undefined && device !== top) upper.set(device, top);
    }
  };
  for (let row = 0; row < rows; row += 1) {
    const view = table.packet(row);
    if (view.device === undefined || view.direction === undefined) continue;
    const [first] = run;
    if (
      first &&
      isSamePacket(first, view) &&
      isOut(first) === isOut(view) &&
      !run.some((v) => v.device === view.device)
    )
      run.push(view);
    else {
      close();
      run = [view];
    }
  }
  close();
};

const isOut = (view: PacketView): boolean => view.direction === 'out';

const isSamePacket = (a: PacketView, b: PacketView): boolean =>
  a.proto === b.proto &&
  a.src === b.src &&
  a.dst === b.dst &&
  a.sport === b.sport &&
  a.dport === b.dport &&
  a.tcpFlags === b.tcpFlags &&
  a.seq === b.seq &&
  a.ack === b.ack &&
  a.length === b.length &&
  a.ipId === b.ipId &&
  a.icmpSeq === b.icmpSeq &&
  a.espSeq === b.espSeq &&
  a.arp?.op === b.arp?.op &&
  a.arp?.target === b.arp?.target &&
  a.arp?.sender === b.arp?.sender;
