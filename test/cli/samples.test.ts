import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inside } from './inside.ts';
import { root } from './run.ts';

const README = readFileSync(`${root}samples/README.md`, 'utf8');
const ROW = /^\| `([\w-]+\.tgz)` \|.*\|(.*)\|$/gm;
const rows = [...README.matchAll(ROW)].map(([, file = '', shows = '']) => ({
  file,
  cause: /\(`([a-z0-9-]+)`\)\s*$/.exec(shows.trim())?.[1],
}));

test('samples/README.md tells of every sample', () => {
  const files = readdirSync(`${root}samples`).filter((file) => file.endsWith('.tgz'));
  expect(rows.map(({ file }) => file).sort()).toEqual(files.sort());
});

test.each(rows)('$file shows what is said of it', async ({ file, cause }) => {
  const { stdout, status } = await inside(`${root}samples/${file}`, '--format', 'json');
  expect(status).toBe(0);
  const { rootCauses } = JSON.parse(stdout) as { rootCauses: readonly { id: string; confidence: string }[] };
  if (cause === undefined) expect(rootCauses).toEqual([]);
  else expect(rootCauses[0]).toMatchObject({ id: cause, confidence: 'certain' });
});
