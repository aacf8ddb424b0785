import { parse } from '#grammars/sysctl';
import type { Sysctl } from '../../records/counter.ts';
import { flatten } from '../../tables/interner.ts';
import { type JsonItem, lineOfKey, text, textOrJson } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader, LineSink } from '../module.ts';

/** sysctl(8) writes a path's slashes as dots, and the dots of a device's name (`eth0.5`) as slashes. */
const dotted = (path: string): string => path.replace(/[./]/g, (character) => (character === '/' ? '.' : '/'));

/** The path of a member of the /proc/sys tree, wherever the tree stands in the bundle. */
const PROC = /(?:^|[/\s])proc\/sys\/(\S+?)(?:\.txt)?$/;

class SysctlSink extends LineSink {
  readonly sysctls: { -readonly [K in keyof Sysctl]: Sysctl[K] }[] = [];
  readonly #single: string | undefined;
  /** A bare line continues a value only directly below it. */
  #lastLine = -1;

  constructor(input: CaptureInput) {
    super(input);
    const path = PROC.exec(input.command ?? '')?.[1] ?? PROC.exec(input.file)?.[1];
    // A pattern names several.
    this.#single = path === undefined || /[*?[{]/.test(path) ? undefined : dotted(path);
  }

  get holdsOneValue(): boolean {
    return this.#single !== undefined;
  }

  value(value: string): void {
    if (this.#single !== undefined) this.assign(this.#single, value);
  }

  assign(printed: string, value: string): void {
    const name = printed.startsWith('/proc/sys/') ? dotted(printed.slice('/proc/sys/'.length)) : printed;
    const last = this.sysctls.at(-1);
    if (last?.name === name && this.#lastLine === this.line - 1) {
      this.continue(value);
      return;
    }
    this.#lastLine = this.line;
    this.records += 1;
    this.sysctls.push({ source: this.source(), name: flatten(name), value: flatten(value.trim()) });
  }

  /** busybox prints the later lines of a value bare. No value under `net` has several lines: what follows one is not its own. */
  get mayContinue(): boolean {
    return this.#lastLine === this.line - 1 && !this.sysctls.at(-1)?.name.startsWith('net.');
  }

  continue(value: string): void {
    const last = this.sysctls.at(-1);
    if (last) last.value += `\n${flatten(value.trimEnd())}`;
    this.#lastLine = this.line;
    this.ignore();
  }
}

/** Collectors in Go write one object of names and values. */
const fromJson = (sink: SysctlSink, item: JsonItem): void => {
  for (const [name, value] of Object.entries(item.value)) {
    const word = text(value);
    if (word === undefined) continue;
    sink.line = lineOfKey(item, name);
    sink.assign(name, word);
  }
};

/** `sysctl -a` (procps, busybox), files of the /proc/sys tree. */
export const sysctl: CaptureModule = {
  programs: 'sysctl',
  precedence: 180,
  mask: usualMask,
  formats: [
    {
      kind: 'sysctl',
      words: [{ words: 'sysctl|sysctls|sysctla' }, { words: 'nf|ip conntrack count|max|buckets|stat', common: true }],
      paths: [/(?:^|\/)proc\/sys\/net\//],
      firstLine: /^(?:abi|debug|dev|fs|kernel|net|sunrpc|user|vm)\.\S{1,100} = /,
      nameDecides: 'always',
      scope: 'namespace',
      collect: 'sysctl -a',
    },
  ],
  open(input) {
    const sink = new SysctlSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ sysctls: [...sink.sysctls] }));
    return textOrJson(reader, sink, fromJson);
  },
  sniff: (head) =>
    /^(?:(?:abi|crypto|debug|dev|fs|kernel|net|sunrpc|user|vm)\.[^ \t\n=]+ ?= ?|\/proc\/sys\/\S+ = )/m.test(head) ||
    /^\{\s*"(?:abi|crypto|debug|dev|fs|kernel|net|user|vm)\.[^"]+":\s*"/.test(head)
      ? 'sysctl'
      : undefined,
};
