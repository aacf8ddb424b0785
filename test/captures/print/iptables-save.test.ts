import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printRule, printTables } from '../../../src/captures/print/iptables-save.ts';
import type { Chain, Match, MatchOption, Rule, RuleTable } from '../../../src/records/iptables.ts';
import { canonicalPrefix } from '../../../src/tables/address.ts';
import { fixture, read } from '../fixture.ts';
import { bundleMembers } from '../recorded-members.ts';
import { corpus, withCorpus } from '../shared-material.ts';

const tablesOf = (text: string): readonly RuleTable[] => read('iptables-save', text).data.tables ?? [];

/** Tables as plain data, without where they stood. */
const plain = (tables: readonly RuleTable[]) =>
  tables.map(({ source: _, chains, ...table }) => ({
    ...table,
    chains: [...chains.values()].map(({ source: __, rules, ...chain }) => ({
      ...chain,
      rules: rules.map(({ source: ___, ...rule }) => rule),
    })),
  }));

/** One blank between words, quotes only where blanks are, `!` in front of its flag. */
const bare = (line: string): string =>
  line
    .replace(/\s+/g, ' ')
    .replace(/"([^"\s\\]+)"/g, '$1')
    .replace(/ (-[sdiop]) ! /g, ' ! $1 ');

/** A capture as the printer documents it: no comments, one blank between words, bare quotes, `!` in front, rules by chain. */
const normal = (text: string): string[] => {
  const lines = text
    .split('\n')
    .filter((line) => /^\s*(?:\*|:|COMMIT|(?:\[\d+:\d+\] ?)?-A \S)/.test(line))
    .map((line) =>
      line
        .trim()
        .replace(/\s+/g, ' ')
        .replace(/^\[(\d+):(\d+)\] ?-A/, '[$1:$2] -A')
        .replace(/ -p (tcp|udp) --/g, ' -p $1 -m $1 --')
        .replace(/(?<= -[sd] )\S+/g, (address) => canonicalPrefix(address) ?? address),
    )
    .map(bare);
  const tables: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('*')) tables.push([]);
    tables.at(-1)?.push(line);
  }
  return tables.flatMap((table) => {
    const order = table.flatMap((line) => (line.startsWith(':') ? [line.slice(1).split(' ')[0] ?? ''] : []));
    const place = (line: string) => order.indexOf(/-A (\S+)/.exec(line)?.[1] ?? '');
    return [
      ...table.filter((line) => !line.includes('-A ') && line !== 'COMMIT'),
      ...table.filter((line) => line.includes('-A ')).sort((a, b) => place(a) - place(b)),
      ...table.filter((line) => line === 'COMMIT'),
    ];
  });
};

describe('over the corpus', withCorpus, () => {
  const texts = corpus('iptables-save').map((file) => file.text);

  test('text → model → text is the text', () => {
    const saved = texts.filter((text) => /^\*/m.test(text));
    expect(saved.length).toBeGreaterThan(30);
    for (const text of saved) {
      // A chain that nobody declared has no place in the order of chains, so it cannot be printed in its own.
      if (text.includes('...') || text.includes('-A DROP')) continue;
      expect(normal(printTables(tablesOf(text)))).toEqual(normal(text));
    }
  });

  test('model → text → model is the model, -S outputs too', () => {
    for (const text of texts) {
      const tables = tablesOf(text);
      expect(plain(tablesOf(printTables(tables)))).toEqual(plain(tables));
    }
  });

  test("every rule of iptables' own tests prints as iptables-save expects it", () => {
    let rules = 0;
    for (const file of corpus('iptables-rules-t')) {
      for (const line of file.text.split('\n')) {
        const [given = '', wanted = '', verdict] = line.split(';');
        if (verdict !== 'OK' || given.startsWith('#')) continue;
        const text = `-A INPUT ${wanted === '=' ? given : wanted}`.trim();
        const rule = tablesOf(`${text}\n`)[0]?.chains.get('INPUT')?.rules[0];
        expect(rule && bare(printRule(rule))).toBe(bare(text));
        rules += 1;
      }
    }
    expect(rules).toBeGreaterThan(300);
  });
});

test('text → model → text is the text, over the recorded bundles', () => {
  const texts = bundleMembers(new Set(['iptables-save.txt', 'ip6tables-save.txt']));
  expect(texts.length).toBeGreaterThan(30);
  for (const { name, text } of texts) {
    const tables = tablesOf(text);
    expect([name, normal(printTables(tables))]).toEqual([name, normal(text)]);
    expect(plain(tablesOf(printTables(tables)))).toEqual(plain(tables));
  }
});

