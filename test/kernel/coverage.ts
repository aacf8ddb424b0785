import type { HostCaptures } from './predict.ts';
import { OWN_CHAIN } from './products.ts';
import type { State } from './state.ts';
import type { Topology } from './topology.ts';

/** What kube-proxy, kube-router, flannel, Submariner and Docker write, as far as any kernel has it without modules. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  match: [
    ...['source', 'destination', 'in-interface', 'out-interface', 'protocol', 'tcp', 'udp', 'icmp', 'icmp6', 'comment'],
    ...['mark', 'connmark', 'conntrack', 'state', 'set', 'addrtype', 'statistic', 'multiport', 'iprange', 'physdev'],
    ...['limit', 'recent', 'rpfilter'],
  ],
  target: [
    ...['ACCEPT', 'DROP', 'RETURN', 'REJECT', 'DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP', 'MARK', 'CONNMARK'],
    ...['CT', 'NOTRACK', 'TCPMSS', 'LOG', 'NFLOG', 'SET', 'TPROXY'],
  ],
  route: ['unicast', 'local', 'broadcast', 'blackhole', 'unreachable', 'prohibit', 'throw', 'multipath'],
  rule: ['from', 'to', 'fwmark', 'iif', 'blackhole', 'unreachable', 'prohibit'],
  xfrm: [
    'in block',
    'in allow by a template',
    'fwd block',
    'fwd allow by a template',
    'out block',
    'out allow by a template',
  ],
  device: ['loopback', 'veth', 'bridge', 'bridge port', 'hairpin port', 'vxlan', 'smaller MTU'],
  set: ['hash:ip', 'hash:net', 'hash:ip,port', 'hash:ip,port,ip', 'hash:net,port', 'bitmap:port', 'list:set'],
  backend: ['legacy v4', 'legacy v6', 'nft v4', 'nft v6', 'nftables v4', 'nftables v6', 'a table in both'],
  flow: [
    'tcp v4',
    'udp v4',
    'icmp v4',
    'tcp v6',
    'udp v6',
    'icmp v6',
    'long udp v4',
    'long icmp v4',
    'long udp v6',
    'long icmp v6',
  ],
  setting: [
    'rp_filter=1',
    'rp_filter=2',
    'route_localnet=1',
    'bridge-nf-call-iptables=0',
    'bridge-nf-call-ip6tables=0',
  ],
};

/** How many states had each feature at work: rules that counted packets, routes, rules and devices that were there. */
export class Coverage {
  readonly #counts = new Map<string, Map<string, number>>();

  #add(kind: string, names: Iterable<string>): void {
    const of = this.#counts.get(kind) ?? new Map<string, number>();
    this.#counts.set(kind, of);
    for (const name of new Set(names)) of.set(name, (of.get(name) ?? 0) + 1);
  }

  note(captures: readonly HostCaptures[], topology: Topology, state: State): void {
    const all = captures.flatMap((c) => c.captures);
    const rules = all
      .flatMap((c) => c.data.tables ?? [])
      .flatMap((t) => [...t.chains.values()].flatMap((chain) => chain.rules));
    const hit = rules.filter((rule) => (rule.counters?.packets ?? 0) > 0);
    this.#add(
      'match',
      hit.flatMap((rule) => rule.matches.map((m) => m.name)),
    );
    this.#add(
      'target',
      hit.flatMap((rule) => (rule.target && !OWN_CHAIN.test(rule.target.name) ? [rule.target.name] : [])),
    );
    this.#add(
      'backend',
      state.ingredients.flatMap((one) => {
        if (one.kind === 'nft') return [`nftables v${one.family}`];
        return one.kind === 'rule' ? [`${one.chain.backend} v${one.chain.family}`] : [];
      }),
    );
    const backendsOf = new Map<string, Set<string>>();
    for (const one of state.ingredients)
      if (one.kind === 'rule') {
        const key = `${one.host} ${one.chain.family} ${one.chain.table}`;
        backendsOf.set(key, (backendsOf.get(key) ?? new Set()).add(one.chain.backend));
      }
    if ([...backendsOf.values()].some((backends) => backends.size > 1)) this.#add('backend', ['a table in both']);
    this.#add(
      'flow',
      state.flows.flatMap((flow) => [
        `${flow.proto} v${flow.family}`,
        ...(flow.payload === undefined ? [] : [`long ${flow.proto} v${flow.family}`]),
      ]),
    );
    this.#add(
      'setting',
      state.ingredients.flatMap((one) => (one.kind === 'sysctl' ? [`${one.path.split('/').at(-1)}=${one.value}`] : [])),
    );
    this.#add(
      'route',
      all.flatMap((c) => c.data.routes ?? []).map((route) => (route.nextHops.length > 1 ? 'multipath' : route.type)),
    );
    this.#add(
      'rule',
      state.ingredients.flatMap((one) =>
        one.kind === 'ip' && one.add.startsWith('rule')
          ? (one.add.match(
              /\b(from|to|fwmark|iif|oif|ipproto|dport|uidrange|not|goto|blackhole|unreachable|prohibit|suppress_prefixlength)\b/g,
            ) ?? [])
          : [],
      ),
    );
    this.#add(
      'xfrm',
      all
        .flatMap((c) => c.data.policies ?? [])
        .map((policy) => `${policy.dir} ${policy.action}${policy.templates.length > 0 ? ' by a template' : ''}`),
    );
    this.#add(
      'device',
      topology.hosts.flatMap((h) =>
        h.devices.flatMap((d) => [
          ...(d.master ? ['bridge port', ...(d.hairpin ? ['hairpin port'] : [])] : [d.kind]),
          ...(d.mtu !== undefined && !d.vxlan ? ['smaller MTU'] : []),
        ]),
      ),
    );
    this.#add(
      'set',
      all.flatMap((c) => c.data.sets ?? []).map((set) => set.type),
    );
  }

  /** What the products use and this run did not exercise. */
  missing(): string[] {
    return Object.entries(REQUIRED).flatMap(([kind, names]) =>
      names.filter((name) => !this.#counts.get(kind)?.has(name)).map((name) => `${kind} ${name}`),
    );
  }

  lines(): string[] {
    return [...this.#counts].map(
      ([kind, of]) =>
        `${kind.padEnd(7)} ${[...of]
          .sort((a, b) => b[1] - a[1])
          .map(([name, count]) => `${name} ${count}`)
          .join(', ')}`,
    );
  }
}
