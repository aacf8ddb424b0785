import { knows, type NetNamespace } from '../network/namespace.ts';
import type { Match, Rule } from '../records/iptables.ts';
import type { IpvsConnection } from '../records/ipvs.ts';
import { prefixContains } from '../tables/address.ts';
import { ROWS } from './symptom.ts';

/** A datagram flow that reached IPVS under the port that a rule of PREROUTING changes for everybody. */
export interface PastTranslation {
  readonly connection: IpvsConnection;
  readonly rule: Rule;
}

const PLAIN: ReadonlySet<string> = new Set(['protocol', 'destination', 'udp', 'comment']);

const optionOf = (matches: readonly Match[], flag: string): string | undefined => {
  const found = matches.flatMap(({ options }) => options.filter((o) => o.flag === flag));
  return found.length === 1 && !found[0]?.invert ? found[0]?.values[0] : undefined;
};

/** A rule that sends every datagram for one port on to another one, whoever sent it and wherever it came in. */
const redirects = ({ matches, target }: Rule, { virtual, virtualPort }: IpvsConnection): boolean => {
  if (target?.name !== 'DNAT' || matches.some(({ name }) => !PLAIN.has(name))) return false;
  const to = target.options.find(({ flag }) => flag === '--to-destination')?.values[0] ?? '';
  const port = /:(\d{1,5})$/.exec(to)?.[1];
  const address = optionOf(matches, '-d');
  return (
    optionOf(matches, '-p') === 'udp' &&
    address !== undefined &&
    prefixContains(address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`, virtual) &&
    optionOf(matches, '--dport') === `${virtualPort}` &&
    port !== undefined &&
    port !== `${virtualPort}`
  );
};

/**
 * IPVS works at LOCAL_IN (ip_vs_ops4 of ip_vs_core.c), behind nat PREROUTING, so that it meets a flow under the port that the rules give it. One that it holds under the port
 * from before was not asked about: its conntrack entry is older than the rule. Where the entries were captured they speak themselves.
 */
export const pastTranslation = (ns: NetNamespace): readonly PastTranslation[] => {
  if (knows(ns, 'conntrack')) return [];
  const rules = ns.tables
    .filter(({ name }) => name === 'nat')
    .flatMap(({ chains }) => chains.get('PREROUTING')?.rules ?? []);
  return ns.ipvsConnections.slice(0, ROWS).flatMap((connection) => {
    if (connection.proto.toLowerCase() !== 'udp' || connection.clientPort === 0) return [];
    const at = rules.findIndex((rule) => redirects(rule, connection));
    const rule = rules[at];
    // Another rule before it may take the flow away.
    return rule && rules.slice(0, at).every(({ target }) => target?.name === 'DNAT') ? [{ connection, rule }] : [];
  });
};