test('what two kernels saved is printed as it was', () => {
  for (const name of ['legacy', 'nft', 'legacy6', 'nft6']) {
    const text = fixture(`iptables/${name}.save.txt`);
    const tables = tablesOf(text);
    expect(normal(printTables(tables))).toEqual(normal(text));
    expect(plain(tablesOf(printTables(tables)))).toEqual(plain(tables));
  }
});

// ---- any model ----

const source = { file: 'any', line: 1 };
const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.:+/-]{0,20}$/);
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const text = fc.string({ unit: fc.constantFrom(...'ab-_!"\'\\ ,[]{}#*;é/:0'), maxLength: 12 });
const counters = fc.option(fc.record({ packets: fc.nat(), bytes: fc.nat() }), { nil: undefined });

const option = (flag: fc.Arbitrary<string>, values: fc.Arbitrary<string[]>): fc.Arbitrary<MatchOption> =>
  fc.record({ flag, invert: fc.boolean(), values });
const plainOption = option(
  fc
    .stringMatching(/^--[a-z][a-z0-9-]{2,10}$/)
    .filter((flag) => !/^--(?:comment|name|helper|string|u32|selctx|bytecode)$/.test(flag)),
  fc.array(text, { maxLength: 3 }),
);
const textOption = option(
  fc.constantFrom('--comment', '--log-prefix', '--string', '--u32', '--helper'),
  fc.tuple(text),
);
const options = fc.array(fc.oneof(plainOption, textOption), { maxLength: 3 });

const own = (matchName: string, flag: string, values: fc.Arbitrary<string[]>): fc.Arbitrary<Match> =>
  fc.boolean().chain((invert) => values.map((v) => ({ name: matchName, options: [{ flag, invert, values: v }] })));
const address = fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => [`10.${a}.${b}.0/24`]);
const match: fc.Arbitrary<Match> = fc.oneof(
  own('source', '-s', address),
  own('destination', '-d', address),
  own('in-interface', '-i', fc.tuple(word)),
  own('out-interface', '-o', fc.tuple(word)),
  own('protocol', '-p', fc.tuple(name)),
  own('fragment', '-f', fc.constant([])),
  text.map((comment) => ({ name: 'comment', options: [{ flag: '--comment', invert: false, values: [comment] }] })),
  fc.record({ name: name.filter((n) => n !== 'comment' && n !== 'unknown'), options }),
);
const target = fc.option(fc.record({ name, goto: fc.boolean(), options }), { nil: undefined });

const ruleOf =
  (chain: string, position: number) =>
  (fields: Pick<Rule, 'matches' | 'target' | 'counters'>): Rule => {
    const comments = fields.matches.flatMap((m) => (m.name === 'comment' ? [m.options[0]?.values[0] ?? ''] : []));
    return { source, chain, position, ...fields, comment: comments.length > 0 ? comments.join('; ') : undefined };
  };
const chain: fc.Arbitrary<Chain> = fc
  .record({
    name,
    policy: fc.option(fc.constantFrom('ACCEPT', 'DROP'), { nil: undefined }),
    counters,
    rules: fc.array(fc.record({ matches: fc.array(match, { maxLength: 5 }), target, counters }), { maxLength: 4 }),
  })
  .map((fields) => ({ source, ...fields, rules: fields.rules.map((rule, i) => ruleOf(fields.name, i + 1)(rule)) }));
const table = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    name: fc.constantFrom('raw' as const, 'mangle' as const, 'nat' as const, 'filter' as const, 'security' as const),
    backend: fc.constantFrom('legacy' as const, 'nft' as const, 'unknown' as const),
    chains: fc.uniqueArray(chain, { selector: (c) => c.name, maxLength: 4 }),
  })
  .map(
    (fields): RuleTable => ({ source, exact: true, ...fields, chains: new Map(fields.chains.map((c) => [c.name, c])) }),
  )
  // A rule's own address outweighs the head comment, which a printed table never contradicts.
  .filter(
    ({ family, chains }) =>
      family === 4 ||
      ![...chains.values()].some(({ rules }) =>
        rules.some(({ matches }) => matches.some(({ name: n }) => n === 'source' || n === 'destination')),
      ),
  );

test('model → text → model is the model, for any model', () => {
  fc.assert(
    fc.property(fc.array(table, { maxLength: 3 }), (tables) => {
      expect(plain(tablesOf(printTables(tables)))).toEqual(plain(tables));
    }),
    { numRuns: 300, seed: 20 },
  );
});
