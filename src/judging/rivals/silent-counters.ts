import type { CauseId } from '../../causes/facts/cause-id.ts';
import { decisiveLine, namespaceId, stepsOf } from '../../causes/facts/ending.ts';
import type { CauseContext, EvidenceLine } from '../../causes/facts/finding.ts';
import { counter, type NetNamespace } from '../../network/namespace.ts';
import type { Excludes, ExcludingFact } from './rival.ts';

/** A cause whose every drop the kernel counts under one of these names. */
interface Counted {
  readonly cause: CauseId;
  readonly names: readonly string[];
  readonly where: 'ipsec' | 'way' | 'server';
}

const COUNTED: readonly Counted[] = [
  { cause: 'xfrm-in-sa-or-spi-missing', names: ['XfrmInNoStates'], where: 'ipsec' },
  { cause: 'xfrm-in-or-fwd-policy-missing', names: ['XfrmInNoPols'], where: 'ipsec' },
  { cause: 'xfrm-tmpl-reqid-mismatch', names: ['XfrmInTmplMismatch'], where: 'ipsec' },
  { cause: 'xfrm-natt-encap-mismatch', names: ['XfrmInStateMismatch'], where: 'ipsec' },
  { cause: 'xfrm-auth-key-mismatch', names: ['XfrmInStateProtoError'], where: 'ipsec' },
  { cause: 'xfrm-replay-window', names: ['XfrmInStateSeqError'], where: 'ipsec' },
  { cause: 'xfrm-seq-exhausted', names: ['XfrmOutStateSeqError'], where: 'ipsec' },
  { cause: 'xfrm-out-sa-missing', names: ['XfrmOutNoStates'], where: 'ipsec' },
  { cause: 'rp-filter-strict-drop', names: ['TcpExtIPReversePathFilter', 'IPReversePathFilter'], where: 'way' },
  { cause: 'listen-queue-overflow', names: ['TcpExtListenOverflows', 'ListenOverflows'], where: 'server' },
];

/**
 * The kernel counts a drop before it throws the packet away (XFRM_INC_STATS, NET_INC_STATS): a counter that is zero in every namespace on the way says that
 * nothing ever died there of this. A namespace whose counter was not captured leaves the cause open.
 */
export const silentCounters: Excludes = (context) => {
  const way = namespacesOnTheWay(context);
  return COUNTED.flatMap(({ cause, names, where }): readonly ExcludingFact[] => {
    const concerned = way.filter((ns) => concerns(context, ns, where));
    const counters = concerned.map((ns) => names.map((name) => counter(ns, name)).find((c) => c !== undefined));
    if (counters.length === 0 || counters.some((c) => c === undefined || c.value !== 0)) return [];
    const evidence = counters.flatMap((c): readonly EvidenceLine[] => decisiveLine(c, [c?.name ?? '', '0']));
    return [{ because: 'counter-zero', excludes: [cause], values: { counter: names[0] ?? '' }, evidence }];
  });
};

const namespacesOnTheWay = (context: CauseContext): readonly NetNamespace[] =>
  [...new Set(stepsOf(context).map(namespaceId))].flatMap((id) => context.network.namespaces.get(id) ?? []);

const concerns = (context: CauseContext, ns: NetNamespace, where: Counted['where']): boolean => {
  if (where === 'way') return true;
  if (where === 'ipsec')
    return stepsOf(context).some(
      (s) => namespaceId(s) === ns.id && (s.place.startsWith('xfrm-') || s.action.code.startsWith('esp-')),
    );
  const last = context.branch.forward.steps.at(-1);
  return last?.place === 'socket' && namespaceId(last) === ns.id;
};
