/**
 * Builds the command behind `npm ci`. Where the packages that build it are left out (`npm ci --omit=dev`), it is built in a temporary folder which has them;
 * nothing of that folder is needed afterwards. An installation never fails for it: what is missing is said.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const BUILT_FROM = ['.npmrc', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const FOLDERS = ['grammars', 'scripts', 'src', 'templates'];

const require = createRequire(import.meta.url);
const isThere = (name) => {
  try {
    return Boolean(require.resolve(`${name}/package.json`));
  } catch (error) {
    // A package may keep its package.json to itself.
    return error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
};

/** npm as the one that runs this script, with another folder. */
const npm = (cwd, ...args) => {
  const own = process.env.npm_execpath;
  const [program, before] = own ? [process.execPath, [own]] : ['npm', []];
  execFileSync(program, [...before, ...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
};

const elsewhere = () => {
  const folder = mkdtempSync(join(tmpdir(), 'netautopsy-build-'));
  try {
    for (const name of [...BUILT_FROM, ...FOLDERS])
      if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true });
    npm(folder, 'ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund');
    npm(folder, 'run', 'build');
    cpSync(join(folder, 'dist', 'command'), join(root, 'dist', 'command'), { recursive: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (['peggy', 'rolldown', 'typescript'].every(isThere)) npm(root, 'run', 'build');
else
  try {
    elsewhere();
  } catch (error) {
    console.warn(
      `netautopsy: the command is not built (${error.message}); npm ci with the development packages builds it`,
    );
  }
