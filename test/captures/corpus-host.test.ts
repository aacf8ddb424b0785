import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';
import { read } from './fixture.ts';
import { bundleMembers } from './recorded-members.ts';
import { type CorpusFile, corpus, everyFile, withCorpus } from './shared-material.ts';

const allowed: Readonly<Record<string, { readonly lines: number; readonly reason: string }>> = JSON.parse(
  readFileSync(new URL('./unread-allowed-host.json', import.meta.url), 'utf8'),
);
const allowedLines = (name: string): number => allowed[name]?.lines ?? 0;

/** Every file of a corpus folder is read with as many unread lines as are allowed, and its facts hold. */
const folder = (name: string, kind: CaptureKind, facts: (capture: Capture, file: CorpusFile) => void): void => {
  test(`corpus ${name}`, withCorpus, () =>
    everyFile(corpus(name), (file) => {
      const capture = read(kind, file.text, { command: file.command });
      expect(capture.unreadLines.slice(allowedLines(file.name))).toEqual([]);
      expect(capture.unread).toBe(allowedLines(file.name));
      expect(capture.lines).toBe(file.facts.get('lines'));
      facts(capture, file);
    }),
  );
};

/* The facts were counted by simple patterns; what such a pattern counts and is no record is taken off here. */
const messages = (capture: Capture): number => capture.toolMessages.length;

/** What the page's author left out and said so: no record, and not unread either. */
const cuts = (file: CorpusFile): number =>
  file.text.split('\n').filter((line) => /^\s*(?:\.{3}|\[\.{3}\])\s*$/.test(line)).length;

folder('ip-addr', 'ip-addr', (capture, file) => {
  const links = capture.data.links ?? [];
  const addresses = links.flatMap((link) => link.addresses);
  // Test logs that mask a device's index as `X:` escape the pattern of head lines; -o names links without describing them.
  const masked = file.text.split('\n').filter((line) => /^X: \S+ </.test(line)).length;
  expect(links.filter((link) => link.flags.length > 0)).toHaveLength((file.facts.get('links') ?? 0) + masked);
  expect(addresses.filter(({ family }) => family === 4)).toHaveLength(file.facts.get('inet') ?? 0);
  expect(addresses.filter(({ family }) => family === 6)).toHaveLength(file.facts.get('inet6') ?? 0);
});

folder('ip-route', 'ip-route', (capture, file) => {
  const routes = capture.data.routes ?? [];
  // The answer of `ip route get` is no row of a table.
  const answers = /\bget\b/.test(file.command) ? (file.facts.get('routes') ?? 0) : 0;
  expect(routes).toHaveLength(
    (file.facts.get('routes') ?? 0) - answers - messages(capture) - allowedLines(file.name) - cuts(file),
  );
  const plainDefaults = routes.filter(({ prefix, type }) => prefix.endsWith('/0') && type === 'unicast');
  const printedDefaults = file.text.split('\n').filter((line) => /^default\b/.test(line)).length;
  expect(plainDefaults).toHaveLength(printedDefaults);
  const hops = file.facts.get('nexthop');
  if (hops !== undefined)
    expect(routes.flatMap(({ nextHops }) => (nextHops.length > 1 ? nextHops : []))).toHaveLength(hops);
  for (const route of routes) expect(route.prefix.includes(':')).toBe(route.family === 6);
});

folder('ip-rule', 'ip-rule', (capture, file) => {
  expect(capture.data.rules).toHaveLength((file.facts.get('rules') ?? 0) - allowedLines(file.name));
});

folder('bridge-fdb', 'bridge-fdb', (capture, file) => {
  expect(capture.data.fdb).toHaveLength(file.facts.get('entries') ?? 0);
});

folder('ss', 'sockets', (capture, file) => {
  // The pattern counts rows of all families; those of other families than IP are ignored.
  const other = file.text.split('\n').filter((line) => /^(?:nl|u_\w+|p_\w+|v_\w+)\s/.test(line)).length;
  const rows = (capture.data.sockets ?? []).length + other;
  const counted = file.facts.get('tcp_or_state_lines') ?? 0;
  // Indented lines of -i and -m hold state words too, and a row of ICMP holds none.
  if (!/^[\t ]+\S/m.test(file.text)) expect(rows).toBe(counted);
  expect(rows + (file.facts.get('header') ?? 0)).toBeLessThanOrEqual(capture.lines);
});

folder('sysctl', 'sysctl', (capture, file) => {
  const assignments = file.facts.get('assignments') ?? 0;
  const values = (capture.data.sysctls ?? []).reduce((sum, { value }) => sum + value.split('\n').length, 0);
  expect(values).toBe(assignments);
  expect(messages(capture)).toBe(capture.lines - assignments);
});

folder('kubectl', 'kubectl', (capture, file) => {
  const rows = (file.facts.get('lines') ?? 0) - (file.facts.get('header_lines') ?? 0);
  expect(capture.records + capture.ignored).toBe(rows + 1);
});

const BUNDLE_FILES: readonly (readonly [CaptureKind, readonly string[]])[] = [
  ['ip-addr', ['ip_addr.txt']],
  ['ip-link', ['ip_link_stats.txt']],
  ['ip-route', ['ip_route.txt', 'ip_-6_route.txt']],
  ['ip-rule', ['ip_rule.txt', 'ip_-6_rule.txt']],
  ['ip-neigh', ['ip_neigh.txt']],
  ['bridge-fdb', ['bridge_fdb.txt']],
  ['sockets', ['ss_-antp.txt', 'ss_-anu.txt']],
  ['sysctl', ['sysctl_-a.txt']],
  ['counters', ['nstat_-az.txt', 'netstat_proc.txt']],
  ['dmesg', ['dmesg.txt']],
  ['uname', ['uname']],
  ['hostname', ['hostname']],
  ['date', ['date']],
];

describe('recorded bundles', () => {
  const wanted = new Map(BUNDLE_FILES.flatMap(([kind, files]) => files.map((file) => [file, kind] as const)));
  const members = bundleMembers(new Set(wanted.keys()));
  test.each(BUNDLE_FILES.flatMap(([, files]) => files))('%s: no line is unread, and there are records', (file) => {
    const kind = wanted.get(file);
    const captures = members
      .filter(({ name }) => name.endsWith(`/${file}`))
      .map(({ name, text }) =>
        read(kind ?? 'ip-addr', text, { file: name, family: file.includes('-6_') ? 6 : undefined }),
      );
    expect(captures.length).toBeGreaterThan(0);
    expect(captures.flatMap(({ unreadLines }) => unreadLines)).toEqual([]);
    expect(captures.reduce((sum, { records }) => sum + records, 0)).toBeGreaterThan(0);
  });
});
