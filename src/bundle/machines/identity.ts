import type { Capture } from '../../records/capture.ts';
import type { Link } from '../../records/link.ts';
import { ownName } from '../own-name.ts';
import type { Found } from '../read/finding.ts';

/** What captures of one namespace tell of which machine it is. */
export interface Identity {
  /** What the machine calls itself; undefined where it was not asked. */
  readonly name: string | undefined;
  /** systemd's machine id and the kernel's boot id, where a capture shows them. A cloned image may bring the first along. */
  readonly machineId: string | undefined;
  readonly bootId: string | undefined;
  /** `DEVICE MAC ADDRESS`, each a device that no other machine has: told by its own MAC and an address of more than the link. */
  readonly stations: ReadonlySet<string>;
  /** Everything of that is said of a machine's devices, to see that two machines share nothing. */
  readonly macs: ReadonlySet<string>;
  readonly addresses: ReadonlySet<string>;
  /** Devices with indices, far ends, MACs and addresses: of two listings of one namespace all of them are the same. Undefined where indices are missing. */
  readonly devices: string | undefined;
}

export const identityOf = (list: readonly Found[]): Identity => {
  const captures = list.flatMap(({ capture }) => capture ?? []);
  const links = captures.flatMap(({ data }) => data.links ?? []).filter((link) => link.name !== 'lo');
  const own = links.filter(isOwnDevice);
  return {
    name: ownName(list),
    machineId: captures.find(({ data }) => data.machineId !== undefined)?.data.machineId,
    bootId: captures.find(({ data }) => data.bootId !== undefined)?.data.bootId ?? bootIdIn(captures),
    stations: new Set(own.flatMap((link) => globals(link).map((address) => `${link.name} ${link.mac} ${address}`))),
    macs: new Set(own.flatMap(({ mac }) => mac ?? [])),
    addresses: new Set(own.flatMap(globals)),
    devices: devicesOf(captures),
  };
};

const bootIdIn = (captures: readonly Capture[]): string | undefined =>
  captures.flatMap(({ data }) => data.sysctls ?? []).find(({ name }) => name === 'kernel.random.boot_id')?.value;

/** Kinds whose MACs are made up, copied from a port, or the same on every machine of a cluster. */
const MADE_UP: ReadonlySet<string> = new Set([
  'bridge',
  'bond_slave',
  'dummy',
  'vxlan',
  'geneve',
  'team',
  'tun',
  'ipvlan',
]);
const MADE_UP_NAMES =
  /^(?:docker|br-|virbr|cni|cbr|kube-|cilium_|flannel|vxlan|ovs|lxdbr|podman|nodelocaldns|dummy|tunl|ip6tnl|sit|gre)/;

/**
 * MACs that tell no machine apart: none at all, groups, VRRP's and HSRP's (RFC 5798 7.3), docker's and CNI's that are the address once more (02:42, 0a:58), Calico's,
 * libvirt's for its taps.
 */
const SHARED_MAC =
  /^(?:00:00:00:00:00:00|[0-9a-f][13579bdf]:|00:00:5e:00:0[12]:|00:00:0c:07:ac:|02:42:|0a:58:|ee:ee:ee:ee:ee:ee|fe:)/i;

/** Whether a device is one that every machine of its sort has alike. */
export const isMadeUp = ({ name, kind }: { readonly name: string; readonly kind?: string | undefined }): boolean =>
  MADE_UP.has(kind ?? '') || MADE_UP_NAMES.test(name);

const isOwnDevice = (link: Link): boolean =>
  link.mac !== undefined &&
  !SHARED_MAC.test(link.mac) &&
  !isMadeUp(link) &&
  !link.flags.includes('SLAVE') &&
  globals(link).length > 0;

/** Addresses that are the device's own: none of the link alone, and none that is added to it for a service. */
const globals = (link: Link): readonly string[] =>
  link.addresses.flatMap(({ address, scope, secondary, prefixLength, family }) =>
    scope !== 'global' || secondary || (prefixLength === (family === 4 ? 32 : 128) && link.addresses.length > 1)
      ? []
      : [address],
  );

const devicesOf = (captures: readonly Capture[]): string | undefined => {
  const listing = captures.find(({ kind, data }) => kind === 'ip-addr' && (data.links?.length ?? 0) > 0);
  const links = (listing?.data.links ?? []).filter((link) => link.name !== 'lo');
  if (!links.some((link) => globals(link).length > 0) || links.some(({ index }) => index === undefined))
    return undefined;
  return links
    .map((link) =>
      [link.index, link.name, link.peerIndex, link.mac, ...link.addresses.map((a) => a.address).sort()].join(' '),
    )
    .sort()
    .join('\n');
};
