import { isLoopback } from '../tables/address.ts';
import { type Branch, UNTRACKED } from './branch.ts';
import type { CtInfo } from './conntrack-entry.ts';
import type { Packet } from './packet.ts';
import { isLocalAddress } from './routing/local.ts';
import { lookupRoute } from './routing/lookup.ts';
import { selectAddress6 } from './routing/select-address6.ts';
import type { ActionCode } from './vocabulary/actions.ts';

/** ICMP codes of the `--reject-with` names (RFC 792, RFC 1812, RFC 4443). */
const REJECT_CODES: Readonly<Record<string, { readonly v4?: number; readonly v6?: number }>> = {
  'icmp-net-unreachable': { v4: 0 },
  'icmp-host-unreachable': { v4: 1 },
  'icmp-proto-unreachable': { v4: 2 },
  'icmp-port-unreachable': { v4: 3 },
  'icmp-net-prohibited': { v4: 9 },
  'icmp-host-prohibited': { v4: 10 },
  'icmp-admin-prohibited': { v4: 13 },
  'icmp6-no-route': { v6: 0 },
  'icmp6-adm-prohibited': { v6: 1 },
  'icmp6-addr-unreachable': { v6: 3 },
  'icmp6-port-unreachable': { v6: 4 },
  'icmp6-policy-fail': { v6: 5 },
  'icmp6-reject-route': { v6: 6 },
};

/** Codes of the kernel's own refusals by the step that gave them: port (3/4), host or address (1/3), network or route (0/0), fragmentation needed (4) and packet too big. */
const OWN_CODES: Readonly<Partial<Record<ActionCode, readonly [v4: number, v6: number]>>> = {
  'ipvs-no-server': [3, 4],
  'ipvs-all-weight-zero': [3, 4],
  'no-listener': [3, 4],
  'vxlan-no-port': [3, 4],
  'neighbour-failed': [1, 3],
  'device-down': [1, 3],
  'mtu-exceeded': [4, 0],
  unreachable: [1, 3],
  'no-route': [0, 0],
  loop: [0, 0],
  'ttl-expired': [0, 0],
  // Of IPv6 only: IPv4 drops it in silence.
  'martian-destination': [0, 0],
  prohibit: [13, 1],
};

/** ICMP types: time exceeded, fragmentation needed (packet too big), else destination unreachable. */
const TYPES: Readonly<Record<string, readonly [v4: number, v6: number]>> = { ttl: [11, 3], mtu: [3, 2] };
const UNREACHABLE = [3, 1] as const;

/** tcp_v4_rcv: a SYN-ACK that meets no socket of its own is answered with a reset; the socket that waits for another one hears nothing of it. */
const meetsStranger = ({ packet, end }: Branch): boolean =>
  packet.tcp === 'syn-ack' && end !== undefined && STRANGERS.has(end.reason);
const STRANGERS: ReadonlySet<ActionCode> = new Set(['answer-from-stranger', 'answer-elsewhere']);

/** Whether somebody refuses the packet, aloud or not. */
export const isRefused = (b: Branch): boolean =>
  b.end?.outcome === 'rejected' || b.end?.outcome === 'reset' || meetsStranger(b);

/**
 * What the refusing host sends: a RST by its TCP or by `--reject-with tcp-reset`, an ICMP error otherwise (icmp_send). Undefined where the
 * refusal is an error of the sender's own system call and nothing leaves, or where nothing is sent.
 */
