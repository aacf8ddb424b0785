import type { NetNamespace } from '../../network/namespace.ts';
import type { IpSet } from '../../records/ipset.ts';
import type { Chain, Rule } from '../../records/iptables.ts';
import type { Link } from '../../records/link.ts';
import { chainNamed } from './rules.ts';

/** Names that OpenYurt's Raven gives its things: route driver vxlan, VPN driver libreswan. */
export const RAVEN = {
  device: 'raven0',
  vni: 200,
  port: 4472,
  table: '9027',
  mark: 0x40,
  markChain: 'RAVEN-MARK-CHAIN',
  markSet: 'raven-mark-set',
  skipSet: 'raven-skip-nat-set',
} as const;

/** The VXLAN between the nodes of a pool and its gateway. */
export const ravenDevice = (ns: NetNamespace): Link | undefined =>
  ns.links.get(RAVEN.device) ??
  [...ns.links.values()].find((l) => l.vxlan?.port === RAVEN.port && l.vxlan.id === RAVEN.vni);

export const markSet = (ns: NetNamespace): IpSet | undefined => ns.sets.get(RAVEN.markSet);
export const skipSet = (ns: NetNamespace): IpSet | undefined => ns.sets.get(RAVEN.skipSet);
export const markChain = (ns: NetNamespace): Chain | undefined => chainNamed(ns, 'mangle', 4, RAVEN.markChain);

/** The jump to the mark chain at a hook. */
export const markJump = (ns: NetNamespace, hook: 'PREROUTING' | 'OUTPUT'): Rule | undefined =>
  chainNamed(ns, 'mangle', 4, hook)?.rules.find((rule) => rule.target?.name === RAVEN.markChain);

/** The agent is or was at work on this node. */
export const hasRaven = (ns: NetNamespace): boolean =>
  ravenDevice(ns) !== undefined ||
  markSet(ns) !== undefined ||
  skipSet(ns) !== undefined ||
  markChain(ns) !== undefined ||
  ns.rules.some((rule) => rule.target === RAVEN.table);
