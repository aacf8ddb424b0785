/**
 * Joins the command's modules, those of the packages among them, into one file behind tsc, and keeps what V8 makes of it: to find, read, link and compile some 700
 * files takes longer than to read most bundles. Short names and no spaces spare some more; the modules as tsc wrote them stand in dist/src. The packages' licences
 * go with them.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'dist', 'command');

/** One file of a module and all that it imports; gives their paths. */
const joined = async (input, file, format) => {
  const { output } = await build({
    cwd: root,
    input,
    platform: 'node',
    external: /^node:/,
    // yargs asks with import.meta for what this command has none of: a package.json that another one extends.
    onLog: (level, log, handle) => log.code === 'EMPTY_IMPORT_META' || handle(level, log),
    output: { file, format, minify: true, codeSplitting: false },
    logLevel: 'warn',
  });
  return output.flatMap(({ moduleIds = [] }) => moduleIds);
};

/** What the packages among these files are passed on under. */
const licencesOf = (files) => {
  const folders = files.map((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]);
  const packages = [...new Set(folders)].filter((folder) => folder !== undefined).sort();
  return packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}, ${license}\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}\n`;
  });
};

rmSync(out, { recursive: true, force: true });
await joined('dist/src/cli/main.js', join(out, 'main.js'), 'esm');
const program = join(out, 'program.cjs');
const files = await joined('dist/src/cli/program.js', program, 'cjs');
writeFileSync(join(out, 'LICENSES.txt'), licencesOf(files).join(`${'-'.repeat(80)}\n`));
execFileSync(process.execPath, [join(root, 'scripts', 'command', 'keep-code.mjs'), program], { stdio: 'inherit' });
