/**
 * `npm run new-cause ID`: the skeleton of a root cause — src/causes/ID.ts, its words in both languages, its test — and its line in the registry.
 * The id is the catalogue's: lower case words joined by hyphens, naming the failing state.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const path = (file) => fileURLToPath(new URL(file, root));
const id = process.argv[2] ?? '';
if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) {
  console.error('usage: npm run new-cause ID   (lower case words joined by hyphens)');
  process.exit(2);
}
const name = id.replace(/-([a-z0-9])/g, (_, c) => c.toUpperCase());

const files = {
  [`src/causes/${id}.ts`]: `import { endingOf } from './ending.ts';
import type { Cause } from './finding.ts';

/** TODO: the mechanism in two sentences; which function of the kernel drops the packet, and what makes it. */
export const ${name}: Cause = {
  id: '${id}',
  group: 'C',
  layer: 'filter',
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
  writeFileSync(path(file), text);
  console.log(`wrote ${file}`);
}

const registry = path('src/causes/registry.ts');
const before = readFileSync(registry, 'utf8');
const after = before
  .replace(/(import type [^\n]+finding\.ts';\n)/, `$1import { ${name} } from './${id}.ts';\n`)
  .replace(/(CAUSES: readonly Cause\[\] = \[)/, `$1${name}, `);
writeFileSync(registry, after);
console.log('added it to src/causes/registry.ts; put the lines in alphabetical order with npm run format');
