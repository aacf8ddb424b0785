import type { Hook, TableName } from '../records/iptables.ts';
import { hasNftChains, type NftSide, runNftHook } from './netfilter/nft.ts';
import { joinOrders } from './netfilter/orders.ts';
import type { TableOutcome, TableQuestion } from './netfilter/outcome.ts';
import { runTable } from './netfilter/table.ts';

/** iptables-nft makes its security chains at this priority at every hook (xtables_ipv4, xtables_ipv6), where the kernel's own have NF_IP_PRI_SECURITY, 50. */
const LATE_SECURITY = 150;

/**
 * Priorities of nftables' own base chains that run beside an iptables table at a hook. Between the nat and the filter window of OUTPUT
 * and behind the security window of INPUT (98, 99) and of FORWARD (99, 100) sit the IPVS hooks (ip_vs_ops4, ip_vs_ops6). Which of IPVS and a chain of priority 100 comes first at
 * FORWARD hangs on which was made first; such a chain is taken to see what IPVS made of the packet.
 */
const WINDOWS: Readonly<Record<Hook, Partial<Record<TableName, readonly [number, number]>>>> = {
  PREROUTING: { raw: [-Infinity, -200], mangle: [-200, -100], nat: [-100, -99], security: [-99, Infinity] },
  INPUT: { mangle: [-Infinity, -140], filter: [-140, 50], security: [50, 98], nat: [98, LATE_SECURITY] },
  FORWARD: { mangle: [-Infinity, -140], filter: [-140, 50], security: [50, 100] },
  OUTPUT: {
    raw: [-Infinity, -200],
    mangle: [-200, -100],
    nat: [-100, -99],
    filter: [-99, 50],
    security: [50, LATE_SECURITY],
  },
  POSTROUTING: { mangle: [-Infinity, 0], filter: [0, 100], nat: [100, Infinity] },
};

/** Windows of the chains at and behind iptables-nft's security table. */
const LATE_WINDOWS: Readonly<Partial<Record<Hook, readonly [number, number]>>> = {
  INPUT: [LATE_SECURITY, Infinity],
  FORWARD: [100, Infinity],
  OUTPUT: [LATE_SECURITY, Infinity],
};

/** Where iptables' own tables sit (NF_IP_PRI_*). */
const OWN: Readonly<Record<TableName, number>> = { raw: -300, mangle: -150, nat: -100, filter: 0, security: 50 };

const ownPriority = (hook: Hook, table: TableName): number =>
  table === 'nat' && (hook === 'INPUT' || hook === 'POSTROUTING') ? 100 : OWN[table];

/** Tables that iptables has at each hook; the other windows hold nftables chains only. */
const IPTABLES_AT: Readonly<Record<Hook, readonly TableName[]>> = {
  PREROUTING: ['raw', 'mangle', 'nat'],
  INPUT: ['mangle', 'nat', 'filter', 'security'],
  FORWARD: ['mangle', 'filter', 'security'],
  OUTPUT: ['raw', 'mangle', 'nat', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat'],
};

const goesOn = (outcome: TableOutcome): boolean => outcome.verdict === 'accept' || outcome.verdict === 'notrack';

type Asked = (question: TableQuestion) => readonly TableOutcome[];

/** One after the other, as hook functions of one hook are: what one lets on, the next is asked about. */
const inTurn = (question: TableQuestion, asked: readonly Asked[]): readonly TableOutcome[] => {
  let open: readonly TableOutcome[] = [passed(question)];
  for (const ask of asked)
    open = open.flatMap((outcome) => {
      if (!goesOn(outcome)) return [outcome];
      const { packet } = question;
      const then = { ...question, packet: { ...packet, mark: outcome.mark, ttl: outcome.ttl ?? packet.ttl } };
      return ask(then).map((next) => ({
        ...next,
        verdict: next.verdict === 'accept' ? outcome.verdict : next.verdict,
        connmark: next.connmark ?? outcome.connmark,
        ...(next.zone === undefined ? { zone: outcome.zone, zoneOnly: outcome.zoneOnly } : {}),
        mss: next.mss ?? outcome.mss,
        ttl: next.ttl ?? outcome.ttl,
        hits: [...outcome.hits, ...next.hits],
        // Where a later rule ends the packet, the policy by which an earlier table let it on decides nothing.
        policyOf: goesOn(next) ? (next.policyOf ?? outcome.policyOf) : next.policyOf,
        assumptions: [...outcome.assumptions, ...next.assumptions],
        share: outcome.share * next.share,
      }));
    });
  return open;
};

/**
 * What iptables' table and nftables' chains of the same window do, by their priorities: one list of endings. Of chains with the table's own priority no dump
 * tells which comes first.
 */
export const rulesAtHook = (question: TableQuestion): readonly TableOutcome[] => {
  const { hook, table, namespace, backends } = question;
  const iptables: Asked = (q) => runTable(q);
  const own = IPTABLES_AT[hook].includes(table) ? [iptables] : [];
  const isLate = backends !== undefined && !backends.includes('unknown');
  const window = isLate ? LATE_WINDOWS[hook] : WINDOWS[hook][table];
  if (!window || namespace.nftTables.length === 0) return own.length > 0 ? iptables(question) : [passed(question)];
  const priority = isLate ? LATE_SECURITY : ownPriority(hook, table);
  const nft =
    (side: NftSide): Asked =>
    (q) =>
      runNftHook(q, window, { priority, side });
  const forwards = inTurn(question, [nft('before'), ...own, nft('beside'), nft('after')]);
  if (own.length === 0 || !hasNftChains(question, window, { priority, side: 'beside' })) return forwards;
  return joinOrders(forwards, inTurn(question, [nft('before'), nft('beside'), ...own, nft('after')]), question);
};

const passed = (question: TableQuestion): TableOutcome => ({
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
