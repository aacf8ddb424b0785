import { isKernelSince } from '../../network/kernel-version.ts';
import { deviceSysctl, knows } from '../../network/namespace.ts';
import type { Sysctl } from '../../records/counter.ts';
import type { XfrmPolicy, XfrmState, XfrmTemplate } from '../../records/xfrm.ts';
import { assume, type Branch, decisive, finish, type Stage, step, type World } from '../branch.ts';
import { replyTo } from '../packet.ts';
import type { Proof } from '../step.ts';
import { matchingPolicies, stateSatisfies, type XfrmFlow } from './policy.ts';

/**
 * xfrm_decode_session with nf_nat_decode_session: what the policy check takes the packet for. The header's addresses are put back to what
 * they were on the wire, but only where the entry's status bits say that netfilter changed them. IPVS sets no bit, so an address that IPVS
 * changed stays changed.
 */
export const decodedSession = (b: Branch, ifId: number, p = b.packet): XfrmFlow => {
  let { src, dst, sport, dport } = p;
  let icmp: XfrmFlow['icmp'] = p.icmp;
  const { entry, direction } = b.ct;
  if (entry) {
    const tuple = direction === 'original' ? entry.original : entry.reply;
    const dstBit = direction === 'original' ? entry.dstNat : entry.srcNat;
    const srcBit = direction === 'original' ? entry.srcNat : entry.dstNat;
    if (dstBit) {
      dst = tuple.dst;
      dport = tuple.dport;
      // The port is written where an ICMP error has its type and code (struct flowi's union).
      if (icmp && p.proto !== entry.proto)
        icmp = dport === undefined ? undefined : { type: dport >> 8, code: dport & 0xff };
    }
    if (srcBit) {
      src = tuple.src;
      sport = tuple.sport;
    }
  }
  return { family: p.family, src, dst, proto: p.proto, sport, dport, icmp, mark: p.mark, ifId };
};

/** Types that are taken for errors (icmp_err_packet): unreachable, time exceeded, and IPv6's packet too big. */
const ERRORS = { 4: new Set([3, 11]), 6: new Set([1, 2, 3]) } as const;

/** xfrm_in_fwd_icmp, since Linux 6.9: an ICMP error for which no policy asks is forwarded as what its quoted packet's answer would be. */
const policyOfError = (world: World, b: Branch, flow: XfrmFlow): XfrmPolicy | undefined => {
  const { inner, family } = b.packet;
  const kernel = world.network.nodes.find((node) => node.name === b.namespace.node)?.kernel;
  if (!inner || !flow.icmp || !ERRORS[family].has(flow.icmp.type) || !isKernelSince(kernel, 6, 9)) return undefined;
  return matchingPolicies(b.namespace, 'fwd', decodedSession(b, 0, { ...replyTo(inner), mark: b.packet.mark }))[0];
};

/**
 * xfrm_policy_ok: the index after the SA, from `start` on, that a template stands for. The search goes past SAs of transport mode only: a tunnel's that does not
 * fit ends it. Undefined where there is none.
 */
const behindMatch = (template: XfrmTemplate, secpath: readonly XfrmState[], start: number): number | undefined => {
  for (const [i, state] of secpath.entries()) {
    if (i < start) continue;
    if (stateSatisfies(template, state)) return i + 1;
    if (state.mode !== 'transport') return undefined;
  }
  return undefined;
};

/** Whether every template has its SA, in the order in which the packet was unpacked, and no SA of a tunnel is left over (secpath_has_nontransport). */
const templatesOk = (policy: XfrmPolicy, secpath: readonly XfrmState[]): boolean => {
  let at = 0;
  for (const template of [...policy.templates].reverse()) {
    if (template.optional && template.mode === 'transport') continue;
    const next = behindMatch(template, secpath, at);
    if (next === undefined && !template.optional) return false;
    at = next ?? at;
  }
  return !secpath.slice(at).some((state) => state.mode !== 'transport');
};

const COUNTER = {
  'no-policy': 'XfrmInNoPols',
  'tmpl-mismatch': 'XfrmInTmplMismatch',
  'policy-block': 'XfrmInPolBlock',
} as const;

/** IN_DEV_ORCONF(in_dev, NOPOLICY): the device's `disable_policy` or that of all; IPv4's loopback has it on from the start (inetdev_init). */
const isOffFor = ({ namespace, packet: { family }, iif }: Branch): Sysctl | boolean => {
  if (iif === undefined) return false;
  const own = deviceSysctl(namespace, family, iif, 'disable_policy');
  const found = [own, deviceSysctl(namespace, family, 'all', 'disable_policy')].find(
    (one) => one?.value.trim() === '1',
  );
  return found ?? (own === undefined && family === 4 && iif === 'lo');
};

/**
 * __xfrm_policy_check: in tcp_v4_rcv, udp_queue_rcv and icmp_rcv (dir in), in ip_forward (dir fwd). A decrypted packet needs a policy that
 * allows the decoded flow by the SA that it came by; a packet in the clear needs that no policy asks for a template.
 */
export const policyCheck =
  (dir: 'in' | 'fwd'): Stage =>
  (world, b) => {
    const ns = b.namespace;
    const place = dir === 'in' ? 'xfrm-in' : 'xfrm-fwd';
    const guarded = ns.policies.some((policy) => policy.dir === dir);
    const block = ns.xfrmDefaults?.[dir] === 'block';
    if (!guarded && b.secpath.length === 0 && !block) return [b];
    const off = isOffFor(b);
    if (off) {
      return [
        step(b, {
          place,
          stage: 'xfrm',
          device: b.iif,
          action: { code: 'policy-check-off', values: { device: b.iif ?? '' } },
          proofs: off === true ? [] : decisive(off),
        }),
      ];
    }
    if (!knows(ns, 'xfrm-policy') && b.secpath.length > 0) {
      return [
        assume(b, {
          code: 'xfrm-policy-unknown',
          values: { dir },
          missing: { kind: 'xfrm-policy', namespace: ns.id },
          source: undefined,
        }),
      ];
    }
    const flow = decodedSession(b, 0);
    const policy = matchingPolicies(ns, dir, flow)[0] ?? (dir === 'fwd' ? policyOfError(world, b, flow) : undefined);
    const values = {
      dir,
      src: flow.src,
      dst: flow.dst,
      proto: flow.proto,
      sport: flow.sport ?? 0,
      dport: flow.dport ?? 0,
      headerSrc: b.packet.src,
      headerDst: b.packet.dst,
    };
    const fail = (code: keyof typeof COUNTER, proofs: readonly Proof[]): readonly Branch[] => [
      finish(b, {
        place,
        stage: 'xfrm',
        device: b.iif,
        action: { code, values: { ...values, counter: COUNTER[code] } },
        verdict: 'drop',
        proofs,
      }),
    ];
    if (!policy) {
      if (b.secpath.some((state) => state.mode !== 'transport'))
        return fail(
          'no-policy',
          ns.policies.filter((p) => p.dir === dir).map((p) => ({ source: p.source, role: 'decisive' as const })),
        );
      return block ? fail('no-policy', decisive(ns.xfrmDefaults)) : [b];
    }
    if (policy.action === 'block') return fail('policy-block', decisive(policy));
    if (!templatesOk(policy, b.secpath)) return fail('tmpl-mismatch', decisive(policy, ...b.secpath));
    if (b.secpath.length === 0) return [b];
    return [
      step(b, { place, stage: 'xfrm', device: b.iif, action: { code: 'policy-ok', values }, proofs: decisive(policy) }),
    ];
  };
