/**
 * `npm run new-cause ID LAYER`: the skeleton of a root cause - src/causes/LAYER/ID.ts, its words in both languages, its test - and its place in the registry. The id is
 * the catalogue's: lower case words joined by hyphens, naming the failing state; the layer is one of those in src/causes/facts/finding.ts.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './registry.mjs';

const root = new URL('..', import.meta.url);
const path = (file) => fileURLToPath(new URL(file, root));
const [id = '', layer = ''] = process.argv.slice(2);
const contract = readFileSync(path('src/causes/facts/finding.ts'), 'utf8');
const layers = [...(/export type Layer =([^;]+);/.exec(contract)?.[1] ?? '').matchAll(/'([a-z-]+)'/g)].map((m) => m[1]);
if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id) || !layers.includes(layer)) {
  console.error('usage: npm run new-cause ID LAYER   (ID: lower case words joined by hyphens)');
  console.error(`layers: ${layers.join(' ')}`);
  process.exit(2);
}
const name = id.replace(/-([a-z0-9])/g, (_, c) => c.toUpperCase());

const files = {
  [`src/causes/${layer}/${id}.ts`]: `import { endingOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';

/** TODO: the mechanism in two sentences; which function of the kernel drops the packet, and what makes it. */
export const ${name}: Cause = {
  id: '${id}',
  group: 'C',
  layer: '${layer}',
  control: false,
  needs: [],
  references: [],
  detect: (context) => {
    const ending = endingOf(context);
    if (!ending) return [];
    return [];
  },
};
`,
  [`templates/causes/en/${id}.hbs`]: `{{#section "title"}}TODO{{/section}}
{{#section "summary"}}TODO{{/section}}
{{#section "why"}}TODO{{/section}}
`,
  [`templates/causes/zh-CN/${id}.hbs`]: `{{#section "title"}}TODO{{/section}}
{{#section "summary"}}TODO{{/section}}
{{#section "why"}}TODO{{/section}}
`,
  [`test/causes/${id}.test.ts`]: `import { expect, test } from 'vitest';

test.todo('${id}: a bundle in which it holds');
test.todo('${id}: a look-alike in which it must not');
test.todo('${id}: a needed capture is missing, and it says which');
void expect;
`,
};

for (const [file, text] of Object.entries(files)) {
  if (existsSync(path(file))) {
    console.error(`${file} is there already`);
    process.exit(2);
  }
  mkdirSync(dirname(path(file)), { recursive: true });
  writeFileSync(path(file), text);
  console.log(`wrote ${file}`);
}

const generated = generatedFiles();
for (const [file, text] of Object.entries(generated)) writeFileSync(path(file), text);
console.log(`wrote ${Object.keys(generated).join(' and ')}`);
