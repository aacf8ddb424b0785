import { deviceSysctl, knows } from '../../network/namespace.ts';
import type { XfrmState } from '../../records/xfrm.ts';
import { assume, type Branch, decisive, finish, type Stage, step } from '../branch.ts';
import type { Packet } from '../packet.ts';
import { lookupRoute } from '../routing/lookup.ts';
import { assumedOutbound } from './assumed-state.ts';
import { matchingPolicies, statesForTemplate, type XfrmFlow } from './policy.ts';

const flowOf = (b: Branch, ifId: number): XfrmFlow => {
  const p = b.packet;
  return {
    family: p.family,
    src: p.src,
    dst: p.dst,
    proto: p.proto,
    sport: p.sport,
    dport: p.dport,
    icmp: p.icmp,
    mark: p.mark,
    ifId,
  };
};

/** The if_id of an xfrm interface that the route leaves by; 0 elsewhere. */
const ifIdOf = (b: Branch): number => (b.oif === undefined ? 0 : (b.namespace.links.get(b.oif)?.xfrmIfId ?? 0));

/** The device of the packet's own route; what is for this host leaves by loopback, whichever device bears the address. */
const plainDevice = ({ route, oif }: Branch): string | undefined =>
  route?.type === 'local' ? 'lo' : (route?.dev ?? oif);

const isLoopbackDevice = ({ namespace, oif }: Branch): boolean =>
  oif === 'lo' || (namespace.links.get(oif ?? '')?.flags.includes('LOOPBACK') ?? false);

/** DST_NOXFRM: the device's `disable_xfrm` or that of all; IPv4's loopback has it on from the start (inetdev_init). */
const isExempt = (b: Branch): boolean => {
  if (b.packet.family === 6 || b.oif === undefined) return false;
  const own = deviceSysctl(b.namespace, 4, b.oif, 'disable_xfrm');
  const all = deviceSysctl(b.namespace, 4, 'all', 'disable_xfrm');
  return [own, all].some((one) => one?.value.trim() === '1') || (own === undefined && isLoopbackDevice(b));
};

/**
 * xfrm_lookup: at the route lookup of an outgoing packet, in ip_forward (xfrm4_route_forward), after mangle or nat OUTPUT re-routed it
 * (ip_route_me_harder) and after SNAT (nf_xfrm_me_harder). Hangs a bundle on the packet, takes a stale one off, or leaves it plain.
 * With a bundle the packet leaves by the device of the tunnel's own route.
 */
export const xfrmLookup = (b: Branch): Branch => {
  if (b.transformed) return b;
  const ns = b.namespace;
  if (ns.policies.length === 0 && ns.xfrmDefaults?.out !== 'block') return b;
  const flow = flowOf(b, ifIdOf(b));
  const policy = isExempt(b) ? undefined : matchingPolicies(ns, 'out', flow)[0];
  const values = { src: flow.src, dst: flow.dst, proto: flow.proto };
  if (!policy) {
    const plain = { ...b, bundle: undefined, oif: plainDevice(b) };
    if (ns.xfrmDefaults?.out !== 'block' || isLoopbackDevice(b)) return plain;
    return finish(plain, {
      place: 'xfrm-out',
      stage: 'xfrm',
      action: { code: 'policy-block', values: { ...values, dir: 'out', counter: '' } },
      verdict: 'drop',
      proofs: decisive(ns.xfrmDefaults),
    });
  }
  if (policy.action === 'block') {
    return finish(b, {
      place: 'xfrm-out',
      stage: 'xfrm',
      action: { code: 'policy-block', values: { ...values, dir: 'out', counter: 'XfrmOutPolBlock' } },
      verdict: 'drop',
      proofs: decisive(policy),
    });
  }
  if (policy.templates.length === 0) return { ...b, bundle: undefined, oif: plainDevice(b) };
  const states: XfrmState[] = [];
  let open = b;
  for (const template of policy.templates) {
    const state = statesForTemplate(ns, template, flow)[0];
    if (state) states.push(state);
    else if (!template.optional) {
      if (!knows(ns, 'xfrm-state')) {
        open = assume(open, {
          code: 'xfrm-state-unknown',
          values,
          missing: { kind: 'xfrm-state', namespace: ns.id },
          source: undefined,
        });
        const assumed = assumedOutbound(policy, template, flow);
        if (!assumed) return open;
        states.push(assumed);
        continue;
      }
      return finish(b, {
        place: 'xfrm-out',
        stage: 'xfrm',
        action: {
          code: 'no-state',
          values: {
            ...values,
            dir: 'out',
            counter: 'XfrmOutNoStates',
            tunnelSrc: template.src,
            tunnelDst: template.dst,
            reqid: template.reqid ?? 0,
          },
        },
        verdict: 'drop',
        proofs: decisive(policy),
      });
    }
  }
  const last = states.at(-1);
  if (!last) return { ...b, bundle: undefined, oif: plainDevice(b) };
  const outer = lookupRoute(ns, {
    family: last.dst.includes(':') ? 6 : 4,
    dst: last.dst,
    src: last.src,
    iif: undefined,
    oif: undefined,
    mark: last.outputMark?.value ?? 0,
    proto: last.proto,
    sport: undefined,
    dport: undefined,
    uid: undefined,
    tos: undefined,
  })[0];
  return { ...open, bundle: { policy, states }, oif: outer?.dev ?? b.oif };
};

/** xfrm_route_forward: a device with `disable_xfrm` spares what is forwarded by it the default policy too. */
export const xfrmForward: Stage = (_world, b) => [isExempt(b) ? { ...b, bundle: undefined } : xfrmLookup(b)];

/** An ESP header and a tunnel's outer header: tag, IV and padding taken together as a tunnel of a usual AEAD has them. */
const ESP_OVERHEAD = 60;

/** xfrm_output_one for each state: the packet becomes the inside of an ESP (or UDP-encapsulated ESP) packet between the tunnel's ends. */
export const encapsulate: Stage = (_world, b) => {
  const { bundle } = b;
  if (!bundle) return [b];
  let packet = b.packet;
  for (const state of bundle.states) packet = wrap(packet, state);
  const state = bundle.states.at(-1);
  const done = step(b, {
    place: 'xfrm-out',
    stage: 'esp',
    device: b.oif,
    action: {
      code: 'esp-encapsulate',
      values: {
        spi: state?.spi ?? 0,
        tunnelSrc: state?.src ?? '',
        tunnelDst: state?.dst ?? '',
        reqid: state?.reqid ?? 0,
        mode: state?.mode ?? '',
      },
    },
    after: packet,
    proofs: decisive(bundle.policy, state),
  });
  return [{ ...done, bundle: undefined, transformed: true }];
};

const wrap = (inner: Packet, state: XfrmState): Packet => ({
  family: state.dst.includes(':') ? 6 : 4,
  proto: state.encap ? 'udp' : state.proto,
  src: state.mode === 'transport' ? inner.src : state.src,
  dst: state.mode === 'transport' ? inner.dst : state.dst,
  sport: state.encap?.sport,
  dport: state.encap?.dport,
  icmp: undefined,
  tcp: undefined,
  mark: state.outputMark?.value ?? inner.mark,
  ttl: 64,
  length: inner.length + ESP_OVERHEAD,
  df: inner.df,
  spi: state.spi,
  vni: undefined,
  inner,
});
