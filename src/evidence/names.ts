import type { Network } from '../network/network.ts';
import { type Packet, replyTo } from '../path/packet.ts';
import { firstPacket } from '../path/walk.ts';
import type { FlowQuestion, Leg, WalkBranch } from '../path/walk-result.ts';

/** What the flow is called in a namespace at a step of the walk. */
export interface FlowName {
  readonly namespace: string;
  readonly leg: 'forward' | 'reply';
  /** Undefined where no step of the walk has this name there. */
  readonly step: number | undefined;
  readonly packet: Packet;
}

const nameKey = (namespace: string, leg: string, p: Packet): string =>
  `${namespace} ${leg} ${p.proto} ${p.src} ${p.sport ?? '*'} ${p.dst} ${p.dport ?? '*'} ${p.spi ?? ''} ${p.icmp?.type ?? ''}`;

const layersOf = (p: Packet): readonly Packet[] => (p.inner ? [p, ...layersOf(p.inner)] : [p]);

const namesOfLeg = (leg: Leg, direction: 'forward' | 'reply'): readonly FlowName[] => {
  const found = new Map<string, FlowName>();
  leg.steps.forEach((step, index) => {
    const namespace = step.namespace === '' ? step.node : `${step.node}/${step.namespace}`;
    for (const packet of [step.before, step.after])
      for (const layer of layersOf(packet)) {
        const key = nameKey(namespace, direction, layer);
        if (!found.has(key)) found.set(key, { namespace, leg: direction, step: index, packet: layer });
      }
  });
  return [...found.values()];
};

/**
 * The answer as the sender waits for it, where the walk has none: it loses the packet outside of the bundle, or is mistaken about a drop.
 * An answer under this name tells what the client saw.
 */
const awaitedAnswer = (branch: WalkBranch): readonly FlowName[] => {
  const first = branch.forward.steps[0];
  if (!first || branch.reply || branch.refusal) return [];
  const namespace = first.namespace === '' ? first.node : `${first.node}/${first.namespace}`;
  return [{ namespace, leg: 'reply', step: 0, packet: replyTo(first.before) }];
};

/** The flow's own name in every namespace that the walk does not pass, there and back: what was seen needs no walk. */
const askedNames = (network: Network, question: FlowQuestion, walked: ReadonlySet<string>): readonly FlowName[] => {
  if (question.src === '') return [];
  const asked = firstPacket(question);
  const answer = replyTo(asked);
  return [...network.namespaces.values()]
    .filter(
      (ns) => !walked.has(ns.id) && (ns.packets.length > 0 || ns.conntrack.length > 0 || ns.ipvsConnections.length > 0),
    )
    .flatMap(({ id }) => [
      { namespace: id, leg: 'forward' as const, step: undefined, packet: asked },
      { namespace: id, leg: 'reply' as const, step: undefined, packet: answer },
    ]);
};

/** Every name by which the bundle may know the flow: those of its walk, and its own elsewhere. */
export const allNames = (
  network: Network,
  question: FlowQuestion,
  branch: WalkBranch | undefined,
): readonly FlowName[] => {
  const walked = branch ? namesOf(branch) : [];
  return [...walked, ...askedNames(network, question, new Set(walked.map((name) => name.namespace)))];
};

/** Every name of the flow on its way there and back, once per namespace. A refusal's RST or ICMP error comes back under an answer's names. */
const namesOf = (branch: WalkBranch): readonly FlowName[] => [
  ...namesOfLeg(branch.forward, 'forward'),
  ...(branch.reply ? namesOfLeg(branch.reply, 'reply') : []),
  ...(branch.ack ? namesOfLeg(branch.ack, 'forward') : []),
  ...(!branch.reply && branch.refusal?.packet.tcp === 'rst' ? namesOfLeg(branch.refusal, 'reply') : []),
  ...awaitedAnswer(branch),
];
