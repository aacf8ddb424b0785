import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CAPTURE_MODULES } from '../../src/captures/registry.ts';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';
import type { ConntrackEntry } from '../../src/records/conntrack.ts';
import { read } from './fixture.ts';
import { bundleMembers } from './recorded-members.ts';
import { corpus, everyFile, withCorpus } from './shared-material.ts';

const KINDS = ['conntrack', 'ipvsadm', 'xfrm-state', 'xfrm-policy', 'xfrm-stat'] as const;

/** Lines that are read by no rule, with the reason: file → line number → reason. */
const allowed = JSON.parse(
  readFileSync(fileURLToPath(new URL('unread-allowed-flow-state.json', import.meta.url)), 'utf8'),
) as Record<string, Record<string, string>>;

const entriesOf = (capture: Capture): ConntrackEntry[] => {
  const table = capture.data.conntrack;
  return Array.from({ length: table?.count ?? 0 }, (_, row) => table?.entry(row) as ConntrackEntry);
};

/** What the index says of a file, counted in what was read of it. A fact that is about the text alone (`cpu_lines` of no lines) has no counter here. */
const COUNTERS: Record<string, (capture: Capture, text: string) => number> = {
  // The index counts the lines that hold something.
  lines: (c, text) => c.lines - (text.match(/^[ \t]*$/gm)?.length ?? 0) + (text.endsWith('\n') ? 1 : 0),
  entries: (c) => entriesOf(c).length,
  tcp: (c) => entriesOf(c).filter((e) => e.proto === 'tcp').length,
  udp: (c) => entriesOf(c).filter((e) => e.proto === 'udp').length,
  icmp: (c) => entriesOf(c).filter((e) => e.proto === 'icmp').length,
  ASSURED: (c) => entriesOf(c).filter((e) => e.assured).length,
  UNREPLIED: (c) => c.data.conntrack?.unrepliedRows().length ?? 0,
  OFFLOAD: (c) => entriesOf(c).filter((e) => e.offload).length,
  cpu_lines: (c) => c.data.conntrackStats?.length ?? 0,
  virtual: (c) => c.data.services?.length ?? 0,
  real: (c) => c.data.services?.reduce((n, service) => n + service.servers.length, 0) ?? 0,
  connections: (c) => c.data.ipvsConnections?.length ?? 0,
  sa: (c) => c.data.states?.length ?? 0,
  proto_lines: (c) => c.data.states?.filter((s) => s.proto !== '').length ?? 0,
  encap: (c) => c.data.states?.filter((s) => s.encap !== undefined).length ?? 0,
  sel: (c) => c.data.states?.filter((s) => s.selector !== undefined).length ?? 0,
  policies: (c) => c.data.policies?.length ?? 0,
  out: (c) => c.data.policies?.filter((p) => p.dir === 'out').length ?? 0,
  in: (c) => c.data.policies?.filter((p) => p.dir === 'in').length ?? 0,
  fwd: (c) => c.data.policies?.filter((p) => p.dir === 'fwd').length ?? 0,
  socket: (c) => c.data.policies?.filter((p) => p.dir === 'socket').length ?? 0,
  tmpl: (c) => c.data.policies?.reduce((n, policy) => n + policy.templates.length, 0) ?? 0,
  counters: (c) => c.data.counters?.length ?? 0,
  nonzero: (c) => c.data.counters?.filter((counter) => counter.value !== 0).length ?? 0,
};
/** Facts of the state's text that leave no record of their own: the anti-replay context's kind. */
const TEXT_ONLY = new Set(['ctx', 'esn_ctx']);

const OURS: ReadonlySet<CaptureKind> = new Set([...KINDS, 'conntrack-stats', 'ipvsadm-connections', 'rt-cache']);
const files = KINDS.flatMap((kind) => corpus(kind).map((file) => ({ ...file, kind })));

describe('the corpus', withCorpus, () => {
  test('has files of every kind', () => {
    for (const kind of KINDS) expect(files.filter((file) => file.kind === kind).length).toBeGreaterThan(3);
  });

  test('what the index says of a file is what is read', () =>
    everyFile(files, ({ name, kind, facts, text }) => {
      const capture = read(kind, text);
      const counted: Record<string, number> = {};
      const said: Record<string, number> = {};
      for (const [fact, value] of facts) {
        if (TEXT_ONLY.has(fact)) continue;
        const counter = COUNTERS[fact];
        if (!counter) throw new Error(`no counter for the fact ${fact}`);
        said[fact] = value;
        counted[fact] = counter(capture, text);
      }
      expect(counted).toEqual(said);
      const surprises = capture.unreadLines.filter((line) => allowed[name]?.[line.source.line] === undefined);
      expect(surprises).toEqual([]);
    }));

  test('every line that may be unread is unread', () => {
    for (const [name, lines] of Object.entries(allowed)) {
      const file = files.find((candidate) => candidate.name === name);
      const unread = file ? read(file.kind, file.text).unreadLines.map((line) => String(line.source.line)) : [];
      expect(Object.keys(lines)).toEqual(unread);
    }
  });
});

