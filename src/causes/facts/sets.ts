import type { NetNamespace } from '../../network/namespace.ts';
import type { IpSet, SetMember } from '../../records/ipset.ts';
import { prefixContains } from '../../tables/address.ts';

/** kube-proxy names its IPv6 sets `KUBE-6-…`, kube-router `inet6:…`. */
export const proxySet = (family: 4 | 6, name: string): string =>
  family === 4 ? name : name.replace(/^KUBE-/, 'KUBE-6-');
export const routerSet = (family: 4 | 6, name: string): string => (family === 4 ? name : `inet6:${name}`);

export const setNamed = (ns: NetNamespace, name: string): IpSet | undefined => ns.sets.get(name);

/** Whether the listing shows the whole set. */
export const isComplete = (set: IpSet): boolean =>
  set.declaredEntries === undefined || set.declaredEntries <= set.members.length;

/** The member of these parts: `['10.0.0.1', 'tcp:80']`, `['30080']`, `['10.0.0.1']`. */
export const memberOf = (set: IpSet | undefined, parts: readonly string[]): SetMember | undefined =>
  set?.members.find(
    (member) => member.parts.length === parts.length && member.parts.every((p, i) => same(p, parts[i] ?? '')),
  );

const same = (member: string, wanted: string): boolean => {
  if (member === wanted) return true;
  if (member.includes('/')) return prefixContains(member, wanted);
  const range = /^(\d+)-(\d+)$/.exec(member);
  return range !== null && Number(range[1]) <= Number(wanted) && Number(wanted) <= Number(range[2]);
};
