import type { Link } from '../records/link.ts';
import { isInferred } from '../records/origin.ts';
import { prefixLength } from '../tables/address.ts';
import type { NetNamespace } from './namespace.ts';

/** One end of a veth pair: namespace id and device name. */
export interface VethEnd {
  readonly namespace: string;
  readonly device: string;
}

export const endKey = (end: VethEnd): string => `${end.namespace} ${end.device}`;

/** Both directions of every veth pair of a node that the bundle allows to be told, by `endKey`. */
export const vethPairs = (namespaces: readonly NetNamespace[]): ReadonlyMap<string, VethEnd> => {
  const names = netnsNames(namespaces);
  const sides = namespaces.flatMap((namespace) =>
    [...namespace.links.values()].filter(mayBeVeth).map((link): Side => ({ namespace, link })),
  );
  const scored = sides.flatMap((a, i) =>
    sides.slice(i + 1).flatMap((b): Candidate[] => {
      const score = likelihood(names, a, b);
      return score > 0 ? [{ a: end(a), b: end(b), score }] : [];
    }),
  );
  return unrivalled(scored);
};

interface Candidate {
  readonly a: VethEnd;
  readonly b: VethEnd;
  readonly score: number;
}
interface Side {
  readonly namespace: NetNamespace;
  readonly link: Link;
}

const end = ({ namespace, link }: Side): VethEnd => ({ namespace: namespace.id, device: link.name });

/** Names of the bundle's namespaces, and the namespaces whose devices are known to use these names in `link-netns`. */
interface NetnsNames {
  readonly known: ReadonlySet<string>;
  readonly usedBy: ReadonlySet<NetNamespace>;
}
const netnsNames = (namespaces: readonly NetNamespace[]): NetnsNames => {
  const known = new Set(namespaces.map((ns) => ns.name));
  const uses = (ns: NetNamespace) => [...ns.links.values()].some((l) => isName(l.peerNetns) && known.has(l.peerNetns));
  return { known, usedBy: new Set(namespaces.filter(uses)) };
};

/** The most likely pairs first; a pair is made only where neither end has another one that is as likely. */
const unrivalled = (candidates: readonly Candidate[]): ReadonlyMap<string, VethEnd> => {
  const pairs = new Map<string, VethEnd>();
  const rivals = new Map<string, Candidate[]>();
  for (const candidate of candidates)
    for (const key of [endKey(candidate.a), endKey(candidate.b)])
      rivals.set(key, [...(rivals.get(key) ?? []), candidate]);
  for (const candidate of [...candidates].sort((x, y) => y.score - x.score)) {
    const keys = [endKey(candidate.a), endKey(candidate.b)];
    if (keys.some((key) => pairs.has(key))) continue;
    const open = (c: Candidate) => !pairs.has(endKey(c.a)) && !pairs.has(endKey(c.b));
    const isRivalled = keys.some((key) =>
      rivals.get(key)?.some((c) => c !== candidate && c.score >= candidate.score && open(c)),
    );
    if (isRivalled) continue;
    pairs.set(endKey(candidate.a), candidate.b);
    pairs.set(endKey(candidate.b), candidate.a);
  }
  return pairs;
};

/**
 * How well two devices go together as the ends of a veth; 0 where they cannot or nothing speaks for it. An interface index is unique only
 * within its namespace, so that `eth0@if7` and `veth1@if6` of several namespaces may fit one another: names, MACs and routes then decide.
 */
const likelihood = (names: NetnsNames, a: Side, b: Side): number => {
  if (a.namespace === b.namespace) return a.link.lower === b.link.name && b.link.lower === a.link.name ? CERTAIN : 0;
  if (a.link.lower !== undefined || b.link.lower !== undefined) return 0;
  if (!fits(a.link.peerIndex, b.link.index) || !fits(b.link.peerIndex, a.link.index)) return 0;
  if (leadsElsewhere(names, a, b) || leadsElsewhere(names, b, a)) return 0;
  const spoken = 8 * Number(isNamed(a, b) || isNamed(b, a)) + 2 * (hintsOf(a, b) + hintsOf(b, a));
  // Two pods are cabled to one another only by hand: numbers that happen to fit do not say so.
  if (spoken === 0 && a.namespace.name !== '' && b.namespace.name !== '') return 0;
  return spoken + Number(tellsPeer(a.link) && tellsPeer(b.link));
};
const tellsPeer = (link: Link): boolean => link.index !== undefined && link.peerIndex !== undefined;
const CERTAIN = 100;

/** ip prints the far end of every veth behind its name's `@`; only other tools (ifconfig) leave it out, and the index with it. */
const mayBeVeth = (link: Link): boolean =>
  !isInferred(link) &&
  (link.kind === undefined || link.kind === 'veth') &&
  !link.flags.includes('LOOPBACK') &&
  link.name !== 'lo' &&
  (link.index === undefined || link.peerIndex !== undefined || link.lower !== undefined);

const fits = (peerIndex: number | undefined, index: number | undefined): boolean =>
  peerIndex === undefined || index === undefined || peerIndex === index;

const isNamed = (from: Side, to: Side): boolean =>
  isName(from.link.peerNetns) && from.link.peerNetns === to.namespace.name;
const isName = (netns: string | undefined): netns is string => netns !== undefined && !/^\d+$/.test(netns);

/**
 * `link-netns NAME` names another namespace than this one. That NAME is the bundle's own name for it can be relied on where it is one of the
 * bundle's, or where other devices beside it are named so; a bundle may also call a pod by its pod name and the kernel by `cni-…`.
 */
const leadsElsewhere = (names: NetnsNames, from: Side, to: Side): boolean => {
  const name = from.link.peerNetns;
  if (!isName(name) || name === to.namespace.name) return false;
  if (to.namespace.name === '' && name === to.namespace.node) return false;
  if (names.known.has(name)) return true;
  return to.namespace.name !== '' && names.usedBy.has(from.namespace);
};

/** What one side's tables say of the other: the neighbour's MAC behind the device, a learnt MAC, a host route to the other's address. */
const hintsOf = (from: Side, to: Side): number => {
  const { namespace, link } = from;
  const addresses = to.link.addresses.map((a) => a.address);
  const hasNeighbour = namespace.neighbours.some(
    (n) => n.dev === link.name && n.mac !== undefined && n.mac === to.link.mac,
  );
  const hasMac =
    to.link.mac !== undefined &&
    namespace.fdb.some((f) => f.dev === link.name && f.mac === to.link.mac && !f.flags.includes('permanent'));
  const hasRoute =
    addresses.length > 0 &&
    namespace.routes.some(
      (r) =>
        r.type === 'unicast' &&
        r.nextHops.some((hop) => hop.dev === link.name) &&
        prefixLength(r.prefix) === (r.family === 4 ? 32 : 128) &&
        addresses.includes(r.prefix.slice(0, r.prefix.indexOf('/'))),
    );
  return Number(hasNeighbour) + Number(hasMac) + Number(hasRoute);
};