const MEMBERS: ReadonlyMap<string, CaptureKind> = new Map([
  ['conntrack_-L.txt', 'conntrack'],
  ['nf_conntrack.txt', 'conntrack'],
  ['conntrack_-S.txt', 'conntrack-stats'],
  ['ipvsadm_-Ln.txt', 'ipvsadm'],
  ['ipvsadm_-Ln_--stats.txt', 'ipvsadm'],
  ['ipvsadm_-Lnc.txt', 'ipvsadm-connections'],
  ['ip_xfrm_state.txt', 'xfrm-state'],
  ['ip_xfrm_policy.txt', 'xfrm-policy'],
  ['xfrm_stat.txt', 'xfrm-stat'],
  ['rt_cache.txt', 'rt-cache'],
]);

describe('the recorded bundles', () => {
  const members = bundleMembers(new Set(MEMBERS.keys())).map(({ name, text }) => ({
    name,
    text,
    kind: MEMBERS.get(name.slice(name.lastIndexOf('/') + 1)) ?? 'conntrack',
  }));

  test('have members of every name', () => {
    const names = new Set(members.map(({ name }) => name.slice(name.lastIndexOf('/') + 1)));
    expect([...names].sort()).toEqual([...MEMBERS.keys()].sort());
  });

  test('leave no line unread', () => {
    const unread = members.flatMap(({ name, kind, text }) =>
      read(kind, text, { file: name }).unreadLines.map((line) => `${name}:${line.source.line} ${line.text}`),
    );
    expect(unread).toEqual([]);
  });

  test('hold as many entries, connections and states as their text has lines of them', () => {
    for (const { name, kind, text } of members) {
      const { data } = read(kind, text);
      const lines = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
      if (kind === 'conntrack') expect(data.conntrack?.count, name).toBe(lines(/ src=\S+ dst=\S+.* src=/g));
      if (kind === 'conntrack-stats') expect(data.conntrackStats?.length, name).toBe(lines(/^cpu=/gm));
      if (kind === 'ipvsadm-connections') expect(data.ipvsConnections?.length, name).toBe(lines(/^(?:TCP|UDP|IP ) /gm));
      if (kind === 'ipvsadm') expect(data.services?.length, name).toBe(lines(/^(?:TCP|UDP|SCTP|FWM) /gm));
      if (kind === 'xfrm-state') expect(data.states?.length, name).toBe(lines(/^src /gm));
      if (kind === 'xfrm-policy') expect(data.policies?.length, name).toBe(lines(/^src /gm));
    }
  });
});

describe('the kind is told by the text alone', withCorpus, () => {
  const sniffed = (text: string): CaptureKind[] =>
    CAPTURE_MODULES.filter((module) => module.formats.some(({ kind }) => OURS.has(kind))).flatMap(
      (module) => module.sniff(text.slice(0, 4096)) ?? [],
    );
  /** Too little of the format is left: totals without a name, states of which somebody kept two lines. */
  const UNTOLD = new Set([
    'ipvsadm/hotsos--k8s-proc-net-ip_vs_stats.txt',
    'ipvsadm/hotsos--k8s-proc-net-ip_vs_stats_percpu.txt',
    'xfrm-state/libreswan--ikev2-mobike-02-east-L19.txt',
  ]);

  test('of every file', () =>
    everyFile(files, ({ name, kind, text }) => {
      const expected = kind === 'ipvsadm' && / connection entries|^Pro From/m.test(text) ? 'ipvsadm-connections' : kind;
      expect(sniffed(text)).toEqual(UNTOLD.has(name) ? [] : [expected]);
    }));

  test.each(['ip-addr', 'ip-route', 'iptables-save', 'ipset', 'nft', 'ss', 'sysctl', 'tcpdump', 'kubectl'])(
    'no %s is taken for one of these',
    (folder) => {
      for (const { name, text } of corpus(folder)) expect(sniffed(text), name).toEqual([]);
    },
  );
});
