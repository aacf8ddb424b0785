import { isInferred } from '../../records/origin.ts';
import { isLinkLocal, isMulticast, isUnspecified } from '../../tables/address.ts';
import type { VethEnd } from '../build-veth.ts';
import type { NetNamespace } from '../namespace.ts';
import { lowerDevices } from './lower-devices.ts';

/** Two devices that are the ends of one veth pair. */
export interface Cable {
  readonly a: VethEnd;
  readonly b: VethEnd;
}

/** Addresses that came in at each device of a host, directions being told. */
const receivedBy = (host: NetNamespace): ReadonlyMap<string, ReadonlySet<string>> => {
  const byDevice = new Map<string, Set<string>>();
  for (const table of host.packets)
    for (const { address, as, device, direction } of table.addressesSeen()) {
      if (as !== 'src' || direction === 'out' || direction === undefined || device === undefined) continue;
      if (device === 'lo' || isLinkLocal(address) || isMulticast(address) || isUnspecified(address)) continue;
      const known = byDevice.get(device) ?? new Set<string>();
      byDevice.set(device, known.add(address));
    }
  return byDevice;
};

/** Devices of a host behind which one address lives alone: nothing else came in there. */
export const devicesOfOne = (host: NetNamespace): ReadonlySet<string> =>
  new Set([...receivedBy(host).values()].flatMap((addresses) => (addresses.size === 1 ? [...addresses] : [])));

/**
 * The host's end of a pod's cable: the device, of several below one another the lowest, at which nothing but the pod's addresses came in. Only for pods with one
 * device.
 */
export const cablesOf = (host: NetNamespace, pods: readonly NetNamespace[]): readonly Cable[] => {
  if (host.packets.length === 0) return [];
  const received = receivedBy(host);
  const lower = lowerDevices(host);
  return pods.flatMap((pod): readonly Cable[] => {
    const devices = [...pod.links.values()].filter((link) => !link.flags.includes('LOOPBACK') && link.kind !== 'dummy');
    const own = new Set(devices.flatMap((link) => link.addresses.map((a) => a.address)));
    const [device] = devices;
    if (!device || devices.length !== 1 || own.size === 0) return [];
    const ends = [...received].filter(([, addresses]) => [...addresses].every((a) => own.has(a))).map(([name]) => name);
    const ports = ends.filter((name) => lower.has(name));
    const [end] = ports.length > 0 ? ports : ends;
    if (end === undefined || (ports.length > 0 ? ports : ends).length !== 1) return [];
    return [{ a: { namespace: host.id, device: end }, b: { namespace: pod.id, device: device.name } }];
  });
};

/** What is above a pod's device is the bridge that it is a port of. */
export const withPorts = (host: NetNamespace, ends: ReadonlySet<string>): NetNamespace => {
  const links = new Map(host.links);
  for (const [name, upper] of lowerDevices(host)) {
    const port = links.get(name);
    const bridge = links.get(upper);
    if (!ends.has(name) || !port || !bridge || !isInferred(port) || !isInferred(bridge)) continue;
    links.set(name, { ...port, kind: 'veth', master: upper });
    links.set(upper, { ...bridge, kind: 'bridge' });
  }
  return { ...host, links };
};
