import type { NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { World } from './branch.ts';
import { legOf, MANY_ENTRIES, starts, worldOf } from './leg.ts';
import type { Packet } from './packet.ts';
import { refusedBranches } from './refused.ts';
import { run } from './run.ts';
import type { FlowQuestion, WalkBranch } from './walk-result.ts';

/** A flow whose SYN was answered. */
interface Handshake {
  readonly question: FlowQuestion;
  /** The SYN as the client's socket knows it. */
  readonly sent: Packet;
  /** The SYN-ACK as the server sent it. */
  readonly reply: Packet;
  readonly server: NetNamespace;
  readonly answered: WalkBranch;
  readonly lostWays: World['lostWays'];
}

/** An ACK without data: 20 bytes and the time stamps. */
const ACK_LENGTH = { 4: 52, 6: 72 } as const;

/**
 * The flow with the packet that ends TCP's handshake (tcp_rcv_synsent_state_process sends it, tcp_check_req takes it): the ways in which it does not arrive, or,
 * where it may, the flow as it was, with the entries that it leaves (conntrack picks up a connection whose SYN it did not track). What a rule cannot decide of it, it
 * could not decide of the SYN, which passed.
 */
export const withAck = (network: Network, handshake: Handshake): readonly WalkBranch[] => {
  const { question, sent, reply, server, answered, lostWays } = handshake;
  if (sent.tcp !== 'syn' || answered.outcome !== 'delivered') return [answered];
  const ack: Packet = { ...sent, tcp: 'ack', length: ACK_LENGTH[sent.family] };
  const world = worldOf(network, { namespace: server.id, packet: reply }, MANY_ENTRIES, lostWays);
  const { entries, connections } = answered;
  const ends = run(world, starts(network, question, ack, { entries, connections }));
  const arrived = ends.filter(({ end }) => end?.outcome === 'delivered' || end?.outcome === 'unknown');
  if (arrived.length > 0) {
    const all = arrived.reduce((sum, { share }) => sum + share, 0);
    return arrived.map(({ share, tracking }) => ({
      ...answered,
      share: (answered.share * share) / all,
      entries: tracking.entries,
    }));
  }
  return ends.flatMap((branch) => {
    const leg = legOf('ack', ack, branch);
    const lost: WalkBranch = {
      ...answered,
      ack: leg,
      outcome: leg.end.outcome,
      share: answered.share * branch.share,
      assumptions: [...answered.assumptions, ...branch.assumptions],
      entries: branch.tracking.entries,
    };
    return refusedBranches(network, question.start, sent, branch, lost);
  });
};
