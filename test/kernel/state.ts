import { flowsFor, type KernelFlow } from './flows.ts';
import { kubeProxyNft } from './nft-products.ts';
import { PRODUCTS } from './products.ts';
import type { Random } from './random.ts';
import { policyRouting, settingsFor } from './routing-state.ts';
import {
  type Backend,
  type Chain,
  COLLECTING,
  chooseTable,
  HOOKS,
  policyOf,
  type RuleContext,
  randomRule,
} from './rules.ts';
import type { Host, Topology } from './topology.ts';
import { xfrmPolicies } from './xfrm-state.ts';

/** One thing that a state adds to its topology. A state is a list of them, so that any may be left out to make the case smaller. */
export type Ingredient =
  | { readonly kind: 'sysctl'; readonly host: string; readonly path: string; readonly value: string }
  | {
      readonly kind: 'ip';
      readonly host: string;
      readonly family: 4 | 6;
      readonly add: string;
      readonly remove: string;
    }
  | { readonly kind: 'set'; readonly host: string; readonly lines: readonly string[] }
  | { readonly kind: 'rule'; readonly host: string; readonly chain: Chain; readonly text: string }
  | { readonly kind: 'policy'; readonly host: string; readonly chain: Chain }
  /** A table of nftables' own. */
  | { readonly kind: 'nft'; readonly host: string; readonly family: 4 | 6; readonly lines: readonly string[] };

export interface State {
  readonly ingredients: readonly Ingredient[];
  readonly flows: readonly KernelFlow[];
  /** Hosts and families in which something keeps conntrack at work: `host/4`. */
}

export const TRACKING_RULE = '-m conntrack --ctstate INVALID -m comment --comment "keeps conntrack at work"';

/** A random but plausible state, and the flows that are sent in it. */
export const makeState = (random: Random, topology: Topology, flowCount: number, firstPort: number): State => {
  const flows = flowsFor(random, topology, flowCount, firstPort);
  const ingredients: Ingredient[] = [];
  for (const host of [...topology.nodes, ...topology.pods]) {
    const isNode = host.kind === 'node';
    ingredients.push(...settingsFor(random, host));
    if (random.chance(isNode ? 0.65 : 0.12)) ingredients.push(...policyRouting(random, topology, host, flows));
    if (random.chance(isNode ? 0.1 : 0.05)) ingredients.push(...xfrmPolicies(random, topology, host, flows));
    ingredients.push(...firewall(random, topology, host, flows));
  }
  return { ingredients, flows };
};

