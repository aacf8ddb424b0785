import { knows, type NetNamespace } from '../../network/namespace.ts';
import { prefixLength } from '../../tables/address.ts';
import { knowsLocal, localTable } from './local.ts';
import { type TableIndex, tableIndex, tableName, tablesOf } from './table-index.ts';

/** A table as the bundle shows it: its routes, or that nobody dumped it. */
export type KnownTable =
  | { readonly known: true; readonly index: TableIndex; readonly assumedLocal: boolean }
  | {
      readonly known: false;
      /** Of the local table: loopback's addresses, and those that other captures tell. What is not in it may be the host's own all the same. */
      readonly told: TableIndex | undefined;
    };

const UNKNOWN: KnownTable = { known: false, told: undefined };

/**
 * Plain `ip route` prints main alone, `table all` everything: a dump in which the local table is seen is whole, and a table that is
 * not in it is empty. The table `default` is empty unless somebody filled it.
 */
export const knownTable = (ns: NetNamespace, family: 4 | 6, table: string): KnownTable => {
  const name = tableName(table);
  if (name === 'local') {
    const { index, dumped } = localTable(ns, family);
    return knowsLocal(ns, family) ? { known: true, index, assumedLocal: !dumped } : { known: false, told: index };
  }
  const tables = tablesOf(ns.routes, family);
  const isKnown =
    tables.has(name) ||
    (knows(ns, 'ip-route') &&
      (tables.has('local') || name === 'default' || (name === 'main' && mayBeEmpty(ns, family))));
  return isKnown ? { known: true, index: tableIndex(tables, name), assumedLocal: false } : UNKNOWN;
};

/**
 * A capture without one route of the family: the family was not asked for, unless no device has an address that would bring a route. Where other tables alone were listed
 * (`ip route show table 52`), nothing is known of main.
 */
const mayBeEmpty = (ns: NetNamespace, family: 4 | 6): boolean => {
  if (tablesOf(ns.routes, family).size > 0) return false;
  if (!knows(ns, 'ip-addr')) return false;
  return [...ns.links.values()].every(
    (link) =>
      !link.flags.includes('UP') ||
      link.flags.includes('LOOPBACK') ||
      link.addresses.every(
        (a) => a.family !== family || prefixLength(`${a.address}/${a.prefixLength}`) === (family === 4 ? 32 : 128),
      ),
  );
};
