import type { ConntrackTable } from '../../records/conntrack.ts';
import type { Clue, ClueReader } from './clue.ts';

/** Entries of each sort that are looked at. */
const MOST = 512;

/**
 * Connections whose source was translated here: answers go to an address that this host took for it. MASQUERADE takes one of the host's own (nf_nat_masquerade_ipv4), SNAT
 * the one that its rule names, which nearly always is.
 */
export const fromConntrack: ClueReader = function* (ns) {
  const [table] = ns.conntrack;
  if (!table) return;
  const found = new Set<string>();
  for (const row of table.sourceTranslatedRows(MOST)) {
    const { reply, source } = table.entry(row);
    if (found.has(reply.dst)) continue;
    found.add(reply.dst);
    yield { fact: 'address', address: reply.dst, weight: 'weak', source };
  }
  yield* loops(table, found);
};

/** A connection from an address to itself begins at a socket of the host that has it: coming in, it would be a martian. */
function* loops(table: ConntrackTable, found: Set<string>): Generator<Clue> {
  for (const row of [...table.unrepliedRows(MOST), ...table.rowsInState('SYN_RECV', MOST)]) {
    const { original, source } = table.entry(row);
    if (original.src !== original.dst || found.has(original.src)) continue;
    found.add(original.src);
    yield { fact: 'address', address: original.src, virtual: true, weight: 'weak', source };
  }
}
