import { deviceSysctl, type NetNamespace } from '../../network/namespace.ts';
import type { Source } from '../../records/source.ts';
import type { Assumption } from '../vocabulary/assumptions.ts';
import { assumed } from './assumptions.ts';

/** A value that sysctls decide, the lines that say so, and what had to be assumed. */
export interface Setting {
  readonly value: number;
  readonly sources: readonly Source[];
  readonly assumptions: readonly Assumption[];
}

const own = (
  ns: NetNamespace,
  family: 4 | 6,
  device: string,
  key: string,
): { value: number; source: Source } | undefined => {
  const record = deviceSysctl(ns, family, device, key);
  const text = record?.value.trim() ?? '';
  return record && /^-?\d+$/.test(text) ? { value: Number(text), source: record.source } : undefined;
};

/**
 * IN_DEV_MAXCONF and IN_DEV_ORCONF (for flags the same): the larger of `all` and the device's own. What is not in the bundle
 * is assumed to be the kernel's default.
 */
export const largerOfAll = (ns: NetNamespace, family: 4 | 6, device: string, key: string, fallback = 0): Setting => {
  const all = own(ns, family, 'all', key);
  const its = own(ns, family, device, key);
  const said = [its, all].filter((s) => s !== undefined);
  const value = said.length === 0 ? fallback : Math.max(...said.map((s) => s.value));
  const isOpen = said.length === 0 || (!its && value === 0);
  return {
    value,
    sources: said.filter((s) => s.value === value).map((s) => s.source),
    assumptions: isOpen ? [sysctlAssumed(ns, `net.ipv${family}.conf.${device}.${key}`, value)] : [],
  };
};

/**
 * Whether packets that came in by the device are forwarded. IPv4 asks the device (IN_DEV_FORWARD), IPv6 the whole namespace (ip6_forward
 * reads devconf_all). What is not in the bundle is taken to be on: a node that forwards for pods has it on, and nobody is accused by a guess.
 */
export const forwarding = (ns: NetNamespace, family: 4 | 6, device: string): Setting => {
  const its = family === 4 ? own(ns, 4, device, 'forwarding') : undefined;
  const said =
    its ?? own(ns, family, 'all', 'forwarding') ?? (family === 4 ? global(ns, 'net.ipv4.ip_forward') : undefined);
  if (said) return { value: said.value, sources: [said.source], assumptions: [] };
  return {
    value: 1,
    sources: [],
    assumptions: [sysctlAssumed(ns, family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding', 1)],
  };
};

const global = (ns: NetNamespace, name: string): { value: number; source: Source } | undefined => {
  const record = ns.sysctls.get(name);
  return record && /^\d+$/.test(record.value.trim())
    ? { value: Number(record.value), source: record.source }
    : undefined;
};

const sysctlAssumed = (ns: NetNamespace, name: string, value: number): Assumption =>
  assumed(ns, 'sysctl-assumed', 'sysctl', { name, value });
