import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { read } from './fixture.ts';
import { bundleMembers } from './recorded-members.ts';
import { corpus, everyFile, withCorpus } from './shared-material.ts';

/** Corpus lines that are no output of tcpdump: file, line number, why. Each entry must still be needed. */
const allowed = JSON.parse(
  readFileSync(fileURLToPath(new URL('unread-allowed-tcpdump.json', import.meta.url)), 'utf8'),
) as readonly { file: string; line: number; reason: string }[];

/** Lines of a text that begin as a packet of `-i any` with date and time: counted without our grammar. */
const stamped = (text: string): number => text.split('\n').filter((line) => /^\d{4}-\d\d-\d\d \d\d:/.test(line)).length;

describe('corpus', withCorpus, () => {
  const files = corpus('tcpdump');
  test('is there', () => expect(files.length).toBeGreaterThan(100));

  test('every file is read to its last line, with as many packets as it has', () =>
    everyFile(files, ({ name, text, facts }) => {
      const capture = read('tcpdump', text, { file: name });
      // Packets as the index counted them: numbered, else stamped, else (-t) those that begin with IP.
      const count = facts.get('packets') ?? (facts.get('timestamped_lines') || facts.get('lines_starting_IP') || 0);
      expect(capture.records).toBe(count);
      expect(capture.data.packets?.count).toBe(count);
      expect(capture.lines).toBe(text.split('\n').length - (text.endsWith('\n') ? 1 : 0));
      expect(capture.lines).toBeGreaterThanOrEqual(facts.get('lines') ?? 0);
      const excused = allowed.filter(({ file }) => file === name).map(({ line }) => line);
      expect(capture.unreadLines.map(({ source }) => source.line)).toEqual(excused);
    }));

  test('stamped captures have their bare IP lines as packets inside', () => {
    for (const { name, text, facts } of files) {
      const bare = facts.get('lines_starting_IP') ?? 0;
      if (bare === 0 || (facts.get('timestamped_lines') ?? 0) === 0) continue;
      const rows = read('tcpdump', text).data.packets;
      let inside = 0;
      for (let row = 0; row < (rows?.count ?? 0); row += 1) if (rows?.packet(row).inner) inside += 1;
      expect([name, inside]).toEqual([name, bare]);
    }
  });

  test('the list of excused lines is honest', () => {
    for (const { file, reason } of allowed) {
      expect(files.map(({ name }) => name)).toContain(file);
      expect(reason.length).toBeGreaterThan(10);
    }
  });
});

describe('recorded bundles', () => {
  // Any text file: the folder decides.
  const texts = { has: (name: string) => name.endsWith('.txt') } as ReadonlySet<string>;
  const members = bundleMembers(texts).filter(({ name }) => /\/tcpdump\/[^/]+$/.test(name));

  test('every line is read and every stamped line is a packet with its addresses', () => {
    expect(members.length).toBeGreaterThan(100);
    const wrong: unknown[] = [];
    for (const { name, text } of members) {
      const capture = read('tcpdump', text, { file: name });
      const rows = capture.data.packets;
      if (capture.unread > 0 || rows?.count !== stamped(text))
        wrong.push([name, capture.unreadLines.slice(0, 3), rows?.count, stamped(text)]);
      for (let row = 0; row < (rows?.count ?? 0); row += 1) {
        const view = rows?.packet(row);
        if (view?.proto === 'other' || view?.src === undefined || !view.absolute) wrong.push([name, view?.source.line]);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
