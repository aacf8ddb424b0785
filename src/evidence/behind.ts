import type { NetNamespace } from '../network/namespace.ts';
import { lookupRoute } from '../path/routing/lookup.ts';
import type { Match, NftRule, Rule } from '../records/iptables.ts';
import type { Source } from '../records/source.ts';
import { addressFamily, addressWords, prefixContains, prefixLength } from '../tables/address.ts';

/** That an address lies behind a device of a host, or behind one that is not named, and the line that says so. */
export interface Behind {
  readonly device: string | undefined;
  readonly source: Source;
}

/**
 * What a host whose own addresses were not captured says of an address that is somebody else's: a route of its by which it is reached, or a rule that translates the network of
 * it wherever it leaves by another device than its own (`-s NET ! -o DEV -j MASQUERADE`) or for another network (`-s NET ! -d NET`), as is done for containers and guests.
 * Undefined where nothing says so; a bridge's own address is the first of its network, of which nothing is said.
 */
export const behind = (ns: NetNamespace, address: string): Behind | undefined =>
  byRoute(ns, address) ?? byTables(ns, address) ?? byNft(ns, address);

/** A route that names another source is that of a network in which the host has that address; one by a gateway is of no network of its own. */
const byRoute = (ns: NetNamespace, dst: string): Behind | undefined => {
  const answers = lookupRoute(ns, {
    family: addressFamily(dst) ?? 4,
    dst,
    ...{ src: undefined, iif: undefined, oif: undefined, mark: 0 },
    ...{ proto: undefined, sport: undefined, dport: undefined, uid: undefined, tos: undefined },
  });
  const [answer] = answers;
  if (answers.length !== 1 || !answer?.route || answer.type !== 'unicast') return undefined;
  const { route, via, dev } = answer;
  const isForeign = via !== undefined || (route.src !== undefined && route.src !== dst);
  return (prefixLength(route.prefix) ?? 0) > 0 && isForeign ? { device: dev, source: route.source } : undefined;
};

const TRANSLATES: ReadonlySet<string> = new Set(['MASQUERADE', 'SNAT']);

const byTables = (ns: NetNamespace, address: string): Behind | undefined => {
  const family = addressFamily(address);
  for (const table of ns.tables) {
    if (table.name !== 'nat' || table.family !== family || !table.exact) continue;
    for (const chain of table.chains.values())
      for (const rule of chain.rules) {
        const device = TRANSLATES.has(rule.target?.name ?? '') ? deviceOfRule(rule, address) : undefined;
        if (device) return { device: device.name, source: rule.source };
      }
  }
  return undefined;
};

const deviceOfRule = ({ matches }: Rule, address: string): { readonly name: string | undefined } | undefined => {
  const net = optionOf(matches, 'source', false);
  if (net === undefined || !isGuestOf(net, address)) return undefined;
  const name = optionOf(matches, 'out-interface', true);
  if (name !== undefined) return { name: isWildcard(name) ? undefined : name };
  return optionOf(matches, 'destination', true) === net ? { name: undefined } : undefined;
};

const isWildcard = (name: string): boolean => name.endsWith('+') || name.endsWith('*');

const optionOf = (matches: readonly Match[], name: string, invert: boolean): string | undefined => {
  const option = matches.find((match) => match.name === name)?.options[0];
  return option && option.invert === invert && option.values.length === 1 ? option.values[0] : undefined;
};

const byNft = (ns: NetNamespace, address: string): Behind | undefined => {
  for (const table of ns.nftTables)
    for (const chain of table.chains.values())
      for (const rule of chain.rules) {
        const device = deviceOfNft(rule, address);
        if (device) return { device: device.name, source: rule.source };
      }
  return undefined;
};

const deviceOfNft = ({ statements }: NftRule, address: string): { readonly name: string | undefined } | undefined => {
  if (!statements.some((s) => s.kind === 'masquerade' || s.kind === 'snat')) return undefined;
  const word = addressFamily(address) === 6 ? 'ip6' : 'ip';
  const right = (left: string, op: '==' | '!='): string | undefined => {
    for (const s of statements)
      if (s.kind === 'match' && s.left === left && s.op === op) return s.right.replaceAll('"', '');
    return undefined;
  };
  const net = right(`${word} saddr`, '==');
  if (net === undefined || !isGuestOf(net, address)) return undefined;
  const name = right('oifname', '!=');
  if (name !== undefined) return { name: isWildcard(name) ? undefined : name };
  return right(`${word} daddr`, '!=') === net ? { name: undefined } : undefined;
};

/** An address of the network but the first one, which is the bridge's. */
const isGuestOf = (net: string, address: string): boolean => {
  if (addressFamily(net.split('/')[0] ?? '') !== addressFamily(address) || !net.includes('/')) return false;
  if (prefixLength(net) === 0 || !prefixContains(net, address)) return false;
  const first = addressWords(net.split('/')[0] ?? '');
  const own = addressWords(address);
  if (!first || !own) return false;
  const last = own.length - 1;
  return own.some((word, i) => word !== (first[i] ?? 0) + (i === last ? 1 : 0));
};
