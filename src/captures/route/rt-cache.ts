import { parse } from '#grammars/rt-cache';
import type { Counter } from '../../records/counter.ts';
import type { Source } from '../../records/source.ts';
import { flatten } from '../../tables/interner.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';

/** Of the whole table and the same in every row, where the other columns are a CPU's own. */
const SHARED = new Set(['entries']);

class StatTableSink extends LineSink {
  #names: string[] = [];
  #sums: number[] = [];
  #source: Source | undefined;

  head(names: readonly string[]): void {
    this.#names = names.map(flatten);
    this.#sums = names.map(() => 0);
    this.#source = undefined;
    this.ignore();
  }

  get hasHead(): boolean {
    return this.#names.length > 0;
  }

  row(words: readonly number[]): void {
    this.#source ??= this.source();
    this.records += 1;
    this.#sums = this.#sums.map((sum, i) => {
      const word = words[i] ?? 0;
      return SHARED.has(this.#names[i] ?? '') ? word : sum + word;
    });
  }

  counters(): Counter[] {
    const source = this.#source;
    const counters = source ? this.#names.map((name, i) => ({ source, name, value: this.#sums[i] ?? 0 })) : [];
    // A line that is read a second time, for its error message, is no row.
    this.#names = [];
    return counters;
  }
}

/**
 * /proc/net/stat/rt_cache (net/ipv4/route.c, rt_cpu_seq_show): `in_no_route`, `in_martian_src` and the like, summed over the CPUs.
 * Their source is the first CPU's row.
 */
export const rtCache: CaptureModule = {
  precedence: 100,
  mask: usualMask,
  formats: [
    {
      kind: 'rt-cache',
      words: [{ words: 'rt cache' }],
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/stat\/rt_cache$/],
      scope: 'namespace',
      collect: 'cat /proc/net/stat/rt_cache',
    },
  ],
  open: (input) => grammarReader(input, new StatTableSink(input), parse, (sink) => ({ counters: sink.counters() })),
  sniff: (head) => (/^entries +in_hit +in_slow_tot /m.test(head) ? 'rt-cache' : undefined),
};