const firewall = (random: Random, topology: Topology, host: Host, flows: readonly KernelFlow[]): Ingredient[] => {
  const isNode = host.kind === 'node';
  if (!isNode && !random.chance(0.45)) return [];
  const made: Ingredient[] = [];
  // Most hosts keep to one backend; where two tools disagree about it, tables are in either or in both.
  const usual: Backend = random.pick(['legacy', 'nft']);
  const isMixed = random.chance(0.15);
  const backendOf = (): Backend => (isMixed ? random.pick(['legacy', 'nft']) : usual);
  const families = flows.some((f) => f.family === 6) ? ([4, 6] as const) : ([4] as const);
  for (const family of families) {
    const set = (name: string): string => `${name}${family}`;
    const context: RuleContext = {
      random,
      topology,
      host,
      family,
      flows: flows.filter((f) => f.family === family),
      sets: [],
    };
    if (random.chance(0.5)) {
      const sets = setsFor(context, set);
      made.push(...sets.map((lines): Ingredient => ({ kind: 'set', host: host.key, lines })));
      context.sets.push(
        ...sets.map((lines) => ({ name: lines[0]?.split(' ')[1] ?? '', type: lines[0]?.split(' ')[2] ?? '' })),
      );
    }
    made.push({
      kind: 'rule',
      host: host.key,
      chain: { backend: backendOf(), family, table: 'filter', name: 'FORWARD' },
      text: TRACKING_RULE,
    });
    if (isNode && random.chance(0.5)) {
      const writers = Object.values(PRODUCTS);
      for (const write of random.some(writers, 2)) {
        const { sets, rules } = write(context);
        const backend = backendOf();
        made.push(...sets.map((lines): Ingredient => ({ kind: 'set', host: host.key, lines })));
        for (const [table, name, text] of rules)
          made.push({ kind: 'rule', host: host.key, chain: { backend, family, table, name }, text });
      }
    }
    if (isNode && random.chance(0.12)) made.push({ kind: 'nft', host: host.key, family, lines: kubeProxyNft(context) });
    made.push({
      kind: 'set',
      host: host.key,
      lines: [`create ${COLLECTING}${family} hash:ip ${family === 6 ? 'family inet6' : ''}`.trim()],
    });
    const tables = chooseTable(random, isNode).map((table) => [table, backendOf()] as const);
    const again = isMixed ? tables.filter(() => random.chance(0.4)) : [];
    const other = again.map(([table, backend]) => [table, backend === 'nft' ? 'legacy' : 'nft'] as const);
    for (const [table, backend] of [...tables, ...other]) {
      const users = [`KD-${table.toUpperCase()}-1`, `KD-${table.toUpperCase()}-2`];
      for (const hook of HOOKS[table]) {
        const chain: Chain = { backend, family, table, name: hook };
        const count = random.weighted([
          [3, 0],
          [4, 1],
          [3, 2],
          [1, 4],
        ] as const);
        for (let i = 0; i < count; i++)
          made.push({ kind: 'rule', host: host.key, chain, text: randomRule(context, table, hook, users) });
        const policy = policyOf(random, table);
        if (policy) made.push({ kind: 'policy', host: host.key, chain });
      }
      users.forEach((name, i) => {
        const chain: Chain = { backend, family, table, name };
        for (let n = random.between(1, 3); n > 0; n--)
          made.push({
            kind: 'rule',
            host: host.key,
            chain,
            text: randomRule(context, table, undefined, users.slice(i + 1)),
          });
      });
    }
  }
  return made;
};

/** Sets out of the flows' own addresses, so that they hold some of them. */
const setsFor = ({ random, family, flows }: RuleContext, name: (of: string) => string): string[][] => {
  const some = family === 6 ? 'family inet6' : '';
  const addresses = [...new Set(flows.flatMap((f) => [f.dst, f.likelySource]))];
  if (addresses.length === 0) return [];
  const chosen = () => random.some(addresses, 3);
  const port = () => random.pick(flows);
  const proto = (f: KernelFlow) =>
    f.proto === 'icmp' ? (family === 4 ? 'icmp:echo-request' : 'icmpv6:echo-request') : `${f.proto}:${f.dport}`;
  const wide = (a: string) =>
    family === 4 ? `${a.split('.').slice(0, 3).join('.')}.0/24` : `${a.split('::')[0]}::/64`;
  const sets: string[][] = [];
  const make = (of: string, type: string, members: readonly string[], options = some): void => {
    sets.push([
      `create ${name(of)} ${type} ${options}`.trim(),
      ...[...new Set(members)].map((m) => `add ${name(of)} ${m} -exist`),
    ]);
  };
  if (random.chance(0.6)) make('KDIP', 'hash:ip', chosen());
  if (random.chance(0.5))
    make('KDNET', 'hash:net', [
      ...chosen().map(wide),
      ...(random.chance(0.3) ? chosen().map((a) => `${a} nomatch`) : []),
    ]);
  if (random.chance(0.6))
    make(
      'KDIPPORT',
      'hash:ip,port',
      chosen().map((a) => `${a},${proto(port())}`),
    );
  if (random.chance(0.3))
    make(
      'KDIPPORTIP',
      'hash:ip,port,ip',
      chosen().map((a) => `${a},${proto(port())},${random.pick(addresses)}`),
    );
  if (random.chance(0.3))
    make(
      'KDNETPORT',
      'hash:net,port',
      chosen().map((a) => `${wide(a)},${proto(port())}`),
    );
  if (random.chance(0.3)) make('KDPORT', 'bitmap:port', [String(port().dport), '53'], 'range 0-65535');
  const inner = sets
    .map((s) => s[0]?.split(' ')[1] ?? '')
    .filter((s) => (s.startsWith('KDIP') && !s.includes('PORT')) || (s.startsWith('KDNET') && !s.includes('PORT')));
  if (inner.length > 0 && random.chance(0.3)) make('KDLIST', 'list:set', inner, '');
  return sets;
};
