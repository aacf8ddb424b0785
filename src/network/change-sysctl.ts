import type { Sysctl } from '../records/counter.ts';
import { CHANGED, type SysctlChange } from './change.ts';
import type { NetNamespace } from './namespace.ts';

/**
 * sysctl -w. Forwarding is one switch under several names: writing ip_forward or conf.all.forwarding writes every device's
 * (devinet_sysctl_forward → inet_forward_change, addrconf_fixup_forwarding); other `all` values stand beside the devices' own.
 */
export const changeSysctl = (ns: NetNamespace, change: SysctlChange): NetNamespace => {
  const sysctls = new Map(ns.sysctls);
  for (const name of written(ns, change.name)) {
    const record: Sysctl = { source: CHANGED, name, value: change.value };
    sysctls.set(name, record);
  }
  return { ...ns, sysctls };
};

const written = (ns: NetNamespace, name: string): readonly string[] => {
  const isV4 = name === 'net.ipv4.ip_forward' || name === 'net.ipv4.conf.all.forwarding';
  if (!isV4 && name !== 'net.ipv6.conf.all.forwarding') return [name];
  const tree = isV4 ? 'net.ipv4.conf.' : 'net.ipv6.conf.';
  const devices = [...ns.sysctls.keys()].filter((key) => key.startsWith(tree) && key.endsWith('.forwarding'));
  const ownNames = isV4 ? ['net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding'] : [name];
  return [...new Set([...ownNames, ...devices])];
};
