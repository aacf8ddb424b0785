import type { HostCaptures } from './predict.ts';
import type { State } from './state.ts';
import type { Topology } from './topology.ts';

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
      hit.flatMap((rule) => (rule.target && !rule.target.name.startsWith('KD-') ? [rule.target.name] : [])),
    );
    this.#add(
      'route',
      all.flatMap((c) => c.data.routes ?? []).map((route) => route.type),
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
      'device',
      topology.hosts.flatMap((h) => h.devices.map((d) => (d.master ? 'bridge port' : d.kind))),
    );
    this.#add(
      'set',
      all.flatMap((c) => c.data.sets ?? []).map((set) => set.type),
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
