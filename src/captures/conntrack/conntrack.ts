import { parse } from '#grammars/conntrack';
import type { CaptureData, CaptureKind } from '../../records/capture.ts';
import type { ConntrackStats } from '../../records/conntrack.ts';
import type { Source } from '../../records/source.ts';
import {
  BAD_PORTS,
  ConntrackColumns,
  PRINTED,
  packPorts,
  type RareFields,
  SHAPE,
  SHAPE_UNIT,
} from '../../tables/conntrack-columns.ts';
import { flatten } from '../../tables/interner.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, type CaptureReader, grammarReader, LineSink } from '../module.ts';
import { plainText } from '../plain-text.ts';
import { isOtherForm, plainEntries } from './conntrack-forms.ts';
import { UsualEntries } from './conntrack-usual.ts';

const noRareFields = (): RareFields => ({
  event: null,
  time: null,
  assured: false,
  mark: null,
  zone: null,
  use: null,
  secctx: null,
  offload: false,
  hardwareOffload: false,
  zoneOriginal: null,
  zoneReply: null,
  originalPackets: null,
  originalBytes: null,
  replyPackets: null,
  replyBytes: null,
  helper: null,
  deltaTime: null,
  id: null,
  extra: null,
});

class ConntrackSink extends LineSink {
  readonly table: ConntrackColumns;
  readonly stats: ConntrackStats[] = [];
  /** The command asks for the number of entries alone. */
  readonly countsAlone: boolean;
  readonly #family: 4 | 6 | null;
  #rare: RareFields | null = null;
  #columns: string[] = [];
  #cpus = 0;
  #singles: { source: Source; counters: Map<string, number> } | undefined;

  constructor(input: CaptureInput) {
    super(input);
    this.table = new ConntrackColumns(input.file);
    this.#family = input.family ?? null;
    this.countsAlone = /(?:^|[\s_])(?:-C|--count)(?=[\s_]|$)/.test(input.command ?? '');
  }

  /** The line's fields that few lines have. */
  get rare(): RareFields {
    this.#rare ??= noRareFields();
    return this.#rare;
  }

  /** Whatever became of the line, its fields are not the next one's. */
  override next(): void {
    super.next();
    this.#rare = null;
  }

  event(time: string | null, name: string): void {
    this.rare.event = name;
    this.rare.time = time === null ? null : Number(time);
  }

  originalCount(packets: number, bytes: number): void {
    this.rare.originalPackets = packets;
    this.rare.originalBytes = bytes;
  }

  replyCount(packets: number, bytes: number): void {
    this.rare.replyPackets = packets;
    this.rare.replyBytes = bytes;
  }

  other(field: string): void {
    this.rare.extra = this.rare.extra === null ? field : `${this.rare.extra} ${field}`;
  }

  /** What stands for an address that is no dotted quad. */
  address(text: string): number {
    return this.table.addressOf(text);
  }

  ports(source: number, destination: number): number {
    return packPorts(SHAPE.ports, source, destination);
  }

  icmp(type: number, code: number, id: number | null): number {
    if (type > 255 || code > 255) return BAD_PORTS;
    return packPorts(id === null ? SHAPE.icmpWithoutId : SHAPE.icmp, type * 256 + code, id ?? 0);
  }

  greKeys(source: number, destination: number): number {
    return packPorts(SHAPE.gre, source, destination);
  }

  /** False where a number has more bits than its field: then the line is no entry. */
  entry(
    family: 4 | 6 | null,
    protocol: number,
    timeout: number | null,
    state: string | null,
    originalSrc: number,
    originalDst: number,
    originalPorts: number,
    unreplied: boolean,
    replySrc: number,
    replyDst: number,
    replyPorts: number,
    assured: boolean,
    mark: number | null,
    secctx: string | null,
    zone: number | null,
    use: number | null,
  ): boolean {
    if (protocol > 255 || originalPorts < 0 || replyPorts < 0) return false;
    this.records += 1;
    this.table.append(
      this.number,
      family ?? this.#family,
      protocol,
      timeout,
      state === null ? 0 : this.table.wordId(state),
      originalSrc,
      originalDst,
      originalPorts / SHAPE_UNIT,
      originalPorts,
      unreplied,
      replySrc,
      replyDst,
      replyPorts / SHAPE_UNIT,
      replyPorts,
      assured,
      mark,
      secctx,
      zone,
      use,
      this.#rare,
      PRINTED.no,
    );
    return true;
  }

  /** Entries that the grammar was not needed for are in the table. */
  usual(entries: number): void {
    this.records += entries;
    this.line += entries;
  }

  cpu(cpu: number, pairs: readonly (readonly [string, number])[]): void {
    this.records += 1;
    this.stats.push({
      source: this.source(),
      cpu,
      counters: new Map(pairs.map(([name, value]) => [flatten(name), value])),
    });
  }

  head(names: string): void {
    this.#columns = names.split(/[ \t]+/).map(flatten);
    this.#cpus = 0;
    this.ignore();
  }

  get hasHead(): boolean {
    return this.#columns.length > 0;
  }

