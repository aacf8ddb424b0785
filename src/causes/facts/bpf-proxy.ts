import type { NetNamespace } from '../../network/namespace.ts';
import type { Link } from '../../records/link.ts';

/** Devices of programs that translate services in eBPF, where no rule shows it: Cilium's and Calico's. */
const DEVICES: readonly string[] = ['cilium_host', 'cilium_net', 'bpfin.cali', 'bpfout.cali'];

/** The device that shows that services may be translated in eBPF on this node: that no table translates one says nothing there. */
export const bpfProxyDevice = (ns: NetNamespace): Link | undefined =>
  DEVICES.flatMap((name) => ns.links.get(name) ?? [])[0];
