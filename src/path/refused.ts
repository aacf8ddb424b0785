import type { Network } from '../network/network.ts';
import { type Branch, startBranch, type Tracking, type World } from './branch.ts';
import { bridgeCallsIptables } from './device/bridge.ts';
import { outOfPort, type Sent } from './device/transmit.ts';
import { legOf, MANY_ENTRIES, worldOf } from './leg.ts';
import type { Packet } from './packet.ts';
import { attachedTo, isAttached, refusalFor } from './refusal.ts';
import { lookupRoute } from './routing/lookup.ts';
import { REFUSING } from './routing/refused-route.ts';
import { run } from './run.ts';
import type { WalkBranch } from './walk-result.ts';

/**
 * A flow whose packet (the request, the answer, the handshake's ACK) is not delivered, with the RST or ICMP error that answers it on its way back to the packet's
 * sender (a namespace's id; undefined outside of the bundle), who knows it as `sent`; a RST takes conntrack's entries with it.
 */
export const refusedBranches = (
  network: Network,
  sender: string | undefined,
  sent: Packet,
  packet: Branch,
  refused: WalkBranch,
): readonly WalkBranch[] => {
  const answer = refusalFor(packet);
  if (!answer) return [refused];
  const back = worldOf(network, { namespace: sender, packet: sent }, MANY_ENTRIES, undefined);
  const start = {
    ...startBranch(packet.namespace, answer, packet.tracking),
    ct: attachedTo(packet),
    attached: isAttached(packet),
  };
  const sends = byPort(back, packet, start) ?? [{ branch: start, next: 'output' }];
  if (sends.length === 0) return [refused];
  const refuses = refused.ack ? 'ack' : refused.reply ? 'reply' : 'forward';
  return run(back, sends).map((end) => ({
    ...refused,
    refusal: { ...legOf('refusal', answer, end), refuses },
    entries: afterwards(back, end).entries,
    share: refused.share * end.share,
    assumptions: [...refused.assumptions, ...end.assumptions],
  }));
};

/**
 * What tracking keeps once the refusal is on its way. A reset of REJECT's that cannot leave is answered with an ICMP error to its own host, which bears the refused packet's
 * entry in the packet's own direction again (nf_ct_attach, twice) and so may confirm it.
 */
const afterwards = (world: World, reset: Branch): Tracking => {
  if (reset.packet.tcp !== 'rst' || !reset.attached || reset.end?.outcome !== 'rejected') return reset.tracking;
  const error = refusalFor(reset);
  if (!error) return reset.tracking;
  const start = { ...startBranch(reset.namespace, error, reset.tracking), ct: attachedTo(reset), attached: true };
  return run(world, [{ branch: start, next: 'output' }])[0]?.tracking ?? reset.tracking;
};

/**
 * nf_send_reset: what br_netfilter shows of a bridge is answered through the port that the packet came in by, to the station that sent it and past every hook,
 * if there is a route at all.
 */
const byPort = (world: World, refused: Branch, reset: Branch): readonly Sent[] | undefined => {
  const { namespace, physIn } = refused;
  const port = physIn === undefined ? undefined : namespace.links.get(physIn);
  if (
    !port ||
    reset.packet.tcp !== 'rst' ||
    refused.end?.reason !== 'rule-reject' ||
    bridgeCallsIptables(refused) !== true
  )
    return undefined;
  const { family, src, dst, proto, sport, dport } = reset.packet;
  const plain = { iif: undefined, oif: undefined, mark: 0, uid: undefined, tos: undefined };
  const routes = lookupRoute(namespace, { family, dst, src, proto, sport, dport, ...plain });
  if (routes.every(({ type }) => REFUSING.has(type))) return [];
  return outOfPort(world, { ...reset, dstMac: refused.srcMac }, port, reset.packet.dst).map((branch) => ({
    branch,
    next: branch.end ? 'ended' : 'receive',
  }));
};
