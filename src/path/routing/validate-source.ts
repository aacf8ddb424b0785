import { knows, type NetNamespace } from '../../network/namespace.ts';
import { isInferred } from '../../records/origin.ts';
import type { Source } from '../../records/source.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import { largerOfAll, type Setting } from './device-conf.ts';
import { knowsLocal, localProof, localTable, ownAddress } from './local.ts';
import { lookupRoute } from './lookup.ts';
import type { RouteAnswer, RouteQuestion } from './outcome.ts';
import { rulesOf } from './rules.ts';

/** Why a source address is not accepted on a device, with the lines that say so; `ok` where it is. */
export interface SourceVerdict {
  readonly verdict: 'ok' | 'martian-source' | 'rp-filter';
  readonly values: Readonly<Record<string, string | number | boolean>>;
  readonly proofs: readonly Source[];
  readonly assumptions: readonly Assumption[];
}

/** How the packet came: decrypted packets are not filtered by their reverse path (secpath_exists). */
export interface Arrival {
  readonly decrypted: boolean;
  /** Captures show it come in and end here. */
  readonly ends?: () => boolean;
}

/**
 * fib_validate_source. A source that is the namespace's own address is a martian (-EINVAL) whatever rp_filter says, unless accept_local;
 * rp_filter (the larger of all and the device's) then wants the way back to lead out of the device (1: -EXDEV), or to exist at all (2).
 * `oif` is the device that the packet is forwarded by, undefined where it is for this host.
 */
export const validateSource = (
  ns: NetNamespace,
  q: RouteQuestion,
  iif: string,
  oif: string | undefined,
  arrival: Arrival,
): SourceVerdict => {
  const filter = largerOfAll(ns, 4, iif, 'rp_filter');
  const acceptLocal = largerOfAll(ns, 4, iif, 'accept_local');
  const strictness = arrival.decrypted ? 0 : filter.value;
  const assumptions = arrival.decrypted ? [] : filter.assumptions;
  const src = q.src ?? '0.0.0.0';
  if (strictness === 0 && (iif !== oif || largerOfAll(ns, 4, iif, 'send_redirects', 1).value === 0)) {
    if (acceptLocal.value > 0) return { ...OK, assumptions };
    if (!rulesOf(ns, 4).custom && !hasCustomLocalRoutes(ns)) {
      const own = ownAddress(ns, src);
      // Nobody is accused by an address that no listing shows, but where the packet was seen to end here and the address is a service's that IPVS can serve only as a local one.
      const isServed = own?.link.kind === 'dummy' && oif !== undefined && arrival.ends?.() === true;
      if (own && isInferred(own.address) && !isServed) return { ...OK, assumptions };
      const proof = own?.address.source ?? (knows(ns, 'ip-addr') ? undefined : localProof(ns, src));
      return proof
        ? martian(own?.link.name ?? '', [proof, ...acceptLocal.sources], assumptions)
        : { ...OK, assumptions };
    }
  }
  return fullCheck(ns, q, iif, oif, strictness, { filter, acceptLocal }, assumptions);
};

const OK: SourceVerdict = { verdict: 'ok', values: {}, proofs: [], assumptions: [] };

const martian = (owner: string, proofs: readonly Source[], assumptions: readonly Assumption[]): SourceVerdict => ({
  verdict: 'martian-source',
  values: { owner },
  proofs,
  assumptions,
});

/** A local route that no address brings (`ip route add local …`): fib_has_custom_local_routes. */
const hasCustomLocalRoutes = (ns: NetNamespace): boolean => {
  const { index, dumped } = localTable(ns, 4);
  if (!dumped) return false;
  for (const networks of index.byLength.values())
    for (const routes of networks.values())
      if (routes.some((r) => r.type === 'local' && r.proto !== 'kernel')) return true;
  return false;
};

/** __fib_validate_source: the reverse lookup, and what it must say. */
const fullCheck = (
  ns: NetNamespace,
  q: RouteQuestion,
  iif: string,
  oif: string | undefined,
  strictness: number,
  settings: { readonly filter: Setting; readonly acceptLocal: Setting },
  before: readonly Assumption[],
): SourceVerdict => {
  const usesMark = largerOfAll(ns, 4, iif, 'src_valid_mark').value > 0;
  const reverse: RouteQuestion = {
    ...q,
    dst: q.src ?? '0.0.0.0',
    src: q.dst,
    iif: oif ?? 'lo',
    oif: undefined,
    mark: usesMark ? q.mark : 0,
    ...(dissects(ns) ? { sport: q.dport, dport: q.sport } : { proto: undefined, sport: 0, dport: 0 }),
    uid: 0,
  };
  const answers = lookupRoute(ns, reverse);
  const verdicts = answers.map((answer) => judge(ns, answer, iif, strictness, settings));
  // Where the bundle leaves the way back open, nobody is accused.
  const best = verdicts.find((v) => v.verdict === 'ok') ?? verdicts[0] ?? OK;
  return { ...best, assumptions: [...before, ...best.assumptions] };
};

/**
 * Whether the kernel looks into packets for protocol and ports before it asks the rules (fib4_rules_early_flow_dissect): only where a rule wants them of what comes in by a
 * device other than lo (fib_rule_requires_fldissect). Without, such a rule never holds for the way back.
 */
const dissects = (ns: NetNamespace): boolean =>
  rulesOf(ns, 4).rules.some(
    (rule) => rule.iif !== 'lo' && (rule.ipproto !== undefined || rule.sport !== undefined || rule.dport !== undefined),
  );

const judge = (
  ns: NetNamespace,
  answer: RouteAnswer,
  iif: string,
  strictness: number,
  { filter, acceptLocal }: { readonly filter: Setting; readonly acceptLocal: Setting },
): SourceVerdict => {
  const { assumptions } = answer;
  if (answer.type === 'unknown' || (answer.route && isInferred(answer.route))) return { ...OK, assumptions };
  const rpFilter = (proofs: readonly Source[]): SourceVerdict => ({
    verdict: 'rp-filter',
    values: { rpFilter: strictness, reverseDevice: answer.dev ?? '' },
    proofs: [...filter.sources, ...proofs],
    assumptions,
  });
  const lastResort = strictness > 0 ? rpFilter(answer.proofs) : { ...OK, assumptions };
  if (answer.route === undefined || answer.dev === undefined) return lastResort;
  const isLocal = answer.type === 'local';
  if (answer.type !== 'unicast' && !(isLocal && acceptLocal.value > 0))
    return martian(answer.dev, [...answer.proofs, ...(isLocal ? acceptLocal.sources : [])], assumptions);
  const isSameDevice = answer.route.nextHops.some((hop) => hop.dev === iif) || (isLocal && iif === 'lo');
  if (isSameDevice) return { ...OK, assumptions };
  const link = ns.links.get(iif);
  if (link && knowsLocal(ns, 4) && !link.addresses.some((a) => a.family === 4)) return lastResort;
  return strictness === 1 ? rpFilter(answer.proofs) : { ...OK, assumptions };
};
