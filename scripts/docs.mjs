/** `npm run docs`: writes src/causes/CATALOGUE.md, the page of all causes, from the built causes and their English words. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CAUSES } from '../dist/src/judging/registry.js';
import { renderCatalogue } from '../dist/src/report/catalogue/markdown.js';

const page = fileURLToPath(new URL('../src/causes/CATALOGUE.md', import.meta.url));
writeFileSync(page, renderCatalogue(CAUSES, 'en'));
console.log(`${CAUSES.length} causes in ${page}`);
