import type { Network } from '../../src/network/network.ts';
import { legOf, MANY_ENTRIES, starts, worldOf } from '../../src/path/leg.ts';
import type { Packet } from '../../src/path/packet.ts';
import { refusedBranches } from '../../src/path/refused.ts';
import { run } from '../../src/path/run.ts';
import type { FlowQuestion, WalkBranch } from '../../src/path/walk-result.ts';

/** The SYN once more, with what the first one and its lost answer left behind: rules may refuse it where they let the first one pass. */
export const sentAgain = (network: Network, question: FlowQuestion, unanswered: WalkBranch): readonly WalkBranch[] => {
  const { entries, connections, forward } = unanswered;
  const sent: Packet = { ...forward.packet, src: forward.steps[0]?.after.src ?? forward.packet.src };
  const world = worldOf(network, undefined, MANY_ENTRIES, undefined);
  return run(world, starts(network, question, sent, { entries, connections })).flatMap((branch) => {
    const again: WalkBranch = { ...unanswered, forward: legOf('forward', sent, branch), reply: undefined };
    return refusedBranches(network, question.start, sent, branch, again);
  });
};
