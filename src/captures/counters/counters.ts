import { parse } from '#grammars/counters';
import type { Counter } from '../../records/counter.ts';
import { flatten } from '../../tables/interner.ts';
import { type JsonItem, lineOfKey, number, object, textOrJson } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';
import { type Direction, netstatCounter } from './netstat-phrases.ts';

class CounterSink extends LineSink {
  readonly counters: Counter[] = [];
  #names: { readonly section: string; readonly names: readonly string[] } | undefined;
  #section: string | undefined;
  #direction: Direction | undefined;

  named(name: string, value: number): void {
    this.records += 1;
    this.counters.push({ source: this.source(), name: flatten(name), value });
  }

  mayName(_section: string, names: string): boolean {
    return /^[A-Za-z0-9_ ]+$/.test(names);
  }

  names(section: string, names: string): void {
    this.#names = { section, names: names.trim().split(' ').map(flatten) };
    this.#section = undefined;
    this.ignore();
  }

  /** A line of values must fit the line of names above it. */
  mayValue(section: string, values: string): boolean {
    return this.#names?.section === section && values.trim().split(/ +/).length === this.#names.names.length;
  }

  values(section: string, values: string): void {
    const names = this.#names?.names ?? [];
    this.#names = undefined;
    values
      .trim()
      .split(/ +/)
      .forEach((value, i) => {
        this.named(`${section}${names[i] ?? ''}`, Number(value));
      });
  }

  section(name: string): void {
    this.#section = name;
    this.#direction = undefined;
    this.ignore();
  }

  /** Whether an indented line is a counter of a `netstat -s` section. */
  get opened(): boolean {
    return this.#section !== undefined;
  }

  /** A description that nstat's names do not cover is known and not used. */
  phrase(text: string): void {
    const line = text.trim();
    const histogram = /^ICMP (input|output) histogram:$/.exec(line)?.[1];
    if (histogram !== undefined) this.#direction = histogram === 'input' ? 'In' : 'Out';
    else if (/^\d+ ICMP/.test(line)) this.#direction = undefined;
    const counter = netstatCounter(this.#section ?? '', this.#direction, line);
    if (counter) this.named(counter.name, counter.value);
    else this.ignore();
  }
}

/** `nstat -j`: one object per source of counters. */
const fromJson = (sink: CounterSink, item: JsonItem): void => {
  for (const group of Object.values(item.value))
    for (const [name, value] of Object.entries(object(group))) {
      const count = number(value);
      if (count === undefined) continue;
      sink.line = lineOfKey(item, name);
      sink.named(name, count);
    }
};

/** `nstat -az`, `netstat -s`, /proc/net/{snmp,snmp6,netstat} (net/ipv4/proc.c, net/ipv6/proc.c). */
export const counters: CaptureModule = {
  programs: 'nstat netstat',
  precedence: 110,
  mask: usualMask,
  formats: [
    {
      kind: 'counters',
      words: [
        { words: 'netstat s|statistics|snmp|proc' },
        { words: 'netstatistics' },
        { words: 'nstat' },
        { words: 'proc net netstat|snmp|snmp6' },
        { words: 'snmp|snmp6', common: true },
      ],
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/(?:netstat|snmp6?)$/],
      firstLine: /^#kernel$|^TcpExt: Syncookies|^Ip: Forwarding /,
      nameDecides: 'always',
      scope: 'namespace',
      collect: 'nstat -az',
    },
  ],
  open(input) {
    const sink = new CounterSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ counters: [...sink.counters] }));
    return textOrJson(reader, sink, fromJson);
  },
  sniff: (head) =>
    /^#kernel\n\w+\s+\d+|^(?:TcpExt|Ip|IpExt): [A-Z]\w+ [A-Z]\w+|^Ip:\n[ \t]+(?:Forwarding: |\d+ )|^Ip6InReceives\s+\d+|^\{\s*"kernel":\s*\{\s*"Ip/m.test(
      head,
    )
      ? 'counters'
      : undefined,
};
