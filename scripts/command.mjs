/**
 * Joins the command's modules, those of the packages among them, into one file behind tsc: to find, read and link some 700 files takes longer than to read most
 * bundles. Short names and no spaces spare some more; the modules as tsc wrote them stand in dist/src. The packages' licences go with them.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const main = join(out, 'main.js');
await joined('dist/src/cli/main.js', main, 'esm');
// npm gives a package's command its run bit when it links it, and a later build takes the file away under the link.
chmodSync(main, 0o755);
const program = join(out, 'program.cjs');
const files = await joined('dist/src/cli/program.js', program, 'cjs');
writeFileSync(join(out, 'LICENSES.txt'), licencesOf(files).join(`${'-'.repeat(80)}\n`));
// What code that V8 made of this text is known by (src/cli/kept-code.ts).
appendFileSync(program, `\n//# ${createHash('sha256').update(readFileSync(program)).digest('hex').slice(0, 16)}\n`);
