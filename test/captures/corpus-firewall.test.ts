import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';
import type { RuleTable } from '../../src/records/iptables.ts';
import { read } from './fixture.ts';
import { bundleMembers } from './recorded-members.ts';
import { type CorpusFile, corpus, everyFile, hasCorpus, withCorpus } from './shared-material.ts';

const allowed: Readonly<Record<string, { readonly lines: number; readonly reason: string }>> = JSON.parse(
  readFileSync(new URL('./unread-allowed-firewall.json', import.meta.url), 'utf8'),
);
const allowedLines = (name: string): number => allowed[name]?.lines ?? 0;

/** Every file of a corpus folder is read with just as many unread lines as are allowed, and its facts hold. */
const folder = (name: string, kind: CaptureKind, facts: (capture: Capture, file: CorpusFile) => void): void => {
  test(`corpus ${name}`, withCorpus, () =>
    everyFile(corpus(name), (file) => {
      const capture = read(kind, file.text, { command: file.command });
      expect(capture.unreadLines.slice(allowedLines(file.name))).toEqual([]);
      expect(capture.unread).toBe(allowedLines(file.name));
      facts(capture, file);
    }),
  );
};

const chainsOf = (tables: readonly RuleTable[]) => tables.flatMap((table) => [...table.chains.values()]);
const rulesOf = (tables: readonly RuleTable[]) => chainsOf(tables).flatMap(({ rules }) => rules);
const fact = (file: CorpusFile, name: string): number => file.facts.get(name) ?? 0;

folder('iptables-save', 'iptables-save', (capture, file) => {
  const tables = capture.data.tables ?? [];
  expect(rulesOf(tables)).toHaveLength(fact(file, 'rules'));
  expect(tables).toHaveLength(Math.max(1, fact(file, 'tables')));
  const declared = fact(file, 'chains') + fact(file, 'P_lines') + fact(file, 'N_lines');
  // Chains that only a rule names are not declared.
  const lines = file.text.split('\n');
  expect(
    chainsOf(tables).filter(({ source }) => /^(?::|-[PN] )/.test(lines[source.line - 1]?.trim() ?? '')),
  ).toHaveLength(declared);
  for (const rule of rulesOf(tables)) {
    expect(lines[rule.source.line - 1]).toContain(`-A ${rule.chain}`);
    expect(rule.matches.map(({ name }) => name)).not.toContain('unknown');
  }
  if (/^ip6tables|ip6tables-save$/.test(file.command) && !file.text.includes('by iptables-save'))
    expect(tables.map(({ family }) => family)).toEqual(tables.map(() => 6));
});

folder('iptables-list', 'iptables-list', (capture, file) => {
  const tables = capture.data.tables ?? [];
  expect(chainsOf(tables)).toHaveLength(fact(file, 'chains'));
  // A rule that the page's author wrapped stands on two of the counted lines.
  const wrapped = file.text.split('\n').filter((line) => /^ {5}[A-Z]+ /.test(line)).length;
  expect(rulesOf(tables)).toHaveLength(fact(file, 'other_nonblank_lines') - wrapped);
  expect(rulesOf(tables).flatMap(({ matches }) => matches.filter(({ name }) => name === 'unknown'))).toEqual([]);
  const named = /-t (\w+)/.exec(file.command)?.[1];
  if (named !== undefined) expect(new Set(tables.map(({ name }) => name))).toEqual(new Set([named]));
});

folder('nft', 'nft-ruleset', (capture, file) => {
  const tables = capture.data.nftTables ?? [];
  expect(tables).toHaveLength(fact(file, 'tables'));
  expect(tables.flatMap(({ chains }) => [...chains.values()])).toHaveLength(fact(file, 'chains'));
  const sets = tables.flatMap((table) => [...table.sets.values()]);
  expect(sets.filter(({ kind }) => kind !== 'set')).toHaveLength(fact(file, 'maps'));
  for (const { name, elements } of sets) expect([name, elements.length]).not.toEqual([name, 0]);
});

folder('ipset', 'ipset', (capture, file) => {
  const sets = capture.data.sets ?? [];
  const members = sets.flatMap((set) => set.members);
  if (file.facts.has('sets')) {
    expect(sets).toHaveLength(fact(file, 'sets'));
    for (const { declaredEntries, members: listed } of sets)
      if (declaredEntries !== undefined) expect(listed).toHaveLength(declaredEntries);
    expect(sets.reduce((sum, set) => sum + (set.declaredEntries ?? 0), 0)).toBe(fact(file, 'Number_of_entries_sum'));
  } else {
    // ipset 4 wrote -N and -A, which the facts do not count.
    const old = (flag: string) => file.text.split('\n').filter((line) => line.startsWith(`${flag} `)).length;
    expect(sets).toHaveLength(fact(file, 'create') + old('-N'));
    expect(members).toHaveLength(fact(file, 'add') + old('-A'));
  }
});

describe('recorded bundles', () => {
  const KINDS: ReadonlyMap<string, CaptureKind> = new Map([
    ['iptables-save.txt', 'iptables-save'],
    ['ip6tables-save.txt', 'iptables-save'],
    ['nft_ruleset.txt', 'nft-ruleset'],
    ['ipset_list.txt', 'ipset'],
  ]);
  const members = bundleMembers(new Set(KINDS.keys()));

  test('every line of every firewall capture is read', () => {
    expect(members.length).toBeGreaterThan(100);
    for (const { name, text } of members) {
      const kind = KINDS.get(name.slice(name.lastIndexOf('/') + 1)) ?? 'ipset';
      const capture = read(kind, text);
      expect([name, capture.unreadLines]).toEqual([name, []]);
      if (kind === 'iptables-save')
        expect(rulesOf(capture.data.tables ?? [])).toHaveLength(
          text.split('\n').filter((line) => /^(?:\[\d+:\d+\] )?-A /.test(line)).length,
        );
      for (const set of capture.data.sets ?? []) expect(set.members).toHaveLength(set.declaredEntries ?? -1);
    }
  });

  test('iptables-nft says the same through nft as through iptables-save: chain by chain, as many rules', () => {
    const byNode = new Map<string, Map<string, string>>();
    for (const { name, text } of members) {
      const at = name.lastIndexOf('/');
      const node = byNode.get(name.slice(0, at)) ?? new Map<string, string>();
      byNode.set(name.slice(0, at), node.set(name.slice(at + 1), text));
    }
    let compared = 0;
    for (const files of byNode.values()) {
      const saved = files.get('iptables-save.txt');
      const listed = files.get('nft_ruleset.txt');
      if (saved === undefined || listed === undefined) continue;
      const nft = read('nft-ruleset', listed).data.nftTables ?? [];
      for (const table of read('iptables-save', saved).data.tables ?? []) {
        const other = nft.find(({ family, name }) => family === 'ip' && name === table.name);
        for (const chain of table.chains.values()) {
          // A base chain comes into being with the first rule or policy that needs it.
          const twin = other?.chains.get(chain.name);
          if (!twin && chain.rules.length === 0) continue;
          expect(twin?.rules.map(({ counters }) => counters)).toHaveLength(chain.rules.length);
          compared += chain.rules.length;
        }
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});

test('a reason stands for every line that is allowed to stay unread, and the file exists', () => {
  for (const [name, { lines, reason }] of Object.entries(allowed)) {
    expect(reason).not.toBe('');
    expect(lines).toBeGreaterThan(0);
    if (hasCorpus) expect(corpus(name.split('/')[0] ?? '').map((file) => file.name)).toContain(name);
  }
});
