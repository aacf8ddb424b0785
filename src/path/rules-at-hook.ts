import type { Hook, TableName } from '../records/iptables.ts';
import { runNftHook } from './netfilter/nft.ts';
import type { HookQuestion, TableOutcome, TableQuestion } from './netfilter/outcome.ts';
import { runTable } from './netfilter/table.ts';

/**
 * Priorities of nftables' own base chains that run beside an iptables table at a hook. Between the nat and the filter window of OUTPUT
 * and behind the filter window of INPUT sit the IPVS hooks.
 */
const WINDOWS: Readonly<Record<Hook, Partial<Record<TableName, readonly [number, number]>>>> = {
  PREROUTING: { raw: [-Infinity, -200], mangle: [-200, -100], nat: [-100, -99], security: [-99, Infinity] },
  INPUT: { mangle: [-Infinity, -140], filter: [-140, 50], security: [50, 98], nat: [98, Infinity] },
  FORWARD: { mangle: [-Infinity, -140], filter: [-140, 50], security: [50, Infinity] },
  OUTPUT: {
    raw: [-Infinity, -200],
    mangle: [-200, -100],
    nat: [-100, -99],
    filter: [-99, 50],
    security: [50, Infinity],
  },
  POSTROUTING: { mangle: [-Infinity, 0], filter: [0, 100], nat: [100, Infinity] },
};

/** Tables that iptables has at each hook; the other windows hold nftables chains only. */
const IPTABLES_AT: Readonly<Record<Hook, readonly TableName[]>> = {
  PREROUTING: ['raw', 'mangle', 'nat'],
  INPUT: ['mangle', 'nat', 'filter', 'security'],
  FORWARD: ['mangle', 'filter', 'security'],
  OUTPUT: ['raw', 'mangle', 'nat', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat'],
};

const goesOn = (outcome: TableOutcome): boolean => outcome.verdict === 'accept' || outcome.verdict === 'notrack';

/** What iptables' table and then nftables' chains of the same window do: one list of endings. */
export const rulesAtHook = (question: TableQuestion): readonly TableOutcome[] => {
  const { hook, table } = question;
  const first = IPTABLES_AT[hook].includes(table) ? runTable(question) : [passed(question)];
  const window = WINDOWS[hook][table];
  if (!window || question.namespace.nftTables.length === 0) return first;
  return first.flatMap((outcome) => {
    if (!goesOn(outcome)) return [outcome];
    const then: HookQuestion = { ...question, packet: { ...question.packet, mark: outcome.mark } };
    return runNftHook(then, window).map((next) => ({
      ...next,
      verdict: next.verdict === 'accept' ? outcome.verdict : next.verdict,
      connmark: next.connmark ?? outcome.connmark,
      zone: next.zone ?? outcome.zone,
      mss: next.mss ?? outcome.mss,
      hits: [...outcome.hits, ...next.hits],
      // Where an nftables rule ends the packet, the policy by which iptables let it on decides nothing.
      policyOf: goesOn(next) ? (next.policyOf ?? outcome.policyOf) : next.policyOf,
      assumptions: [...outcome.assumptions, ...next.assumptions],
      share: outcome.share * next.share,
    }));
  });
};

const passed = (question: HookQuestion): TableOutcome => ({
  verdict: 'accept',
  rejectWith: undefined,
  nat: undefined,
  mark: question.packet.mark,
  connmark: undefined,
  zone: undefined,
  mss: undefined,
  hits: [],
  policyOf: undefined,
  assumptions: [],
  share: 1,
});
