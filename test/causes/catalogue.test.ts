import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CAUSES } from '../../src/judging/registry.ts';
import { renderCatalogue } from '../../src/report/catalogue/markdown.ts';

const FILE = fileURLToPath(new URL('../../src/causes/CATALOGUE.md', import.meta.url));

/** Sections of a page by the id in their heading. */
const sectionsOf = (page: string): ReadonlyMap<string, string> =>
  new Map(page.split(/^(?=##+ )/m).map((text) => [text.split('\n')[0] ?? '', text]));

test('src/causes/CATALOGUE.md tells of the causes as they are', () => {
  const written = sectionsOf(existsSync(FILE) ? readFileSync(FILE, 'utf8') : '');
  const wanted = sectionsOf(renderCatalogue(CAUSES, 'en'));
  const stale = [...new Set([...written.keys(), ...wanted.keys()])].filter(
    (heading) => written.get(heading) !== wanted.get(heading),
  );
  expect(stale, 'src/causes/CATALOGUE.md is not up to date in these sections: run npm run docs').toEqual([]);
});

test('every cause has a section, and no value of a bundle is in it', () => {
  const page = renderCatalogue(CAUSES, 'en');
  for (const { id } of CAUSES) expect(page).toContain(`\n### ${id}\n`);
  expect(page).not.toMatch(/undefined|\[object|\ue000/);
});
