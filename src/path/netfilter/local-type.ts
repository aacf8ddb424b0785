import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { CaptureKind } from '../../records/capture.ts';
import type { RouteType } from '../../records/route.ts';
import {
  addressWords,
  canonicalPrefix,
  isLoopback,
  isMulticast,
  numberToIpv4,
  prefixContains,
  prefixLength,
} from '../../tables/address.ts';

interface Found {
  readonly type: RouteType;
  readonly devices: readonly string[];
}
/** Prefixes of the local table by length, longest first. */
interface LocalTable {
  readonly lengths: readonly number[];
  readonly prefixes: ReadonlyMap<string, readonly Found[]>;
  /** Undefined where the table is known. */
  readonly missing: CaptureKind | undefined;
}

const tables = new WeakMap<NetNamespace, Map<4 | 6, LocalTable>>();

const localTable = (namespace: NetNamespace, family: 4 | 6): LocalTable => {
  const known = tables.get(namespace) ?? new Map<4 | 6, LocalTable>();
  tables.set(namespace, known);
  let table = known.get(family);
  if (!table) {
    table = build(namespace, family);
    known.set(family, table);
  }
  return table;
};

const build = (namespace: NetNamespace, family: 4 | 6): LocalTable => {
  const prefixes = new Map<string, Found[]>();
  const add = (prefix: string | undefined, found: Found): void => {
    if (prefix === undefined) return;
    const list = prefixes.get(prefix);
    if (list) list.push(found);
    else prefixes.set(prefix, [found]);
  };
  let captured = false;
  for (const route of namespace.routes) {
    if (route.family !== family || (route.table !== 'local' && route.table !== '255')) continue;
    captured = true;
    add(canonicalPrefix(route.prefix), {
      type: route.type,
      devices: route.nextHops.flatMap((hop) => (hop.dev === undefined ? [] : [hop.dev])),
    });
  }
  if (!captured) addAddresses(namespace, family, add);
  const lengths = [...new Set([...prefixes.keys()].map((prefix) => prefixLength(prefix) ?? 0))].sort((a, b) => b - a);
  return { lengths, prefixes, missing: captured || knows(namespace, 'ip-addr') ? undefined : 'ip-addr' };
};

/** What fib_add_ifaddr() puts into the local table, for a namespace whose local table was not captured. */
const addAddresses = (
  namespace: NetNamespace,
  family: 4 | 6,
  add: (prefix: string | undefined, found: Found) => void,
): void => {
  for (const link of namespace.links.values())
    for (const address of link.addresses) {
      if (address.family !== family) continue;
      const devices = [link.name];
      add(canonicalPrefix(address.address), { type: 'local', devices });
      if (family === 6 || address.prefixLength > 30 || address.peer !== undefined) continue;
      if (isLoopback(address.address))
        add(canonicalPrefix(`${address.address}/${address.prefixLength}`), { type: 'local', devices });
      add(broadcastOf(address.address, address.prefixLength), { type: 'broadcast', devices });
    }
};

const broadcastOf = (address: string, length: number): string | undefined => {
  const word = addressWords(address)?.[0];
  return word === undefined ? undefined : canonicalPrefix(numberToIpv4((word | (0xffffffff >>> length)) >>> 0));
};

type AddressType = 'UNICAST' | 'LOCAL' | 'BROADCAST' | 'MULTICAST' | 'ANYCAST';

/**
 * __inet_dev_addr_type(): the type that the local table alone gives an address, unicast where it has none; with a device, only what is
 * bound to that device counts. Undefined, with the capture to collect, where neither the local table nor the addresses are known.
 */
export const localType = (
  namespace: NetNamespace,
  family: 4 | 6,
  address: string,
  device?: string,
): { readonly type: AddressType } | { readonly type: undefined; readonly missing: CaptureKind } => {
  if (family === 4 && (prefixContains('0.0.0.0/8', address) || address === '255.255.255.255'))
    return { type: 'BROADCAST' };
  if (isMulticast(address)) return { type: 'MULTICAST' };
  const table = localTable(namespace, family);
  for (const length of table.lengths) {
    const found = table.prefixes.get(canonicalPrefix(`${address}/${length}`) ?? '');
    if (!found) continue;
    const own = device === undefined ? found : found.filter((entry) => entry.devices.includes(device));
    return { type: own[0] ? upper(own[0].type) : 'UNICAST' };
  }
  if (isLoopback(address)) return { type: 'LOCAL' };
  return table.missing === undefined ? { type: 'UNICAST' } : { type: undefined, missing: table.missing };
};

const upper = (type: RouteType): AddressType =>
  type === 'local'
    ? 'LOCAL'
    : type === 'broadcast'
      ? 'BROADCAST'
      : type === 'anycast'
        ? 'ANYCAST'
        : type === 'multicast'
          ? 'MULTICAST'
          : 'UNICAST';