  row(text: string): void {
    const words = text.split(/[ \t]+/);
    const counters = new Map(this.#columns.map((name, i) => [name, Number.parseInt(words[i] ?? '0', 16)]));
    this.records += 1;
    this.stats.push({ source: this.source(), cpu: this.#cpus, counters });
    this.#cpus += 1;
  }

  single(name: string, value: number): void {
    this.#singles ??= { source: this.source(), counters: new Map() };
    this.#singles.counters.set(flatten(name), value);
    this.records += 1;
  }

  data(kind: CaptureKind): CaptureData {
    // A line that is read a second time, for its error message, is no row of a table.
    this.#columns = [];
    const stats = this.#singles ? [...this.stats, { ...this.#singles, cpu: undefined }] : this.stats;
    return {
      ...(kind === 'conntrack' || this.table.count > 0 ? { conntrack: this.table } : {}),
      ...(kind === 'conntrack-stats' || stats.length > 0 ? { conntrackStats: stats } : {}),
    };
  }
}

/** After so many lines in a row that were not usual the grammar gets the next ones unseen, twice as many each time it goes on. */
const PATIENCE = 8;
const LONGEST_RUN = 256;
const NEWLINE = 10;

/** Usual entries are read without the grammar; it gets what stands between them. */
const open = (input: CaptureInput): CaptureReader => {
  const sink = new ConntrackSink(input);
  const grammar = grammarReader(input, sink, parse, () => sink.data(input.kind));
  const usual = new UsualEntries(sink.table, input.family ?? null);
  let misses = 0;
  /** Reads what was opened; `nextLine` finds the end of a line that is not usual, `other` reads some of those. */
  const readOpened = (
    length: number,
    nextLine: (from: number) => number,
    other: (from: number, to: number) => void,
  ): void => {
    for (let at = 0; at < length; ) {
      const from = usual.read(at, length, sink.line);
      sink.usual(usual.taken);
      if (from >= length) return;
      if (usual.taken > 0) misses = 0;
      const run = misses < PATIENCE ? 1 : Math.min(2 ** (misses - PATIENCE), LONGEST_RUN);
      at = from;
      for (let lines = 0; lines < run && at < length; lines += 1) at = nextLine(at) + 1 || length;
      misses += 1;
      other(from, at);
    }
  };
  /** Told by the first slice; a capture is of one form. */
  let form: 'table' | 'other' | undefined;
  const read = (given: string): void => {
    form ??= isOtherForm(given) ? 'other' : 'table';
    const slice = form === 'other' ? plainEntries(given) : given;
    if (!input.numbers?.part && usual.open(slice))
      readOpened(
        slice.length,
        (from) => slice.indexOf('\n', from),
        (from, to) => grammar.read(slice.slice(from, to)),
      );
    else grammar.read(slice);
  };
  const readBytes = (lines: Buffer): void => {
    if (form !== 'table' || input.numbers?.part) {
      read(plainText(lines.toString()));
      return;
    }
    usual.openBytes(lines);
    readOpened(
      lines.length,
      (from) => lines.indexOf(NEWLINE, from),
      (from, to) => grammar.read(plainText(lines.toString('utf8', from, to))),
    );
  };
  return { read, readBytes, end: grammar.end };
};

/**
 * The connection tracking table and its statistics: `conntrack -L` (also `-o save` and `-o xml`), `-E`, `-S` (conntrack-tools), /proc/net/nf_conntrack
 * (net/netfilter/nf_conntrack_standalone.c, ct_seq_show) and /proc/net/stat/nf_conntrack (ct_cpu_seq_show).
 */
export const conntrack: CaptureModule = {
  programs: 'conntrack',
  precedence: 30,
  mask: usualMask,
  formats: [
    {
      kind: 'conntrack',
      words: [{ words: 'nf|ip conntrack' }, { words: 'conntrack|conntrack6|conntracks' }],
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/nf_conntrack$/],
      firstLine: /^(?:ipv[46] +\d+ )?(?:tcp|udp|icmp|icmpv6|sctp|dccp|udplite|gre|unknown) +\d+ .{0,80}?\bsrc=\S+ dst=/,
      kin: 'conntrack',
      scope: 'namespace',
      collect: 'conntrack -L -o extended',
    },
    {
      kind: 'conntrack-stats',
      words: [{ words: 'stat nf conntrack' }, { words: 'conntrack|conntrack6 s|stats|stat|statistics' }],
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/stat\/nf_conntrack$/],
      firstLine: /^cpu=\d+\s+(?:found|searched|entries)=/,
      kin: 'conntrack',
      scope: 'namespace',
      collect: 'conntrack -S',
    },
  ],
  open,
  sniff: (head) => {
    if (/^(?:\s*\[[A-Z]+\] )?(?:ipv[46] +\d+ )?[a-z0-9]+ +\d+ (?:\d+ )?(?:[A-Z_0-9]+ )?src=\S+ dst=\S+ /m.test(head))
      return 'conntrack';
    if (isOtherForm(head)) return 'conntrack';
    if (/^conntrack v\S+ \(conntrack-tools\): /m.test(head)) return 'conntrack';
    return /^cpu=\d+\s+(?:found|entries)=\d|^entries +(?:clashres|searched) /m.test(head)
      ? 'conntrack-stats'
      : undefined;
  },
};
