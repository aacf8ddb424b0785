import type { Hook, RuleTable, TableName } from '../records/iptables.ts';
import { assume, type Branch, decisive, finish, type Stage, step, type World } from './branch.ts';
import { untrack, withCtEntry } from './conntrack.ts';
import { bridgeCallsIptables } from './device/bridge.ts';
import type { HookQuestion, TableOutcome } from './netfilter/outcome.ts';
import { isRouteRefused } from './routing/refused-route.ts';
import { reversePath } from './routing/reverse-path.ts';
import { rulesAtHook } from './rules-at-hook.ts';
import { answers } from './socket.ts';
import type { Proof } from './step.ts';
import { tproxied } from './tproxy.ts';

/**
 * nf_sk_lookup_slow: the sender's connected socket by the packet's addresses, and before un-SNAT by the address that the entry keeps.
 * Of ICMP only errors about TCP and UDP have one (extract_icmp4_fields).
 */
const isAwaited = (world: World, b: Branch): boolean => {
  const { awaited } = world;
  const p = b.packet;
  if (!awaited || awaited.namespace !== b.namespace.id || (p.icmp && (!p.inner || p.inner.icmp))) return false;
  if (answers(awaited.packet, p)) return true;
  const { entry, direction } = b.ct;
  if (!entry?.srcNatDone || direction !== 'reply' || p.inner) return false;
  return answers(awaited.packet, { ...p, dst: entry.original.src, dport: entry.original.sport });
};

export const question = (world: World, b: Branch, hook: Hook): HookQuestion => ({
  namespace: b.namespace,
  hook,
  packet: b.packet,
  iif: hook === 'OUTPUT' || hook === 'POSTROUTING' ? undefined : b.iif,
  oif: hook === 'PREROUTING' || hook === 'INPUT' ? undefined : hook === 'OUTPUT' ? b.hookOut : b.oif,
  // Only br_netfilter hangs the bridge's ports on the packet (nf_bridge_info).
  physIn: bridgeCallsIptables(b) ? b.physIn : undefined,
  physOut: bridgeCallsIptables(b) ? b.physOut : undefined,
  isAnswer: isAwaited(world, b),
  srcMac: b.srcMac,
  ct: b.ct,
  secpath: b.secpath,
  outPolicy: b.bundle?.policy,
  ipvs: b.ipvs,
  reversePath,
  isRouteRefused,
});

/** The lines that led to the verdict: the deciding rule or policy first, the jumps to it as support. */
export const hitProofs = (outcome: TableOutcome): Proof[] => {
  const last = outcome.hits.length - 1;
  const hits = outcome.hits
    .map((hit, i): Proof => ({ source: hit.source, role: i === last && !outcome.policyOf ? 'decisive' : 'supporting' }))
    .reverse();
  return outcome.policyOf ? [{ source: outcome.policyOf.source, role: 'decisive' }, ...hits] : hits;
};

/** One table at one hook: raw, mangle, filter or security. A rule's mark stays on the packet, a drop ends the branch. */
export const table =
  (hook: Hook, name: TableName, backends?: readonly RuleTable['backend'][]): Stage =>
  (world, b) =>
    rulesAtHook({ ...question(world, b, hook), table: name, ...(backends ? { backends } : {}) }).map((outcome) =>
      applyOutcome(b, hook, name, outcome, isAwaited(world, b)),
    );

/** The kernel's own security table: NF_IP_PRI_SECURITY (50), before IPVS at INPUT and FORWARD. */
export const earlySecurity = (hook: Hook): Stage => table(hook, 'security', ['legacy', 'unknown']);
/** iptables-nft's: at 150 (xtables_ipv4), behind the nat hook and IPVS. */
export const lateSecurity = (hook: Hook): Stage => table(hook, 'security', ['nft']);

const applyOutcome = (b: Branch, hook: Hook, name: TableName, outcome: TableOutcome, isConnected: boolean): Branch => {
  let next = assume({ ...b, share: b.share * outcome.share }, ...outcome.assumptions);
  const proofs = hitProofs(outcome);
  if (outcome.mark !== b.packet.mark)
    next = step(next, {
      place: hook,
      stage: name,
      action: {
        code: 'mark',
        values: { mark: outcome.mark, before: b.packet.mark, path: outcome.hits.map((hit) => hit.chain) },
      },
      after: { ...next.packet, mark: outcome.mark },
      proofs: proofs.slice(0, 3),
    });
  if (outcome.connmark !== undefined && next.ct.entry)
    next = withCtEntry(next, { ...next.ct.entry, mark: outcome.connmark });
  // The raw table's template: conntrack looks for and makes entries in that zone.
  if (outcome.zone !== undefined) next = { ...next, zone: outcome.zone, zoneOnly: outcome.zoneOnly };
  const hit = outcome.hits.at(-1);
  const values = {
    table: name,
    hook,
    chain: outcome.policyOf?.chain ?? hit?.chain ?? hook,
    position: hit?.position ?? 0,
    target: hit?.target ?? '',
    comment: hit?.comment ?? '',
    packets: outcome.policyOf?.packets ?? hit?.packets ?? -1,
    path: outcome.hits.map((h) => h.chain),
  };
  const device = hook === 'PREROUTING' || hook === 'INPUT' ? b.iif : b.oif;
  if (outcome.ttl !== undefined && outcome.ttl !== next.packet.ttl) {
    const by = outcome.hits.findLast(({ target }) => target === 'TTL' || target === 'HL') ?? hit;
    next = step(next, {
      place: hook,
      stage: name,
      device,
      action: {
        code: 'ttl-changed',
        values: {
          ttl: outcome.ttl,
          before: next.packet.ttl,
          table: name,
          chain: by?.chain ?? hook,
          position: by?.position ?? 0,
          target: by?.target ?? '',
          packets: by?.packets ?? -1,
        },
      },
      after: { ...next.packet, ttl: outcome.ttl },
      proofs: by ? decisive(by) : [],
    });
  }
  switch (outcome.verdict) {
    case 'drop':
      return finish(next, {
        place: hook,
        stage: name,
        device,
        action: { code: outcome.policyOf ? 'policy-drop' : 'rule-drop', values },
        verdict: 'drop',
        proofs,
      });
    case 'reject':
      return finish(next, {
        place: hook,
        stage: name,
        device,
        action: { code: 'rule-reject', values: { ...values, with: outcome.rejectWith ?? 'icmp-port-unreachable' } },
        verdict: 'reject',
        proofs,
      });
    case 'queue':
    case 'stolen':
    case 'tproxy': {
      // A connection's own socket takes the packet if it is transparent, which no capture tells; else it is dropped.
      if (outcome.tproxy && isConnected)
        return finish(next, {
          place: hook,
          stage: name,
          device,
          action: { code: 'tproxy-own-connection', values },
          verdict: 'unknown',
          proofs,
        });
      const given = outcome.tproxy && tproxied(next, outcome.tproxy, { place: hook, stage: name, device, proofs });
      if (given?.end) return given;
      return assume(given ?? next, {
        code: `rule-${outcome.verdict}`,
        values: { table: name, chain: values.chain },
        missing: undefined,
        source: hit?.source,
      });
    }
    case 'notrack':
      // xt_ct_target, notrack_tg: what came over loopback has its entry already, and keeps it.
      if (b.ct.entry || b.attached) return next;
      return step(untrack(next), { place: hook, stage: name, device, action: { code: 'notrack', values }, proofs });
    default:
      return next;
  }
};
