import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECRETS } from '../secrets.ts';
import { run, sample } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-secrets-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const given = join(dir, 'given.tgz');

const membersOf = async (archive: string): Promise<ReadonlyMap<string, string>> => {
  const members = new Map<string, string>();
  const reader = extract();
  reader.end(gunzipSync(readFileSync(archive)));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    if (entry.header.type === 'file') members.set(entry.header.name, Buffer.concat(chunks).toString());
  }
  return members;
};

/** Where the lines stand that the report of the sample quotes. */
const cited = (document: unknown, into: Map<string, Set<number>>): Map<string, Set<number>> => {
  if (Array.isArray(document)) for (const item of document) cited(item, into);
  else if (typeof document === 'object' && document !== null) {
    const { file, line } = document as { file?: unknown; line?: unknown };
    if (typeof file === 'string' && typeof line === 'number') into.set(file, (into.get(file) ?? new Set()).add(line));
    for (const item of Object.values(document)) cited(item, into);
  }
  return into;
};

beforeAll(async () => {
  const answer = run([sample, '--format', 'json', '-o', '-']).stdout;
  const places = cited(JSON.parse(answer), new Map());
  const archive = pack();
  let next = 0;
  for (const [name, text] of await membersOf(sample)) {
    const lines = [...(places.entries() ?? [])].find(([file]) => name.endsWith(file))?.[1] ?? new Set<number>();
    // Behind every quoted line the next secret, so that each is among the lines around an excerpt or is cut by its end.
    const spiked = text.split('\n').flatMap((line, i) => {
      if (!lines.has(i + 1)) return [line];
      next += 1;
      return [line, ...(SECRETS[next % SECRETS.length]?.lines ?? [])];
    });
    archive.entry({ name }, spiked.join('\n'));
  }
  archive.entry({ name: 'secrets/everything.txt' }, SECRETS.flatMap(({ lines }) => lines).join('\n'));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  writeFileSync(given, gzipSync(Buffer.concat(chunks)));
  expect(next).toBeGreaterThan(SECRETS.length);
});

const page = join(dir, 'page.html');

test.each([
  ['the page', [given, '-o', page]],
  ['the page, redacted', [given, '-o', page, '--redact']],
  ['JSON', [given, '--format', 'json', '-o', '-']],
  ['JSON, redacted', [given, '--format', 'json', '-o', '-', '--redact']],
  ['Markdown', [given, '--format', 'md', '-o', '-']],
  ['Markdown, redacted, Chinese', [given, '--format', 'md', '-o', '-', '--redact', '--lang', 'zh-CN']],
  ['the terminal, --verbose', [given, '-o', page, '--verbose']],
  ['--list', [given, '--list']],
  ['flows', ['flows', given]],
  ['diff', ['diff', sample, given]],
  ['diff as JSON', ['diff', sample, given, '--format', 'json']],
])('no secret in %s', (_, args) => {
  const { stdout, stderr, status } = run(args);
  expect(status, stderr).toBe(0);
  const shown = `${stdout}${stderr}${args.includes(page) ? readFileSync(page, 'utf8') : ''}`;
  expect(shown.length).toBeGreaterThan(100);
  const leaked = SECRETS.flatMap(({ name, secrets }) =>
    secrets.filter((text) => shown.includes(text)).map((text) => `${name}: ${text}`),
  );
  expect(leaked).toEqual([]);
});
