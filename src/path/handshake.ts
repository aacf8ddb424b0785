import type { NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import { isSameLine } from '../records/source.ts';
import type { Branch, World } from './branch.ts';
import { legOf, MANY_ENTRIES, starts, worldOf } from './leg.ts';
import type { Packet } from './packet.ts';
import { refusedBranches } from './refused.ts';
import { run } from './run.ts';
import { type FlowQuestion, senderOf, type WalkBranch } from './walk-result.ts';

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
 * where it may, the flow as it was, with the entries that it leaves (conntrack picks up a connection whose SYN it did not track). What a rule can decide neither of it
 * nor of the SYN is taken as it was for the SYN, which passed; what is open for the ACK alone is told both ways.
 */
export const withAck = (network: Network, handshake: Handshake): readonly WalkBranch[] => {
  const { question, sent, reply, server, answered, lostWays } = handshake;
  if (sent.tcp !== 'syn' || answered.outcome !== 'delivered') return [answered];
  const ack: Packet = { ...sent, tcp: 'ack', length: ACK_LENGTH[sent.family] };
  const world = worldOf(network, { namespace: server.id, packet: reply }, MANY_ENTRIES, lostWays, {
    before: answered.assumptions,
  });
  const { entries, connections } = answered;
  const ends = run(world, starts(network, question, ack, { entries, connections }));
  const arrived = ends.filter(({ end }) => end?.outcome === 'delivered' || end?.outcome === 'unknown');
  const told = ends.filter((branch) => arrived.length === 0 || arrived.includes(branch) || asksAnew(branch, answered));
  const all = told.reduce((sum, { share }) => sum + share, 0);
  return told.flatMap((branch) => {
    const share = (answered.share * branch.share) / all;
    if (arrived.includes(branch)) return [{ ...answered, share, entries: branch.tracking.entries }];
    const leg = legOf('ack', ack, branch);
    const lost: WalkBranch = {
      ...answered,
      ack: leg,
      outcome: leg.end.outcome,
      share,
      assumptions: [...answered.assumptions, ...branch.assumptions],
      entries: branch.tracking.entries,
    };
    return refusedBranches(network, senderOf(question), sent, branch, lost);
  });
};

/** Whether something had to be taken for granted of the ACK that was decided of the SYN: `-m socket --transparent` knows a request, but no listener of every address. */
const asksAnew = (ack: Branch, answered: WalkBranch): boolean =>
  ack.assumptions.some(
    ({ code, source }) =>
      source !== undefined &&
      !answered.assumptions.some((other) => other.code === code && isSameLine(other.source, source)),
  );
