import { isInferred } from '../../records/origin.ts';
import type { Route } from '../../records/route.ts';
import { addressWords, prefixLength } from '../../tables/address.ts';

/**
 * The routes of one table by prefix length and network, so that a lookup costs one Map access per length in use however many
 * routes there are. Within one prefix they stand in the kernel's order (see `inOrder`).
 */
export interface TableIndex {
  /** Prefix lengths in use, the longest first. */
  readonly lengths: readonly number[];
  readonly byLength: ReadonlyMap<number, ReadonlyMap<string | number, readonly Route[]>>;
}

const EMPTY: TableIndex = { lengths: [], byLength: new Map() };

/** Table name to index, for one family. */
export type FamilyTables = ReadonlyMap<string, TableIndex>;

type TablesCache = WeakMap<readonly Route[], { 4?: FamilyTables; 6?: FamilyTables }>;
const cache: TablesCache = new WeakMap();
const inferredCache: TablesCache = new WeakMap();

/** Numbers of the reserved tables (rt_tables); everything else is called as it is printed. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['255', 'local'],
  ['254', 'main'],
  ['253', 'default'],
]);
export const tableName = (table: string): string => RESERVED.get(table) ?? table;

/** All tables of a family that were captured, indexed once per list of routes. */
export const tablesOf = (routes: readonly Route[], family: 4 | 6): FamilyTables =>
  tablesFrom(cache, routes, family, (route) => !isInferred(route));

/** What of the tables is inferred from other captures: single routes, of which none says that there are no others. */
export const inferredTables = (routes: readonly Route[], family: 4 | 6): FamilyTables =>
  tablesFrom(inferredCache, routes, family, isInferred);

const tablesFrom = (
  cache: TablesCache,
  routes: readonly Route[],
  family: 4 | 6,
  counts: (route: Route) => boolean,
): FamilyTables => {
  const known = cache.get(routes) ?? {};
  cache.set(routes, known);
  const cached = known[family];
  if (cached) return cached;
  const byTable = new Map<string, Route[]>();
  for (const route of routes) {
    if (route.family !== family || !counts(route)) continue;
    const name = tableName(route.table);
    const list = byTable.get(name);
    if (list) list.push(route);
    else byTable.set(name, [route]);
  }
  const made = new Map([...byTable].map(([name, list]) => [name, indexOf(list)] as const));
  known[family] = made;
  return made;
};

export const tableIndex = (tables: FamilyTables, name: string): TableIndex => tables.get(tableName(name)) ?? EMPTY;

export const indexOf = (routes: readonly Route[]): TableIndex => {
  const byLength = new Map<number, Map<string | number, Route[]>>();
  for (const route of routes) {
    const length = prefixLength(route.prefix);
    const words = addressWords(route.prefix.slice(0, route.prefix.indexOf('/')));
    if (length === undefined || !words) continue;
    const networks = byLength.get(length) ?? new Map<string | number, Route[]>();
    byLength.set(length, networks);
    const key = networkKey(words, length);
    const same = networks.get(key);
    if (same) same.push(route);
    else networks.set(key, [route]);
  }
  for (const networks of byLength.values())
    for (const same of networks.values()) if (same.length > 1) same.sort(inOrder);
  return { lengths: [...byLength.keys()].sort((a, b) => b - a), byLength };
};

const networkKey = (words: readonly number[], length: number): string | number => {
  const masked = (i: number): number => {
    const bits = length - 32 * i;
    const word = words[i] ?? 0;
    return bits <= 0 ? 0 : bits >= 32 ? word : (word & (~0 << (32 - bits))) >>> 0;
  };
  return words.length === 1 ? masked(0) : `${masked(0)}:${masked(1)}:${masked(2)}:${masked(3)}`;
};

/** fib_insert_alias: the larger TOS before the smaller, then by metric; equals as they were added. */
const inOrder = (a: Route, b: Route): number => (tosValue(b.tos) ?? 0) - (tosValue(a.tos) ?? 0) || a.metric - b.metric;

/** A TOS as ip prints it: hexadecimal, or a name of rt_dsfield; undefined where the name is not one of the usual ones. */
export const tosValue = (text: string | undefined): number | undefined => {
  if (text === undefined) return 0;
  if (/^(0x)?[0-9a-f]+$/i.test(text)) return Number.parseInt(text, 16);
  return TOS_NAMES.get(text.toLowerCase());
};
const TOS_NAMES: ReadonlyMap<string, number> = new Map([
  ['default', 0],
  ['cs0', 0],
  ['lowcost', 0x02],
  ['mincost', 0x02],
  ['reliability', 0x04],
  ['throughput', 0x08],
  ['lowdelay', 0x10],
  ['af11', 0x28],
  ['af21', 0x48],
  ['af31', 0x68],
  ['af41', 0x88],
  ['cs1', 0x20],
  ['cs2', 0x40],
  ['cs3', 0x60],
  ['cs4', 0x80],
  ['cs5', 0xa0],
  ['cs6', 0xc0],
  ['cs7', 0xe0],
  ['ef', 0xb8],
]);

/** Routes of one prefix. */
export interface PrefixGroup {
  readonly length: number;
  readonly routes: readonly Route[];
}

/** Groups of routes whose prefix holds the address, the longest first. */
export function* matching(index: TableIndex, address: string): Generator<PrefixGroup> {
  const words = addressWords(address);
  if (!words) return;
  for (const length of index.lengths) {
    const routes = index.byLength.get(length)?.get(networkKey(words, length));
    if (routes) yield { length, routes };
  }
}

/** The same over several tables that share one trie; of two groups of one length the earlier table's comes first. */
export const matchingMerged = (indices: readonly TableIndex[], address: string): readonly PrefixGroup[] =>
  indices.flatMap((index) => [...matching(index, address)]).sort((a, b) => b.length - a.length);