export const refusalFor = (b: Branch): Packet | undefined => {
  const end = b.end;
  const step = b.steps.at(-1);
  if (!end || !step || !isRefused(b)) return undefined;
  const p = b.packet;
  // icmp_send: an error never answers an error; a reset never answers a reset.
  if (p.icmp && p.inner) return undefined;
  // ip_route_output: an error of the sender's own system call, or of its rules' re-route.
  if (step.stage === 'fib' && b.iif === undefined) return undefined;
  const wish = step.action.values.with;
  const resets = end.outcome === 'reset' || wish === 'tcp-reset' || meetsStranger(b);
  if (p.tcp === 'rst' && resets) return undefined;
  if (resets)
    return {
      ...base(p),
      proto: 'tcp',
      src: p.dst,
      dst: p.src,
      sport: p.dport,
      dport: p.sport,
      tcp: 'rst',
      length: HEADER[p.family] + 20,
    };
  const { icmpCode } = step.action.values;
  const code =
    typeof icmpCode === 'number'
      ? icmpCode
      : codeOf(step.action.code, typeof wish === 'string' ? wish : undefined, p.family);
  if (code === undefined) return undefined;
  const own = isOwn(b);
  const [v4, v6] = TYPES[step.stage] ?? UNREACHABLE;
  const type = p.family === 4 ? v4 : v6;
  return {
    ...base(p),
    proto: p.family === 4 ? 'icmp' : 'icmp6',
    // Otherwise the route back gives it its source.
    src: own ? p.dst : (sourceByArrival(b) ?? ''),
    dst: p.src,
    icmp: { type, code, id: undefined },
    length: quotedLength(p),
    inner: p,
  };
};

/** icmp_send answers with the address that was asked, where it is the host's; icmp6_send takes ::1 only for what came in by lo (ipv6_chk_addr). */
const isOwn = ({ namespace, packet, iif }: Branch): boolean =>
  isLocalAddress(namespace, packet.dst) && (packet.family === 4 || iif === 'lo' || !isLoopback(packet.dst));

/** icmp6_send: the address that the device of arrival would choose, unless the route back has a `src` (icmpv6_rt_has_prefsrc). */
const sourceByArrival = ({ namespace, packet, iif }: Branch): string | undefined => {
  if (packet.family === 4 || iif === undefined) return undefined;
  const plain = { src: undefined, iif: undefined, oif: undefined, sport: undefined, dport: undefined };
  const [back] = lookupRoute(namespace, {
    family: 6,
    dst: packet.src,
    proto: 'icmp6',
    mark: 0,
    uid: 0,
    tos: undefined,
    ...plain,
  });
  return back?.route?.src === undefined ? selectAddress6(namespace, iif, packet.src)?.address : undefined;
};

/** Bytes of the IP header without options. */
const HEADER = { 4: 20, 6: 40 } as const;

/** icmp_send quotes as much as makes 576 bytes in all, icmp6_send 1280. */
const quotedLength = ({ family, length }: Packet): number =>
  Math.min(HEADER[family] + 8 + length, family === 4 ? 576 : 1280);

const base = (p: Packet): Packet => ({
  ...p,
  sport: undefined,
  dport: undefined,
  icmp: undefined,
  tcp: undefined,
  mark: 0,
  ttl: 64,
  df: false,
  spi: undefined,
  vni: undefined,
  inner: undefined,
});

const codeOf = (code: ActionCode, wish: string | undefined, family: 4 | 6): number | undefined => {
  if (wish !== undefined) return family === 4 ? REJECT_CODES[wish]?.v4 : REJECT_CODES[wish]?.v6;
  const own = OWN_CODES[code];
  return own && (family === 4 ? own[0] : own[1]);
};

/** Refusals that come from the protocol above IP, which has let go of conntrack's entry by then (nf_reset_ct). */
const FROM_ABOVE: ReadonlySet<ActionCode> = new Set([
  'no-listener',
  'no-connection',
  'vxlan-no-port',
  'no-tunnel-device',
  ...STRANGERS,
]);

/**
 * nf_ct_attach, by ipt_REJECT and by icmp_send: the refusal is RELATED to the refused packet's connection without a lookup, even where
 * that is not confirmed and never will be.
 */
export const attachedTo = (b: Branch): CtInfo => {
  const { entry, direction, killed = false } = b.ct;
  if (!entry || !isAttached(b)) return UNTRACKED;
  return { state: 'RELATED', direction: direction === 'original' ? 'reply' : 'original', entry, killed };
};

/** nf_ct_attach attaches what the refused packet carries: an entry, or that it is not to be tracked; nothing of an INVALID one (skb->_nfct is 0). */
export const isAttached = ({ ct, notrack, end }: Branch): boolean =>
  !(end && FROM_ABOVE.has(end.reason)) && (ct.entry !== undefined || notrack);
