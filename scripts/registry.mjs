/**
 * Writes the lists of what is there from the files: of the root causes and bundle checks with the type of their ids (src/judging/registry.ts,
 * src/causes/facts/cause-id.ts), of the capture modules with the type of their kinds (src/captures/registry.ts, src/records/capture-kind.ts). `node scripts/registry.mjs --check` only says whether they are up to date (exit status 1 where not).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const causes = join(root, 'src', 'causes');
const captures = join(root, 'src', 'captures');

/** The files of causes' folders that export `kind`: id, exported name and path below src/causes. Throws where a file does not name what it holds. */
const exported = (kind, folders) =>
  folders
    .flatMap((folder) => readdirSync(join(causes, folder)).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const text = readFileSync(join(causes, file), 'utf8');
      const name = new RegExp(`^export const (\\w+): ${kind} = `, 'm').exec(text)?.[1];
      const id = /^ {2}id: '([a-z0-9-]+)'/m.exec(text)?.[1];
      if (!name || !id || !file.endsWith(`/${id}.ts`))
        throw new Error(`src/causes/${file} does not export a ${kind} with the id that it is named by`);
      return { id, name, file };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));

/** The capture modules in their families' folders: kinds, exported name and path below src/captures. */
const captureModules = () =>
  readdirSync(captures, { recursive: true })
    .map((file) => String(file).replaceAll('\\', '/'))
    .filter((file) => file.includes('/') && file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(captures, file), 'utf8');
      const [, name, body = ''] = /^export const (\w+): CaptureModule = \{([\s\S]*?)^\};/m.exec(text) ?? [];
      return name
        ? [{ name, file, ids: [...body.matchAll(/^ {6}kind: '([a-z0-9-]+)',$/gm)].map(([, id]) => ({ id })) }]
        : [];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1));

const imports = (list) => list.map(({ name, file }) => `import { ${name} } from '../causes/${file}';`);
/** The modules' imports, the type's among them where the linter's order wants it. */
const importLines = (modules) =>
  [
    ...modules.map(({ name, file }) => ({ file: `./${file}`, line: `import { ${name} } from './${file}';` })),
    { file: './module.ts', line: "import type { CaptureModule } from './module.ts';" },
  ]
    .sort((a, b) => (a.file.replace('.ts', '') < b.file.replace('.ts', '') ? -1 : 1))
    .map(({ line }) => line)
    .join('\n');
const union = (name, list) => `export type ${name} =\n${list.map(({ id }) => `  | '${id}'`).join('\n')};\n`;
const array = (list) => `[\n${list.map(({ name }) => `  ${name},`).join('\n')}\n]`;

export const generatedFiles = () => {
  const folders = readdirSync(causes, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'facts')
    .map((entry) => entry.name);
  const all = exported(
    'Cause',
    folders.filter((name) => name !== 'checks'),
  );
  const checks = exported('BundleCheck', ['checks']);
  const modules = captureModules();
  const byPath = [...all, ...checks].sort((a, b) => (a.file < b.file ? -1 : 1));
  return {
    'src/causes/facts/cause-id.ts': `// Written by scripts/registry.mjs from the files of src/causes; change those.

/** Every root cause and healthy control. */
${union('CauseId', all)}
/** What is looked for without a flow. */
${union('CheckId', checks)}`,
    'src/records/capture-kind.ts': `// Written by scripts/registry.mjs from the files of src/captures; change those.

/** Kinds of capture: the ids in JSON output, in \`--list\` and in "collect X". */
${union(
  'CaptureKind',
  modules.flatMap(({ ids }) => ids).sort((a, b) => (a.id < b.id ? -1 : 1)),
)}`,
    'src/captures/registry.ts': `// Written by scripts/registry.mjs from the files of src/captures; change those.
${importLines(modules)}

/** Every format that can be read. */
export const CAPTURE_MODULES: readonly CaptureModule[] = ${array(modules)};
`,
    'src/judging/registry.ts': `// Written by scripts/registry.mjs from the files of src/causes; change those.
${imports(byPath.filter(({ file }) => file < 'facts/')).join('\n')}
import type { BundleCheck, Cause } from '../causes/facts/finding.ts';
${imports(byPath.filter(({ file }) => file > 'facts/')).join('\n')}

export const CAUSES: readonly Cause[] = ${array(all)};

/** What is looked for without a flow. */
export const BUNDLE_CHECKS: readonly BundleCheck[] = ${array(checks)};
`,
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(generatedFiles())) {
    const before = readFileSync(join(root, file), { encoding: 'utf8', flag: 'a+' });
    if (before === text) continue;
    if (process.argv[2] === '--check') {
      console.error(`${file} is not up to date: run npm run build:registry`);
      process.exitCode = 1;
    } else writeFileSync(join(root, file), text);
  }
}
