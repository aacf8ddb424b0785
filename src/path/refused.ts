import type { Network } from '../network/network.ts';
import { type Branch, startBranch, type Tracking, type World } from './branch.ts';
import { withEntry } from './conntrack.ts';
import { bridgeCallsIptables } from './device/bridge.ts';
import { outOfPort, type Sent } from './device/transmit.ts';
import { run } from './input.ts';
import { legOf, MANY_ENTRIES, worldOf } from './leg.ts';
import type { Packet } from './packet.ts';
import { attachedTo, refusalFor } from './refusal.ts';
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
    // TCP's own resets are packets like any other.
    attached: answer.tcp !== 'rst' || packet.end?.reason === 'rule-reject',
  };
  return run(back, byPort(back, packet, start) ?? [{ branch: start, next: 'output' }]).map((end) => ({
    ...refused,
    refusal: legOf('refusal', answer, end),
    entries: afterwards(packet, end).entries,
    share: refused.share * end.share,
    assumptions: [...refused.assumptions, ...end.assumptions],
  }));
};

/**
 * A reset that finds no neighbour is answered with an ICMP error to its own host, which bears the refused packet's entry in the packet's own direction again
 * (nf_ct_attach, twice) and so confirms it.
 */
const afterwards = ({ namespace, ct }: Branch, answer: Branch): Tracking => {
  const isOwn = answer.namespace.id === namespace.id && answer.packet.tcp === 'rst';
  if (!isOwn || answer.end?.reason !== 'neighbour-failed' || !ct.entry || ct.entry.confirmed) return answer.tracking;
  return withEntry(answer.tracking, namespace.id, { ...ct.entry, confirmed: true });
};

/**
 * nf_send_reset: what br_netfilter shows of a bridge is answered through the port that the packet came in by, to the station that sent it and past every hook.
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
  return outOfPort(world, { ...reset, dstMac: refused.srcMac }, port, reset.packet.dst).map((branch) => ({
    branch,
    next: branch.end ? 'ended' : 'receive',
  }));
};
