import type { Link, LinkAddress, LinkStats } from '../../records/link.ts';
import type { Source } from '../../records/source.ts';
import { addressFamily, canonicalAddress } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';

/** A link while its lines are being read. */
export type LinkDraft = { -readonly [K in keyof Link]: Link[K] } & { addresses: LinkAddress[] };

/** Name and what stands behind its `@`: `if7` is the peer's index, `NONE` nothing, else the lower device's name. */
export const linkDraft = (source: Source, index: number | undefined, name: string, at?: string | null): LinkDraft => {
  const peer = at ? /^if(\d+)$/.exec(at) : null;
  return {
    source,
    index,
    name: flatten(name),
    peerIndex: peer ? Number(peer[1]) : undefined,
    lower: at && !peer && at !== 'NONE' ? flatten(at) : undefined,
    peerNetns: undefined,
    flags: [],
    mtu: undefined,
    state: undefined,
    master: undefined,
    mac: undefined,
    kind: undefined,
    vxlan: undefined,
    tunnel: undefined,
    xfrmIfId: undefined,
    vlanId: undefined,
    vrfTable: undefined,
    hairpin: undefined,
    addresses: [],
    stats: undefined,
  };
};

/** White-space separated words of the rest of a line. */
export const words = (tail: string): string[] => tail.split(/[ \t]+/).filter((word) => word !== '');

/** The word behind a name, if the name is there. */
export const wordAfter = (tail: readonly string[], name: string): string | undefined => {
  const at = tail.indexOf(name);
  return at < 0 ? undefined : tail[at + 1];
};

export const integer = (word: string | undefined): number | undefined =>
  word !== undefined && /^(0x[0-9a-fA-F]+|\d+)$/.test(word) ? Number(word) : undefined;

/** `1024`, or `12.3K`, `1.5M`, `2Gi` of `-h`. */
export const amount = (word: string | undefined): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)([KMGTP]?)(i?)$/i.exec(word ?? '');
  if (!match) return undefined;
  const power = ' KMGTP'.indexOf((match[2] ?? '').toUpperCase() || ' ');
  return Number(match[1]) * (match[3] ? 1024 : 1000) ** power;
};

const anyIsUndefined = (word: string | undefined): string | undefined =>
  word === undefined || word === 'any' ? undefined : canonicalAddress(word);

const TUNNELS = new Set(
  'ipip sit gre gretap ip6gre ip6gretap ip6tnl erspan ip6erspan vti vti6 geneve bareudp'.split(' '),
);

/** A detail line of `-d` (iplink_vxlan.c, link_iptnl.c, link_gre.c and their kin): the kind's word and what follows it. */
export const applyDetail = (link: LinkDraft, kind: string, tail: readonly string[]): void => {
  if (kind.endsWith('_slave')) {
    if (kind === 'bridge_slave') link.hairpin = onOff(wordAfter(tail, 'hairpin'));
    return;
  }
  link.kind = flatten(kind);
  if (kind === 'vxlan') link.vxlan = vxlanOf(tail);
  else if (TUNNELS.has(kind))
    link.tunnel = {
      local: anyIsUndefined(wordAfter(tail, 'local')),
      remote: anyIsUndefined(wordAfter(tail, 'remote')),
      dev: wordAfter(tail, 'dev'),
    };
  else if (kind === 'xfrm') link.xfrmIfId = integer(wordAfter(tail, 'if_id'));
  else if (kind === 'vlan') link.vlanId = integer(wordAfter(tail, 'id'));
  else if (kind === 'vrf') link.vrfTable = integer(wordAfter(tail, 'table'));
};

export const onOff = (word: string | undefined): boolean | undefined =>
  word === 'on' ? true : word === 'off' ? false : undefined;

/** The kernel's own default of a vxlan device's UDP port (drivers/net/vxlan: 8472), for output that leaves it out. */
const VXLAN_PORT = 8472;

