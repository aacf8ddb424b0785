/**
 * Writes the list of the root causes and bundle checks, and the type of their ids, from the files that are there: src/judging/registry.ts and
 * src/causes/facts/cause-id.ts. `node scripts/registry.mjs --check` only says whether they are up to date (exit status 1 where not).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const causes = join(root, 'src', 'causes');

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

const imports = (list) => list.map(({ name, file }) => `import { ${name} } from '../causes/${file}';`);
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
  const byPath = [...all, ...checks].sort((a, b) => (a.file < b.file ? -1 : 1));
  return {
    'src/causes/facts/cause-id.ts': `// Written by scripts/registry.mjs from the files of src/causes; change those.

/** Every root cause and healthy control. */
${union('CauseId', all)}
/** What is looked for without a flow. */
${union('CheckId', checks)}`,
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
