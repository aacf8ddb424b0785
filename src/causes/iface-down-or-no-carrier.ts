import type { Link } from '../records/link.ts';
import { deathBy, deathFound } from './facts/death.ts';
import { isDefault, routeOfStep } from './facts/route-search.ts';
import type { Cause } from './finding.ts';

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
    if (!death) return [];
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
              commands: [{ node: ns.node, command: `ip link set dev ${device} up` }],
              changes: [{ namespace: ns.id, op: 'set', what: 'link', device, up: true }],
              values: { device },
            },
          ],
    });
  },
};