const vxlanOf = (tail: readonly string[]): LinkDraft['vxlan'] => ({
  id: integer(wordAfter(tail, 'id')) ?? 0,
  local: anyIsUndefined(wordAfter(tail, 'local') ?? wordAfter(tail, 'local6')),
  remote: anyIsUndefined(wordAfter(tail, 'remote') ?? wordAfter(tail, 'remote6')),
  group: anyIsUndefined(wordAfter(tail, 'group') ?? wordAfter(tail, 'group6')),
  dev: wordAfter(tail, 'dev'),
  port: integer(wordAfter(tail, 'dstport')) ?? VXLAN_PORT,
  learning: !tail.includes('nolearning'),
});

/** `link/…` words that say more than the device's framing. */
export const kindOfLayer = (type: string): string | undefined =>
  ['loopback', 'ipip', 'gre', 'sit', 'tunnel6', 'gre6', 'infiniband', 'ppp'].includes(type) ? type : undefined;

const ADDRESS_FLAGS = new Set(
  (
    'secondary temporary deprecated tentative dadfailed permanent dynamic optimistic mngtmpaddr noprefixroute autojoin nodad home ' +
    'stable-privacy managetempaddr -tentative -deprecated'
  ).split(' '),
);
const ADDRESS_VALUES = new Set(['peer', 'brd', 'any', 'scope', 'metric', 'proto', 'flags', 'ttl']);

/** An `inet` or `inet6` line of ip addr (ipaddress.c, print_addrinfo); undefined where the text is no address of that family. */
export const linkAddress = (
  source: Source,
  family: 4 | 6,
  printed: string,
  tail: readonly string[],
): LinkAddress | undefined => {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  let label: string | undefined;
  for (let i = 0; i < tail.length; i += 1) {
    const word = tail[i] ?? '';
    if (ADDRESS_VALUES.has(word)) {
      i += 1;
      values.set(word, tail[i] ?? '');
    } else if (ADDRESS_FLAGS.has(word)) flags.add(word);
    else label = word;
  }
  const peer = values.get('peer');
  const [own = '', ownLength] = printed.split('/');
  const [peerAddress, peerLength] = peer?.split('/') ?? [];
  const address = canonicalAddress(own);
  const full = family === 4 ? 32 : 128;
  const prefixLength = integer(ownLength ?? peerLength) ?? full;
  if (address === undefined || addressFamily(own) !== family || prefixLength > full) return undefined;
  return {
    source,
    family,
    address,
    prefixLength,
    peer: peerAddress === undefined ? undefined : canonicalAddress(peerAddress),
    scope: flatten(values.get('scope') ?? 'global'),
    secondary: flags.has('secondary') || flags.has('temporary'),
    deprecated: flags.has('deprecated'),
    tentative: flags.has('tentative'),
    label: label === undefined ? undefined : flatten(label),
  };
};

/** Counts by column name, as iproute2 heads them; the error block of `-s -s` adds `otherhost` (kernel 5.19). */
export const mergeStats = (
  before: LinkStats | undefined,
  side: 'RX' | 'TX',
  counts: ReadonlyMap<string, number>,
): LinkStats => {
  const known = before ?? {
    rxPackets: 0,
    rxErrors: 0,
    rxDropped: 0,
    rxOtherhost: undefined,
    txPackets: 0,
    txErrors: 0,
    txDropped: 0,
  };
  return side === 'RX'
    ? {
        ...known,
        rxPackets: counts.get('packets') ?? known.rxPackets,
        rxErrors: counts.get('errors') ?? known.rxErrors,
        rxDropped: counts.get('dropped') ?? known.rxDropped,
        rxOtherhost: counts.get('otherhost') ?? counts.get('otherhst') ?? known.rxOtherhost,
      }
    : {
        ...known,
        txPackets: counts.get('packets') ?? known.txPackets,
        txErrors: counts.get('errors') ?? known.txErrors,
        txDropped: counts.get('dropped') ?? known.txDropped,
      };
};
