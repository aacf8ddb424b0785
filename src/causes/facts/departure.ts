import type { NetNamespace } from '../../network/namespace.ts';
import type { Packet } from '../../path/packet.ts';
import type { Step } from '../../path/step.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { Place } from '../../path/vocabulary/places.ts';
import type { Leg } from '../../path/walk-result.ts';
import { matchingPolicies, type XfrmFlow } from '../../path/xfrm/policy.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import { prefixContains } from '../../tables/address.ts';
import { namespaceId } from './ending.ts';
import type { CauseContext } from './finding.ts';
import { flowOfPacket } from './xfrm-policy.ts';

/** The flow left a gateway in the clear although a tunnel to its destination is there. */
export interface PlainDeparture {
  readonly leg: Leg;
  readonly namespace: NetNamespace;
  /** The step by which it left. */
  readonly step: Step;
  /** The packet as it left: behind source translation, before a tunnel device wrapped it. */
  readonly packet: Packet;
  /** The packet as it came to the gateway, before its own translations. */
  readonly arrived: Packet;
  /** Policies that speak of a tunnel to the destination. */
  readonly towards: readonly XfrmPolicy[];
}

const LEAVES: ReadonlySet<string> = new Set<Place>(['neighbour', 'device', 'between']);

/** The first plain departure of the walk; undefined where every gateway encrypted, or none would have. */
export const plainDeparture = (context: CauseContext): PlainDeparture | undefined => {
  for (const leg of [context.branch.forward, ...(context.branch.reply ? [context.branch.reply] : [])])
    for (const [index, step] of leg.steps.entries()) {
      const namespace = context.network.namespaces.get(namespaceId(step));
      const packet = leaving(leg.steps, index);
      if (!namespace || !packet || !namespace.policies.some((p) => p.dir === 'out')) continue;
      const flow = flowOfPacket(packet);
      if (matchingPolicies(namespace, 'out', flow).length > 0) continue;
      const towards = tunnelTo(namespace, flow);
      if (towards.length === 0) continue;
      const entered = leg.steps.findLastIndex((s, i) => i < index && namespaceId(s) !== namespace.id);
      return { leg, namespace, step, packet, arrived: leg.steps[entered + 1]?.before ?? packet, towards };
    }
  return undefined;
};

/** The plain packet with which a step ends the packet's stay on its node: by a device or neighbour, or as the next step is another node's. */
const leaving = (steps: readonly Step[], index: number): Packet | undefined => {
  const step = steps[index];
  if (!step || step.action.code === 'veth') return undefined;
  const next = steps[index + 1];
  const packet = LEAVES.has(step.place) ? step.before : next && next.node !== step.node ? step.after : undefined;
  return packet && !packet.inner && packet.spi === undefined ? packet : undefined;
};

const DIES_OUTSIDE: ReadonlySet<string> = new Set<ActionCode>([
  'outside',
  'lost',
  'neighbour-failed',
  'no-route',
  'unreachable',
]);

/** The flow ends where it left in the clear, or in the network behind: nothing else can have ended it. */
export const endsInTheClear = ({ leg, step }: PlainDeparture): boolean =>
  leg.steps.at(-1) === step || (DIES_OUTSIDE.has(leg.end.reason) && leg.steps.at(-1)?.node === step.node);

/** Out policies to the destination from other sources, and in or fwd policies from it to the source. */
export const tunnelTo = (ns: NetNamespace, flow: XfrmFlow): readonly XfrmPolicy[] => {
  const wanted = ns.policies.filter((p) => p.templates.some((t) => !t.optional) && p.action === 'allow');
  const out = wanted.filter(
    (p) => p.dir === 'out' && prefixContains(p.selector.dst, flow.dst) && !isDefault(p.selector.dst),
  );
  if (out.length > 0) return out;
  return wanted.filter(
    (p) =>
      (p.dir === 'in' || p.dir === 'fwd') &&
      prefixContains(p.selector.src, flow.dst) &&
      prefixContains(p.selector.dst, flow.src) &&
      !isDefault(p.selector.src),
  );
};

const isDefault = (prefix: string): boolean => prefix.endsWith('/0');
