import { canonicalAddress } from '../../tables/address.ts';
import type { JsonItem } from '../json-items.ts';
import { list, number, object, text, texts } from '../json-items.ts';
import { applyDetail, kindOfLayer, linkAddress, linkDraft, mergeStats } from './link-draft.ts';
import type { LinkSink } from './link-sink.ts';

/** One object of `ip -j addr` or `ip -j -d -s link`; old releases print an empty object for each link that a filter left out. */
export const linkFromJson = (sink: LinkSink, { value }: JsonItem): void => {
  const name = text(value.ifname);
  if (name === undefined) return;
  const at = text(value.link) ?? (value.link_index === undefined ? undefined : `if${text(value.link_index)}`);
  const link = linkDraft(sink.source(), number(value.ifindex), name, at);
  const linkinfo = object(value.linkinfo);
  link.flags = texts(value.flags);
  link.mtu = number(value.mtu);
  link.state = text(value.operstate);
  link.master = text(value.master);
  link.mac = text(value.address);
  link.peerNetns = text(value.link_netns) ?? text(value.link_netnsid);
  link.kind = kindOfLayer(text(value.link_type) ?? '');
  const kind = text(linkinfo.info_kind);
  if (kind !== undefined) applyDetail(link, kind, detailWords(object(linkinfo.info_data)));
  const slave = text(linkinfo.info_slave_kind);
  if (slave === 'bridge') link.hairpin = hairpinOf(object(linkinfo.info_slave_data));
  sink.add(link);
  for (const item of list(value.addr_info)) addAddress(sink, link, object(item));
  const stats = object(value.stats64 ?? value.stats);
  for (const side of ['RX', 'TX'] as const) {
    const counts = object(stats[side.toLowerCase()]);
    if (stats[side.toLowerCase()] === undefined) continue;
    const entries = Object.entries(counts).flatMap(([key, count]) => {
      const known = number(count);
      return known === undefined ? [] : [[key, known] as const];
    });
    link.stats = mergeStats(link.stats, side, new Map(entries));
  }
};

/** `"learning": false` is `nolearning` in the text form; the other names are the same. */
const detailWords = (data: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(data).flatMap(([key, value]) => {
    if (typeof value === 'boolean') return value ? [key] : [`no${key}`];
    const word = text(value);
    return word === undefined ? [] : [key === 'port' ? 'dstport' : key === 'link' ? 'dev' : key, word];
  });

const hairpinOf = (data: Readonly<Record<string, unknown>>): boolean | undefined =>
  typeof data.hairpin === 'boolean' ? data.hairpin : undefined;

const addAddress = (
  sink: LinkSink,
  link: ReturnType<typeof linkDraft>,
  value: Readonly<Record<string, unknown>>,
): void => {
  const local = text(value.local);
  const family = text(value.family) === 'inet6' ? 6 : 4;
  if (local === undefined || canonicalAddress(local) === undefined) return;
  const flags = ['secondary', 'temporary', 'deprecated', 'tentative'].filter((flag) => value[flag] === true);
  const peer = text(value.address);
  const label = text(value.label);
  const address = linkAddress(sink.source(), family, `${local}/${text(value.prefixlen) ?? ''}`, [
    'scope',
    text(value.scope) ?? 'global',
    ...(peer ? ['peer', peer] : []),
    ...flags,
    ...(label ? [label] : []),
  ]);
  if (!address) return;
  link.addresses.push(address);
  sink.records += 1;
};
