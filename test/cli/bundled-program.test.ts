import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bundledProgram, codeFile } from '../../src/cli/bundled-program.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-program-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};
const answering = (code: number) =>
  `exports.main = async (args) => args.length + ${code} + require('node:path').basename(__filename).length;`;

test('a program runs with its own code, and without any', async () => {
  const file = written('p.cjs', answering(10));
  const { program, script } = bundledProgram(file);
  expect(await program.main(['a'])).toBe(16);
  writeFileSync(codeFile(file), script.createCachedData());
  const again = bundledProgram(file);
  expect(again.script.cachedDataRejected).toBe(false);
  expect(await again.program.main(['a', 'b'])).toBe(17);
});

test('code of another release of V8, or of another program, is compiled anew', async () => {
  const other = bundledProgram(written('other.cjs', `${answering(1)}// longer`)).script.createCachedData();
  const foreign = Buffer.from(other);
  foreign.writeUInt32LE(foreign.readUInt32LE(4) ^ 1, 4);
  for (const [i, code] of [other, foreign, Buffer.from('nonsense'), Buffer.alloc(0)].entries()) {
    // A text that this process has compiled already would need no code.
    const file = written(`${i}.cjs`, answering(20));
    writeFileSync(codeFile(file), code);
    const { program, script } = bundledProgram(file);
    expect(script.cachedDataRejected).toBe(true);
    expect(await program.main([])).toBe(25);
  }
});
