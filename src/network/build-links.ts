import type { Capture } from '../records/capture.ts';
import type { Link, LinkAddress } from '../records/link.ts';

/**
 * Devices of a namespace by name. `ip addr`, `ip link`, `ip -s link` and `bridge link` each print a part of a device: the latest `ip addr`
 * gives the record, whatever it leaves open comes from the others, addresses are gathered from all.
 */
export const mergeLinks = (captures: readonly Capture[]): ReadonlyMap<string, Link> => {
  const byName = new Map<string, { link: Link; rank: number }[]>();
  for (const capture of captures)
    for (const link of capture.data.links ?? []) {
      const views = byName.get(link.name);
      const view = { link, rank: RANK[capture.kind] ?? 0 };
      if (views) views.push(view);
      else byName.set(link.name, [view]);
    }
  const links = new Map<string, Link>();
  for (const [name, views] of byName) {
    const latestFirst = views.reverse().sort((a, b) => b.rank - a.rank);
    links.set(name, mergeViews(latestFirst.map((view) => view.link)));
  }
  return links;
};

const RANK: Partial<Record<string, number>> = { 'ip-addr': 2, 'ip-link': 1 };

/** The first view that tells a field gives it. */
const mergeViews = (views: readonly Link[]): Link => {
  const [first, ...rest] = views;
  if (!first) throw new Error('a link without a view');
  if (rest.length === 0) return first;
  const tell = <K extends keyof Link>(key: K): Link[K] =>
    views.find((view) => view[key] !== undefined)?.[key] as Link[K];
  return {
    source: first.source,
    name: first.name,
    index: tell('index'),
    peerIndex: tell('peerIndex'),
    lower: tell('lower'),
    peerNetns: tell('peerNetns'),
    flags: (views.find((view) => view.flags.length > 0) ?? first).flags,
    mtu: tell('mtu'),
    state: tell('state'),
    master: tell('master'),
    mac: tell('mac'),
    kind: tell('kind'),
    vxlan: tell('vxlan'),
    tunnel: tell('tunnel'),
    xfrmIfId: tell('xfrmIfId'),
    vlanId: tell('vlanId'),
    vrfTable: tell('vrfTable'),
    hairpin: tell('hairpin'),
    addresses: mergeAddresses(views),
    stats: tell('stats'),
  };
};

const mergeAddresses = (views: readonly Link[]): readonly LinkAddress[] => {
  const seen = new Map<string, LinkAddress>();
  for (const view of views)
    for (const address of view.addresses) {
      const key = `${address.address}/${address.prefixLength}`;
      if (!seen.has(key)) seen.set(key, address);
    }
  return [...seen.values()];
};
