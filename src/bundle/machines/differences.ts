import type { Placed } from '../assign.ts';
import { stateKey } from './part.ts';

/** What comes and goes by itself, and where a record stands, is no difference of a state. */
const PASSING: ReadonlySet<string> = new Set([
  'source',
  'counters',
  'stats',
  'position',
  'index',
  'used',
  'origin',
  'handle',
  'expires',
]);

/** How many addresses, routes, routing rules, firewall rules and policies one state has and the other has not; kinds that only one of them shows are not compared. */
export const differencesOf = (a: readonly Placed[], b: readonly Placed[]): number => {
  const [mine, theirs] = [entriesOf(a), entriesOf(b)];
  let count = 0;
  for (const [key, entries] of mine) {
    const others = theirs.get(key);
    if (!others) continue;
    for (const entry of entries) if (!others.has(entry)) count += 1;
    for (const entry of others) if (!entries.has(entry)) count += 1;
  }
  return count;
};

const entriesOf = (placed: readonly Placed[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const entries = new Map<string, Set<string>>();
  for (const p of placed) {
    const { data } = p.found.capture ?? {};
    const key = stateKey(p);
    if (!data || key === undefined) continue;
    const records: readonly unknown[] = [
      ...(data.routes ?? []),
      ...(data.rules ?? []),
      ...(data.policies ?? []),
      ...(data.links ?? []).flatMap((link) => link.addresses.map((address) => [link.name, address])),
      ...(data.tables ?? []).flatMap((table) =>
        [...table.chains.values()].flatMap((chain) => [
          [table.family, table.name, chain.name, chain.policy],
          ...chain.rules.map((rule) => [table.family, table.name, rule]),
        ]),
      ),
    ];
    if (records.length === 0) continue;
    const known = entries.get(key) ?? new Set();
    for (const record of records) known.add(textOf(record));
    entries.set(key, known);
  }
  return entries;
};

const textOf = (record: unknown): string =>
  JSON.stringify(record, (key, value) => (PASSING.has(key) ? undefined : value));
