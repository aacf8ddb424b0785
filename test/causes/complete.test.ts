import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CAUSES } from '../../src/judging/registry.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { sectionsOf } from '../../src/report/words.ts';
import { kindsOf, lackingKinds, NEVER_OPEN } from './kinds.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
const TESTS = readdirSync(join(root, 'test/causes')).filter((file) => file.endsWith('.test.ts'));

/** Whether a file beside this one imports bundle.ts, itself or by way of what it imports. */
const takesBundles = (file: string): boolean =>
  file === 'bundle.ts' ||
  [...textOf(`test/causes/${file}`).matchAll(/ from '\.\/([\w.-]+\.ts)'/g)].some(([, other = '']) =>
    takesBundles(other),
  );

/**
 * A cause's test file tells what its tests look at (setup.ts holds every file to it when its tests have run): its judgements come from bundle.ts, and none of its tests is
 * left out or to be written.
 */
const untold = (id: string): string[] => {
  const file = `test/causes/${id}.test.ts`;
  const text = textOf(file);
  return [
    ...(takesBundles(`${id}.test.ts`) ? [] : [`${file} takes no bundle from bundle.ts`]),
    ...(/\b(?:test|it|describe)(?:\.each\(.*\))?\.(?:only|skip|todo|fails)\b/.test(text)
      ? [`${file} leaves tests out`]
      : []),
  ];
};

/** A cause's file and everything of src/causes/facts that it leads to, as text. */
const withFacts = (file: string, seen = new Set<string>()): readonly string[] => {
  if (seen.has(file) || !existsSync(join(root, file))) return [];
  seen.add(file);
  const text = textOf(file);
  const facts = [...text.matchAll(/from '(\.[^']*)'/g)]
    .map((match) => normalize(join(dirname(file), match[1] ?? '')))
    .filter((name) => name.startsWith(join('src', 'causes', 'facts')));
  return [text, ...facts.flatMap((name) => withFacts(name, seen))];
};

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap((match) => match.slice(1).filter((part) => part !== undefined));

const REGISTERED: ReadonlySet<string> = new Set(CAUSES.map(({ id }) => id));
const LAYERS = new Map<string, string>(CAUSES.map(({ id, layer }) => [id, layer]));
/** Codes that the cause's own source hands out: what its templates must have words for. */
const fixesIn = (text: string): string[] =>
  all(text, /\bid: '([a-z0-9-]+)',?\s*(?:\n\s*)?(?:commands|changes|values)/g).filter((id) => !REGISTERED.has(id));
const becausesIn = (text: string): string[] => [
  ...all(text, /\bbecause: '([a-z0-9-]+)'/g),
  ...all(text, /\bbecause: [^'\n]*'([a-z0-9-]+)' : '([a-z0-9-]+)'/g),
  ...all(text, /[rR]uledOut\(\s*'([a-z0-9-]+)'/g),
];

/** What a cause lacks, each in words that say what to do. */
const lacks = (id: string): string[] => {
  const file = `src/causes/${LAYERS.get(id)}/${id}.ts`;
  if (!existsSync(join(root, file))) return [`${file} is not there: name the file by the id`];
  const text = textOf(file);
  const whole = withFacts(file).join('\n');
  const missing: string[] = [];
  if (!text.includes(`id: '${id}'`)) missing.push(`${file} does not hold id: '${id}'`);
  for (const language of LANGUAGES) {
    const template = `templates/causes/${language}/${id}.hbs`;
    const sections = sectionsOf(`causes/${language}/${id}`);
    if (sections.size === 0) {
      missing.push(`${template} is not there, or not built`);
      continue;
    }
    const shared = sectionsOf(`${language}/because`);
    const wanted = [
      ...['title', 'summary', 'why'],
      ...fixesIn(text).map((fix) => `fix:${fix}`),
      ...becausesIn(text)
        .filter((code) => !shared.has(code))
        .map((code) => `ruled-out:${code}`),
    ];
    for (const section of new Set(wanted))
      if (!sections.has(section)) missing.push(`${template} has no section "${section}"`);
    // Words of a code that nothing gives out mislead a reader of the catalogue.
    for (const section of sections) {
      const code = /^(?:fix|ruled-out):(.+)$/.exec(section)?.[1];
      const built = code !== undefined && whole.includes('`') && whole.includes(`${code.split('-')[0]}-\${`);
      if (code !== undefined && !whole.includes(`'${code}'`) && !built)
        missing.push(`${template} has a section "${section}" that the cause never gives`);
    }
  }
  if (!TESTS.includes(`${id}.test.ts`)) missing.push(`test/causes/${id}.test.ts is not there`);
  else missing.push(...untold(id));
  return missing;
};

describe('every registered cause is complete', () => {
  test.each(CAUSES.map(({ id }) => id))('%s', (id) => {
    expect(lacks(id), `${id} is not complete`).toEqual([]);
  });

  test('every test file of causes is held to the kinds of tests that it needs', () => {
    expect(textOf('vitest.config.ts')).toContain("setupFiles: ['test/causes/setup.ts']");
    for (const cause of CAUSES) {
      expect(lackingKinds(cause.id, 'a file without tests')).toHaveLength(kindsOf(cause).length);
      if (!cause.control && cause.group !== 'C') expect(kindsOf(cause)).toContain('undecided');
    }
    expect([...NEVER_OPEN.keys()].filter((id) => !REGISTERED.has(id))).toEqual([]);
  });

  test('ids are there once, and the causes that one explains are registered', () => {
    expect(REGISTERED.size).toBe(CAUSES.length);
    const unknown = CAUSES.flatMap(({ id, explains }) =>
      (explains ?? []).filter((other) => !REGISTERED.has(other)).map((other) => `${id} explains ${other}`),
    );
    expect(unknown).toEqual([]);
  });

  test('the registries and the types of ids and kinds are what the files of src/causes and src/captures make them', async () => {
    const { generatedFiles } = await import('../../scripts/registry.mjs');
    const generated = Object.entries(generatedFiles());
    expect(generated.map(([file]) => file)).toEqual([
      'src/causes/facts/cause-id.ts',
      'src/records/capture-kind.ts',
      'src/captures/registry.ts',
      'src/judging/registry.ts',
    ]);
    for (const [file, text] of generated) expect(textOf(file), `${file}: run npm run build:registry`).toBe(text);
  });

  test('src/causes holds a folder per layer, shared facts and checks, and nothing else', () => {
    const entries = readdirSync(join(root, 'src/causes'), { withFileTypes: true });
    const layers = new Set<string>(CAUSES.map(({ layer }) => layer));
    expect(entries.filter((e) => e.isDirectory() && !layers.has(e.name)).map((e) => e.name)).toEqual([
      'checks',
      'facts',
    ]);
    expect(entries.filter((e) => !e.isDirectory()).map((e) => e.name)).toEqual(['CATALOGUE.md', 'README.md']);
  });
});
