import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAPTURE_MODULES } from '../../src/captures/registry.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import { read } from './fixture.ts';
import { ownTexts } from './own-material.ts';
import { corpus, withCorpus } from './shared-material.ts';

const FOLDERS: readonly (readonly [string, CaptureKind])[] = [
  ['iptables-save', 'iptables-save'],
  ['iptables-list', 'iptables-list'],
  ['nft', 'nft-ruleset'],
  ['ipset', 'ipset'],
];

// Lines of all four formats, so that each also meets the others.
const OWN = FOLDERS.flatMap(([, kind]) => ownTexts(kind).flatMap((text) => text.split('\n').slice(0, 40)));
const OTHERS = FOLDERS.flatMap(([folder]) => corpus(folder).flatMap(({ text }) => text.split('\n').slice(0, 40)));

describe.each([
  ['our own captures', OWN, {}],
  ['the corpus', OTHERS, withCorpus],
] as const)('no text made of %s makes a reader throw, and every line is accounted for', (_, lines, when) => {
  const mutated = fc
    .tuple(
      fc.constantFrom('', ...lines),
      fc.nat(200),
      fc.nat(8),
      fc.string({ unit: fc.constantFrom(...'{}"\\! -#:[]*,\n\tab0'), maxLength: 6 }),
    )
    .map(([line, at, length, insert]) => line.slice(0, at) + insert + line.slice(at + length));
  test.each(FOLDERS.map(([, kind]) => kind))('%s', when, (kind) => {
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 30 }), fc.boolean(), (texts, ended) => {
        const text = texts.join('\n') + (ended ? '\n' : '');
        const capture = read(kind, text);
        const count = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
        expect(capture.lines).toBe(count);
        expect(capture.unread).toBeLessThanOrEqual(count);
      }),
      { numRuns: 400, seed: 11 },
    );
  });
});

describe.each(FOLDERS.map(([, kind]) => kind))('%s: hostile lines', (kind) => {
  test.each([
    ['blanks', ' '.repeat(200_000)],
    ['quotes', `-A INPUT -m comment --comment ${'"a'.repeat(60_000)}`],
    ['backslashes', `-A INPUT -m comment --comment "${'\\'.repeat(100_000)}`],
    ['braces', `\t\ttcp dport ${'{ '.repeat(2_000)}`],
    ['dashes', `iptables ${'-t'.repeat(60_000)}`],
    ['words', 'a '.repeat(100_000)],
    ['flags', `-A INPUT ${'! --x '.repeat(30_000)}`],
    ['extensions', `    0     0 DROP  all  --  *  *  0.0.0.0/0  0.0.0.0/0  ${'tcp ct state NEW /* '.repeat(5_000)}`],
  ])('%s are read in less than a second', (_name, line) => {
    const head =
      'table ip t {\n\tchain c {\nChain INPUT (policy ACCEPT)\n pkts bytes target prot opt in out source destination\nMembers:\n';
    const start = process.cpuUsage();
    read(kind, `${head}${line}\n`);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1);
  });
});

describe('a capture without a name is known by its text', withCorpus, () => {
  // `ipset` 4's own commands, and pages that show a few rules without any head.
  const untold = (text: string) => /^-N \S+ iphash/.test(text) || /^\[\.\.\.\]/.test(text);
  test.each(FOLDERS)('%s', (folder, kind) => {
    for (const { name, text } of corpus(folder)) {
      if (untold(text)) continue;
      const found = CAPTURE_MODULES.map((module) => module.sniff(text.slice(0, 4096))).filter((k) => k !== undefined);
      expect([name, found]).toEqual([name, [kind]]);
    }
  });
});
