import type { NetNamespace } from '../../network/namespace.ts';
import type { NftChain, NftTable, RuleTable } from '../../records/iptables.ts';
import { WALK_BUDGET, type Walk, walkChain } from './chain-walk.ts';
import { nftChain } from './nft/chain.ts';
import type { HookQuestion, TableOutcome } from './outcome.ts';
import { ENDS_WITH_ACCEPT, inSequence, outcomesOf, type Stage } from './table.ts';
import { type Ended, startTraversal } from './traversal.ts';

const IPTABLES_NAMES: ReadonlySet<string> = new Set(['raw', 'mangle', 'nat', 'filter', 'security']);

/**
 * iptables-nft keeps its tables as nftables tables of the same names. Where iptables-save printed one, that print is the better: nft cannot print the
 * xt extensions. A legacy table of the name is another table.
 */
const isMirror = (table: NftTable, namespace: NetNamespace): boolean => {
  const family = table.family === 'ip' ? 4 : table.family === 'ip6' ? 6 : undefined;
  if (family === undefined || !IPTABLES_NAMES.has(table.name)) return false;
  return namespace.tables.some((saved) => {
    if (saved.family !== family || saved.name !== table.name || saved.backend === 'legacy') return false;
    return saved.backend === 'nft' || [...table.chains.values()].every((chain) => isTwin(chain, saved));
  });
};

/** Whether a save whose backend is not known has the chain too, with rules where it has rules. */
const isTwin = (chain: NftChain, saved: RuleTable): boolean => {
  const twin = saved.chains.get(chain.name);
  return twin !== undefined && twin.rules.length > 0 === chain.rules.length > 0;
};

interface BaseChain {
  readonly table: NftTable;
  readonly chain: NftChain;
  /** Where the kernel calls it; chains of one place in their own order. */
  readonly place: number;
  readonly order: number;
}

/** nat chains are called from the nat hook, which sits at fixed priorities; their own priority orders them among themselves (nf_nat_register_fn()). */
const placeOf = (chain: NftChain, question: HookQuestion): number => {
  if (chain.type !== 'nat') return chain.priority ?? 0;
  return question.hook === 'PREROUTING' || question.hook === 'OUTPUT' ? -100 : 100;
};

/** On which side of the iptables table of a window a chain lies. */
export type NftSide = 'before' | 'beside' | 'after';

interface Part {
  /** The iptables table's own priority. */
  readonly priority: number;
  readonly side: NftSide;
}

const sideOf = ({ place, order }: BaseChain, priority: number): NftSide => {
  const distance = place - priority || order - priority;
  return distance < 0 ? 'before' : distance > 0 ? 'after' : 'beside';
};

const baseChains = (
  question: HookQuestion,
  [from, to]: readonly [number, number],
  part: Part | undefined,
): readonly BaseChain[] => {
  const { namespace, packet } = question;
  const hook = question.hook.toLowerCase();
  return namespace.nftTables
    .filter((table) => table.family === 'inet' || table.family === (packet.family === 4 ? 'ip' : 'ip6'))
    .filter((table) => !isMirror(table, namespace))
    .flatMap((table) =>
      [...table.chains.values()]
        .filter((chain) => chain.hook?.toLowerCase() === hook)
        .map((chain) => ({ table, chain, place: placeOf(chain, question), order: chain.priority ?? 0 })),
    )
    .filter((base) => base.place >= from && base.place < to && (!part || sideOf(base, part.priority) === part.side))
    .sort((a, b) => a.place - b.place || a.order - b.order);
};

/** Whether the nat hook asks its chains about this packet: once per entry and kind of translation (nf_nat_inet_fn()). */
const asksNat = ({ ct, hook }: HookQuestion): boolean => {
  if (ct.state !== 'NEW' && ct.state !== 'RELATED') return false;
  const done = hook === 'PREROUTING' || hook === 'OUTPUT' ? ct.entry?.dstNatDone : ct.entry?.srcNatDone;
  return done !== true;
};

/**
 * What nftables' own base chains of one hook with a priority in [from, to), where a part is named on one side of the iptables table's, do to a packet. nat chains count at the nat hook's priority (-100, or 100 at
 * INPUT and POSTROUTING), and only for packets that the nat hook asks about. `accept` ends one base chain, not the next one; `drop` and a translation end all.
 */
export const runNftHook = (
  question: HookQuestion,
  window: readonly [number, number],
  part?: Part,
): readonly TableOutcome[] => {
  let budget = WALK_BUDGET;
  const stages = baseChains(question, window, part)
    .filter(({ chain }) => chain.type !== 'nat' || asksNat(question))
    .map(
      ({ table, chain }): Stage =>
        (branch) => {
          const ready = nftChain(table, chain.name);
          if (!ready) return [{ ...ENDS_WITH_ACCEPT, branch }];
          const walk: Walk = { question, chain: (name) => nftChain(table, name), budget, idle: new Set() };
          const { through, ended } = walkChain(walk, ready, [branch]);
          budget = walk.budget;
          const policyOf = { chain: chain.name, source: chain.source, packets: undefined };
          const verdict = chain.policy === 'drop' ? 'drop' : 'accept';
          return [...ended, ...through.map((one): Ended => ({ ...ENDS_WITH_ACCEPT, branch: one, verdict, policyOf }))];
        },
    );
  return outcomesOf(inSequence(startTraversal(question.packet.mark), stages));
};

/** Whether there are such chains at all. */
export const hasNftChains = (question: HookQuestion, window: readonly [number, number], part: Part): boolean =>
  baseChains(question, window, part).length > 0;
