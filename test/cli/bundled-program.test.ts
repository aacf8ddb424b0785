import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { bundledProgram } from '../../src/cli/bundled-program.ts';
import { keptCode } from '../../src/cli/kept-code.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-program-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'));
});

let programs = 0;
/** A program in a folder of its own. A text that this process has compiled already would need no code, so each is another one. */
const written = (over: { readonly through?: boolean; readonly mark?: string; readonly text?: string } = {}): string => {
  programs += 1;
  const folder = join(dir, `p${programs}`);
  mkdirSync(folder);
  const file = join(folder, 'p.cjs');
  const body = `exports.main = async (args) => args.length + require('node:path').basename(__filename).length + ${over.text ?? programs};
exports.wentThrough = () => ${over.through ?? true};`;
  writeFileSync(file, `${body}\n${over.mark ?? `//# ${String(programs).padStart(16, '0')}\n`}`);
  return file;
};
const codeOf = (file: string): string[] => readdirSync(join(file, '..')).filter((name) => name.endsWith('.code'));
/** Where the code of the program that was written last is looked for. */
const codeFile = (file: string): string =>
  join(file, '..', `${String(programs).padStart(16, '0')}-${process.versions.v8}-${process.arch}.code`);
const cached = (): string[] => (existsSync(join(dir, 'cache')) ? readdirSync(join(dir, 'cache', 'netautopsy')) : []);

test('a program runs without code, keeps what was made, and runs with it', async () => {
  const file = written();
  const first = bundledProgram(file);
  expect(await first.program.main(['a'])).toBe(1 + 5 + programs);
  expect(codeOf(file)).toEqual([]);
  first.keep();
  expect(statSync(codeFile(file)).mode & 0o777).toBe(0o600);
  const again = bundledProgram(file);
  expect(again.script.cachedDataRejected).toBe(false);
  expect(await again.program.main(['a', 'b'])).toBe(2 + 5 + programs);
  const { mtimeMs } = statSync(codeFile(file));
  again.keep();
  expect(statSync(codeFile(file)).mtimeMs).toBe(mtimeMs);
  expect(cached()).toEqual([]);
});

test('a run that stops early keeps nothing, and so does a program that no build has marked', () => {
  for (const file of [written({ through: false }), written({ mark: '' })]) {
    bundledProgram(file).keep();
    expect(readdirSync(join(file, '..'))).toEqual(['p.cjs']);
  }
});

test('code of another release of V8, or none at all, is compiled and replaced', async () => {
  const other = bundledProgram(written({ text: '1111' })).script.createCachedData();
  const foreign = Buffer.from(other);
  foreign.writeUInt32LE(foreign.readUInt32LE(4) ^ 1, 4);
  for (const code of [other, foreign, Buffer.from('nonsense'), Buffer.alloc(0)]) {
    const file = written();
    writeFileSync(codeFile(file), code, { mode: 0o600 });
    const { program, script, keep } = bundledProgram(file);
    expect(script.cachedDataRejected).toBe(true);
    expect(await program.main([])).toBe(5 + programs);
    keep();
    expect(statSync(codeFile(file)).size).toBeGreaterThan(code.length);
  }
});

test('where the program may not be written beside, the code lies among the caches of the user alone', () => {
  const folder = join(dir, 'later');
  const file = join(folder, 'p.cjs');
  keptCode(file, 'abc').write(Buffer.from('code'));
  const [name = ''] = cached();
  expect(name).toMatch(/^abc-.*\.code$/);
  expect(statSync(join(dir, 'cache', 'netautopsy')).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, 'cache', 'netautopsy', name)).mode & 0o777).toBe(0o600);
  // Whose program it is tells whose code it may be.
  expect(keptCode(file, 'abc').read()).toBeUndefined();
  mkdirSync(folder);
  writeFileSync(file, '');
  expect(keptCode(file, 'abc').read()?.toString()).toBe('code');
  expect(keptCode(file, 'abd').read()).toBeUndefined();
});

test.skipIf(process.platform === 'win32')('code that others may have written is not run', () => {
  const file = written();
  bundledProgram(file).keep();
  chmodSync(codeFile(file), 0o622);
  expect(bundledProgram(file).script.cachedDataRejected).toBeUndefined();
  chmodSync(codeFile(file), 0o600);
  expect(bundledProgram(file).script.cachedDataRejected).toBe(false);
  const target = `${codeFile(file)}.target`;
  writeFileSync(target, '');
  const name = codeFile(file);
  rmSync(name);
  symlinkSync(target, name);
  expect(bundledProgram(file).script.cachedDataRejected).toBeUndefined();
});

test('one program keeps one file', () => {
  const file = written();
  writeFileSync(join(file, '..', 'older.code'), 'of another release');
  bundledProgram(file).keep();
  expect(codeOf(file)).toHaveLength(1);
  expect(codeOf(file)).not.toContain('older.code');
});
