import { knows } from '../network/namespace.ts';
import { UNNAMED_DEVICE } from '../records/link.ts';
import type { XfrmPolicy, XfrmState } from '../records/xfrm.ts';
import { assume, type Branch } from './branch.ts';
import { sightings } from './sightings.ts';
import { assumption } from './vocabulary/assumptions.ts';
import { assumedInbound } from './xfrm/assumed-state.ts';
import { matchingPolicies, stateSatisfies } from './xfrm/policy.ts';

/**
 * A packet from outside the bundle at the device by which the namespace receives it. Where an IPsec policy asks that it come by a tunnel, and no capture shows it in the
 * clear, it did: its sender's gateway is not in the bundle, and nobody is accused of what it may have done.
 */
export const arrived = (b: Branch, device: string | undefined): Branch => {
  const on = { ...b, iif: device ?? UNNAMED_DEVICE };
  const policy = guarding(on);
  const [template] = policy?.templates ?? [];
  if (!policy || !template || isSeenInClear(on, template.src)) return on;
  const { src, dst } = b.packet;
  const state: XfrmState = b.namespace.states.find(
    (one) => stateSatisfies(template, one) && (template.dst === one.dst || template.mode === 'transport'),
  ) ?? {
    ...assumedInbound(
      { ...b.packet, src: template.src, dst: template.dst, proto: template.proto },
      b.packet,
      policy.source,
    ),
    ...{ mode: template.mode, reqid: template.reqid, spi: template.spi },
  };
  const taken = assumption(
    'came-by-tunnel',
    { src, dst },
    { missing: { kind: 'tcpdump', namespace: b.namespace.id }, source: policy.source },
  );
  return assume({ ...on, secpath: [state] }, taken);
};

/** The inbound policy with a template that the packet falls under. */
const guarding = ({ namespace, packet }: Branch): XfrmPolicy | undefined => {
  if (!knows(namespace, 'xfrm-policy')) return undefined;
  const { family, src, dst, proto, sport, dport, icmp, mark } = packet;
  for (const dir of ['in', 'fwd'] as const) {
    const policy = matchingPolicies(namespace, dir, { family, src, dst, proto, sport, dport, icmp, mark, ifId: 0 })[0];
    if (policy && policy.action === 'allow') return policy.templates.length > 0 ? policy : undefined;
  }
  return undefined;
};

/** A capture shows a packet that IPsec has opened once more, as it was inside: in the clear it came where no ESP of its tunnel came. */
const isSeenInClear = ({ namespace, packet }: Branch, far: string): boolean => {
  if (!sightings(namespace, packet).some((view) => view.direction !== 'out')) return false;
  return !namespace.packets.some((table) =>
    table.rowsWithAddress(far).some((row) => {
      const view = table.packet(row);
      return view.src === far && (view.spi !== undefined || view.proto === 'esp');
    }),
  );
};
