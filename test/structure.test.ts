import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What each folder of src may import besides itself. The pipeline runs one way; nothing imports cli or report. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  records: [],
  tables: ['records'],
  captures: ['records', 'tables', '#grammars'],
  bundle: ['records', 'tables', 'captures'],
  network: ['records', 'tables'],
  path: ['records', 'tables', 'network'],
  evidence: ['records', 'tables', 'network', 'path'],
  causes: ['records', 'tables', 'network', 'path', 'evidence'],
  compare: ['records', 'tables', 'network', 'path'],
  // One analyze() over the whole pipeline, and the question that it answers.
  judging: ['records', 'tables', 'captures', 'bundle', 'network', 'path', 'evidence', 'causes'],
  // What gets a missing capture, its format declares.
  report: [
    'records',
    'tables',
    'captures',
    'network',
    'path',
    'evidence',
    'causes',
    'judging',
    'compare',
    '#templates',
  ],
  cli: [
    ...[
      'records',
      'tables',
      'captures',
      'bundle',
      'network',
      'path',
      'evidence',
      'causes',
      'judging',
      'compare',
      'report',
    ],
    '#grammars',
  ],
};

const files = readdirSync(src, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts'));

const folderOf = (file: string): string => (file.includes(sep) ? (file.split(sep)[0] ?? '.') : '.');

const importsOf = (file: string): readonly string[] =>
  [...readFileSync(join(src, file), 'utf8').matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+'([^']+)'/gms)].map(
    (m) => m[1] ?? '',
  );

/** The folder of src, or the alias, that an import leads to; undefined for packages. */
const targetOf = (file: string, specifier: string): string | undefined => {
  if (specifier.startsWith('#')) return specifier.split('/')[0];
  if (!specifier.startsWith('.')) return undefined;
  return folderOf(normalize(join(dirname(file), specifier)));
};

test('every folder of src has a place in the pipeline', () => {
  expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in ALLOWED))).toEqual([]);
});

test('imports run one way', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file).flatMap((specifier) => {
      const target = targetOf(file, specifier);
      const from = folderOf(file);
      return target === undefined || target === from || ALLOWED[from]?.includes(target)
        ? []
        : [`${file} imports ${specifier}`];
    }),
  );
  expect(wrong).toEqual([]);
});

/** Files that import one another, types included: each circle once, as a list of its files. */
const circlesOf = (imports: ReadonlyMap<string, readonly string[]>): readonly string[] => {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push([...way.slice(at), file].join(' > '));
    if (at >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
};

test('no imports go in a circle, not even of types within a folder', () => {
  const imports = new Map(
    files.map((file) => [
      file,
      importsOf(file).flatMap((specifier) =>
        specifier.startsWith('.') ? [normalize(join(dirname(file), specifier))] : [],
      ),
    ]),
  );
  expect(circlesOf(imports)).toEqual([]);
});

test('the check finds circles', () => {
  const imports = new Map([
    ['a', ['b', 'c']],
    ['b', ['c']],
    ['c', ['d']],
    ['d', ['b']],
    ['e', ['e']],
  ]);
  expect(circlesOf(imports)).toEqual(['b > c > d > b', 'e > e']);
});

test('the check reads imports: the pipeline is there to be seen', () => {
  expect(importsOf(join('captures', 'xfrm', 'xfrm-stat.ts'))).toContain('../../records/counter.ts');
});

test('captured text becomes quotable in one place: where it is masked', () => {
  const makes = files.filter((file) => /\bas (?:unknown as )?Quotable\b/.test(readFileSync(join(src, file), 'utf8')));
  expect(makes.sort()).toEqual([join('captures', 'masking', 'masked-lines.ts'), join('records', 'quotable.ts')]);
});

/** Where text may become a command without being put together by the tag that quotes: the tag's own file, and the one that hands over what capture modules declare. */
const MAKES_COMMANDS: ReadonlySet<string> = new Set([
  join('causes', 'facts', 'shell.ts'),
  join('judging', 'collect', 'commands.ts'),
]);

test('no other file calls a text a command', () => {
  const wrong = files.filter(
    (file) =>
      !MAKES_COMMANDS.has(file) && /\bas Shell\b|\bdeclaredCommand\b/.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(wrong).toEqual([]);
});
