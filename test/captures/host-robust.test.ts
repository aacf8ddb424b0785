import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAPTURE_MODULES } from '../../src/captures/registry.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import { read } from './fixture.ts';
import { ownTexts } from './own-material.ts';
import { bundleMembers } from './recorded-members.ts';
import { corpus, withCorpus } from './shared-material.ts';

const FOLDERS: readonly (readonly [string, CaptureKind])[] = [
  ['ip-addr', 'ip-addr'],
  ['ip-route', 'ip-route'],
  ['ip-rule', 'ip-rule'],
  ['bridge-fdb', 'bridge-fdb'],
  ['ss', 'sockets'],
  ['sysctl', 'sysctl'],
  ['kubectl', 'kubectl'],
];
const KINDS: readonly CaptureKind[] = [
  ...FOLDERS.map(([, kind]) => kind),
  'ip-link',
  'ip-neigh',
  'bridge-link',
  'counters',
  'dmesg',
  'uname',
  'hostname',
  'date',
];

const OWN = KINDS.flatMap((kind) => ownTexts(kind).flatMap((text) => text.split('\n').slice(0, 12)));
const OTHERS = FOLDERS.flatMap(([folder]) => corpus(folder).flatMap(({ text }) => text.split('\n').slice(0, 12)));

describe.each([
  ['our own captures', OWN, {}],
  ['the corpus', OTHERS, withCorpus],
] as const)('no text made of %s makes a reader throw, and every line is accounted for', (_, lines, when) => {
  const mutated = fc
    .tuple(fc.constantFrom('', ...lines), fc.nat(400), fc.nat(8), fc.string({ maxLength: 6 }))
    .map(([line, at, length, insert]) => line.slice(0, at) + insert.replace(/\r/g, '') + line.slice(at + length));
  test.each(KINDS)('%s', when, (kind) => {
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 8 }), fc.boolean(), (texts, ended) => {
        const text = texts.join('\n') + (ended ? '\n' : '');
        const capture = read(kind, text);
        const count = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
        expect(capture.lines).toBe(count);
        expect(capture.unread).toBeLessThanOrEqual(count);
      }),
      { numRuns: 120 },
    );
  });
});

describe('a capture without a name is known by its text', () => {
  const sniff = (text: string): (CaptureKind | undefined)[] =>
    CAPTURE_MODULES.map((module) => module.sniff(text.slice(0, 4096))).filter((kind) => kind !== undefined);
  // Too short or too special to be told: messages, answers of ip route get, rows of one destination, elided pages.
  const untold = (text: string, command: string) =>
    text.split('\n').length < 4 ||
    /\bget (?:to|names|np|gate|deploy|svc|-n)|serviceimport/.test(command) ||
    /^X: /m.test(text);

  for (const [folder, kind] of FOLDERS)
    test(folder, withCorpus, () => {
      for (const { name, text, command } of corpus(folder)) {
        const found = sniff(text);
        if (!untold(text, command) || found.length > 0)
          expect([name, found]).toEqual([name, [kind === 'ip-addr' && found[0] === 'ip-link' ? 'ip-link' : kind]]);
      }
    });

  test('recorded bundles', () => {
    const kinds = new Map<string, readonly CaptureKind[]>([
      ['ip_addr.txt', ['ip-addr']],
      ['ip_link_stats.txt', ['ip-link']],
      ['ip_route.txt', ['ip-route']],
      ['ip_rule.txt', ['ip-rule']],
      ['ip_neigh.txt', ['ip-neigh']],
      ['bridge_fdb.txt', ['bridge-fdb']],
      ['ss_-antp.txt', ['sockets']],
      ['sysctl_-a.txt', ['sysctl']],
      ['nstat_-az.txt', ['counters']],
      ['netstat_proc.txt', ['counters']],
      ['dmesg.txt', ['dmesg']],
      ['uname', ['uname']],
      ['date', ['date']],
    ]);
    for (const { name, text } of bundleMembers(new Set(kinds.keys())))
      if (text.trim() !== '')
        expect([name, sniff(text)]).toEqual([name, kinds.get(name.slice(name.lastIndexOf('/') + 1))]);
  });
});
