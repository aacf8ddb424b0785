/** Runs the built command on the samples and keeps the code of every function that they needed: `node keep-code.mjs PROGRAM`. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledProgram, codeFile } from '../../dist/src/cli/bundled-program.js';

const [file] = process.argv.slice(2);
const samples = fileURLToPath(new URL('../../samples/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'netautopsy-build-'));
try {
  rmSync(codeFile(file), { force: true });
  const { program, script } = bundledProgram(file);
  process.stdout.write = () => true;
  for (const sample of readdirSync(samples).filter((name) => name.endsWith('.tgz')))
    await program.main([join(samples, sample), '-o', join(folder, 'report.html')]);
  writeFileSync(codeFile(file), script.createCachedData());
} finally {
  rmSync(folder, { recursive: true });
}
