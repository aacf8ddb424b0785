import { knows } from '../../network/namespace.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import { namespaceId, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { holderOf } from '../facts/route-search.ts';

/**
 * Nobody answers for the next hop: its neighbour entry is FAILED, and the node answers the sender with ICMP host unreachable. The pod is gone, the address is in
 * a network that is not on this link, or ARP is not answered there.
 */
export const neighFailedNextHop: Cause = {
  id: 'neigh-failed-next-hop',
  group: 'C',
  layer: 'neighbour',
  control: false,
  needs: ['ip-neigh', 'ip-route', 'tcpdump'],
  references: ['net/core/neighbour.c: neigh_timer_handler, neigh_invalidate', 'net/ipv4/arp.c: arp_error_report'],
  detect: (context) => {
    const death = deathBy(context, 'neighbour-failed');
    if (!death) return unlisted(context);
    const ns = death.namespace;
    const device = String(death.step.action.values.device ?? '');
    // Inside a VXLAN it is the tunnel that does not carry the question.
    if (ns.links.get(device)?.vxlan) return [];
    const address = String(death.step.action.values.address ?? '');
    const holder = holderOf(context.network, address);
    const direct = address === death.step.before.dst;
    return deathFound(context, death, {
      values: { address, device, direct, holder: holder?.id ?? '' },
      words: [address, 'FAILED'],
      fixes: [
        {
          id: 'ask-again',
          commands: [],
          changes: [],
          values: { address, device },
        },
      ],
    });
  },
};

/** A node on the way told the client that the host is unreachable, and whom its neighbour table lacks was not captured. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (context.evidence.seen !== 'unreachable') return [];
  const told = context.evidence.packets.filter(
    (p) => p.leg === 'error' && /\bhost\b.*unreachable/.test(p.layer?.icmp ?? ''),
  );
  for (const step of stepsOf(context)) {
    const ns = context.network.namespaces.get(namespaceId(step));
    if (!ns || step.place !== 'routing' || knows(ns, 'ip-neigh')) continue;
    const isTeller = [...ns.links.values()].some((l) =>
      l.addresses.some((a) => told.some((p) => p.layer?.src === a.address)),
    );
    if (isTeller) return [undecided([{ kind: 'ip-neigh', namespace: ns.id }], { device: textOf(step, 'device') })];
  }
  return [];
};
