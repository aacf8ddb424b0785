import { parse } from '#grammars/xfrm-stat';
import type { Counter } from '../../records/counter.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';

class CounterSink extends LineSink {
  readonly counters: Counter[] = [];

  counter(name: string, value: number): void {
    this.records += 1;
    this.counters.push({ source: this.source(), name, value });
  }
}

/** /proc/net/xfrm_stat (net/xfrm/xfrm_proc.c). */
export const xfrmStat: CaptureModule = {
  precedence: 90,
  mask: usualMask,
  formats: [
    {
      kind: 'xfrm-stat',
      words: [{ words: 'xfrm|xfrms stat|stats|statistics' }, { words: 'xfrmstat|xfrmstats|procnetxfrmstat' }],
      object: { of: 'ip xfrm', names: 'stat|stats' },
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/xfrm_stat$/],
      firstLine: /^XfrmInError\s+\d/,
      kin: 'xfrm',
      scope: 'namespace',
      collect: 'cat /proc/net/xfrm_stat',
    },
  ],
  open: (input) => grammarReader(input, new CounterSink(input), parse, (sink) => ({ counters: sink.counters })),
  sniff: (head) => (/^Xfrm[A-Za-z]+\s+\d+$/m.test(head) ? 'xfrm-stat' : undefined),
};
