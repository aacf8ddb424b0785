/**
 * Precompiles templates/**\/*.hbs to dist/templates/index.js: strict, known helpers only, so that a misspelt name in a template
 * is a build or a test failure. Only the Handlebars runtime ships. The names of the sections become a type, so that the compiler sees which codes have no words; a section that
 * one language has and another has not fails here.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';

const root = fileURLToPath(new URL('..', import.meta.url));
const templateDir = join(root, 'templates');
const out = join(root, 'dist', 'templates');

/** Helpers that src/report/helpers.ts registers; a template can use no other. */
const helpers = JSON.parse(readFileSync(join(templateDir, 'helpers.json'), 'utf8'));

/**
 * Every generated function carries a fallback for runtimes before 4.6, which have no container.lookupProperty; the runtime that ships has it.
 * Without it the module is half as large and starts faster.
 */
const LOOKUP =
  /lookupProperty = container\.lookupProperty \|\| function\(parent, propertyName\) \{[\s\S]*?return undefined\s*\}/g;

/** Where in the template a helper is called: no helper of ours asks. A name that has no value is still told with its place. */
const PLACE = /,"loc":\{"start":\{"line":\d+,"column":\d+\},"end":\{"line":\d+,"column":\d+\}\}/g;

const files = readdirSync(templateDir, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.hbs'))
  .sort();
const entries = files.map((file) => {
  const name = relative(templateDir, join(templateDir, file))
    .split(sep)
    .join('/')
    .replace(/\.hbs$/, '');
  const spec = Handlebars.precompile(readFileSync(join(templateDir, file), 'utf8'), {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(helpers.map((helper) => [helper, true])),
    srcName: undefined,
  });
  return `  ${JSON.stringify(name)}: ${spec.replace(LOOKUP, 'lookupProperty = container.lookupProperty').replace(PLACE, '')},`;
});

/** Names of the sections of a file of words, sorted. */
const sectionsOf = (file) =>
  Handlebars.parse(readFileSync(join(templateDir, file), 'utf8'))
    .body.filter((part) => part.type === 'BlockStatement' && part.path.original === 'section')
    .flatMap((part) => part.params.map((name) => name.value))
    .sort();

const languages = readdirSync(templateDir, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'causes' && entry.name !== 'page')
  .map((entry) => entry.name);
const sections = new Map();
for (const language of languages)
  for (const file of readdirSync(join(templateDir, language)).sort()) {
    const name = file.replace(/\.hbs$/, '');
    const own = sectionsOf(join(language, file));
    const twice = own.filter((section, i) => own[i - 1] === section);
    if (twice.length > 0) throw new Error(`templates/${language}/${file} says ${twice.join(', ')} twice`);
    const others = sections.get(name) ?? (language === languages[0] ? own : []);
    const lacks = others.filter((section) => !own.includes(section));
    const alone = own.filter((section) => !others.includes(section));
    if (lacks.length + alone.length > 0)
      throw new Error(
        `templates/${language}/${file} and templates/${languages[0]}/${file} say different things: ${[...lacks, ...alone].join(', ')}`,
      );
    sections.set(name, own);
  }
const said = [...sections].map(
  ([name, own]) => `  readonly ${JSON.stringify(name)}: ${own.map((section) => JSON.stringify(section)).join(' | ')};`,
);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'index.js'), `export const templates = {\n${entries.join('\n')}\n};\n`);
writeFileSync(
  join(out, 'index.d.ts'),
  `export const templates: Record<string, unknown>;
/** What each file of words says in every language. */
export interface Sections {
${said.join('\n')}
}
`,
);
