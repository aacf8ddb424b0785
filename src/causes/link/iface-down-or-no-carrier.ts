import { knows } from '../../network/namespace.ts';
import type { Link } from '../../records/link.ts';
import { isInferred } from '../../records/origin.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import { namespaceId, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { isDefault, routeOfStep } from '../facts/route-search.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing, legsOf, seenBehind } from '../facts/trace.ts';

const hasNoCarrier = (link: Link | undefined): boolean => link?.flags.includes('NO-CARRIER') ?? false;

/**
 * The device that the packet must go out of, or comes in by, is down or has no carrier. Devices that only hold addresses (kube-ipvs0 and other dummies) are
 * meant to be down.
 */
export const ifaceDownOrNoCarrier: Cause = {
  id: 'iface-down-or-no-carrier',
  group: 'C',
  layer: 'link',
  control: false,
  needs: ['ip-link', 'ip-addr', 'ip-route'],
  references: ['net/core/dev.c: __dev_queue_xmit', 'net/ipv4/fib_semantics.c: fib_sync_down_dev'],
  detect: (context) => {
    const death = deathBy(context, 'device-down');
    if (!death) return unlisted(context);
    const ns = death.namespace;
    const device = String(death.step.action.values.device ?? death.step.device ?? '');
    const link = ns.links.get(device);
    if (!link || link.kind === 'dummy') return [];
    const route = routeOfStep(ns, death.leg.steps.findLast((s) => s.place === 'routing') ?? death.step);
    const noCarrier = hasNoCarrier(link) && link.flags.includes('UP');
    return deathFound(context, death, {
      values: { device, state: link.state ?? '', noCarrier, uplink: isDefault(route) },
      words: [device, noCarrier ? 'NO-CARRIER' : 'state DOWN'],
      fixes: noCarrier
        ? []
        : [
            {
              id: 'set-up',
              commands: [commandIn(ns, shell`ip link set dev ${device} up`)],
              changes: [{ namespace: ns.id, op: 'set', what: 'link', device, up: true }],
              values: { device },
            },
          ],
    });
  },
};

/** A failing flow was routed to a device of which no listing tells whether it is up, and nothing of it was seen there or behind. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  if (!isSeenFailing(context)) return [];
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      const ns = context.network.namespaces.get(namespaceId(step));
      const device = textOf(step, 'device');
      if (!ns || step.place !== 'routing' || step.action.code === 'local' || device === '' || device === 'lo') continue;
      const link = ns.links.get(device);
      if (knows(ns, 'ip-link') || (link && !isInferred(link)) || seenBehind(context, leg, step)) continue;
      // Conntrack has its entry before the device drops the packet; tcpdump sees none that the device does not send.
      const isSent = context.evidence.packets.some((p) => p.namespace === ns.id && p.view.device === device);
      if (!isSent) return [undecided([{ kind: 'ip-link', namespace: ns.id }], { device })];
    }
  return [];
};
