/** What `npm pack` makes of the built package, and what must hold of it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MOST_BYTES = 2_000_000;
const COMMAND = 'dist/command/main.js';
const CONTENT = [
  'LICENSE',
  'README.md',
  'collect/netautopsy-collect.sh',
  'dist/command/LICENSES.txt',
  COMMAND,
  'dist/command/program.cjs',
  'package.json',
];

const npm = (args, options) => {
  const own = process.env.npm_execpath;
  const [program, before] = own ? [process.execPath, [own]] : ['npm', []];
  return execFileSync(program, [...before, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
};

/** Packs what is built into a folder; gives the tarball's path, its size in bytes and its members. */
export const pack = (folder) => {
  const [{ filename, size, files }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
  );
  return { file: join(folder, filename), size, files: files.map(({ path, mode }) => ({ path, mode })) };
};

/** What is wrong with a tarball, each in words. */
export const faultsOf = ({ size, files }) => {
  const paths = files.map(({ path }) => path);
  return [
    ...CONTENT.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths.filter((path) => !CONTENT.includes(path)).map((path) => `${path} is not needed by the command`),
    ...(size > MOST_BYTES ? [`${size} bytes are more than ${MOST_BYTES}`] : []),
    ...files
      .filter(({ path, mode }) => path === COMMAND && (mode & 0o111) !== 0o111)
      .map(({ path }) => `${path} cannot be run`),
  ];
};

/** Installs a tarball as `npm install -g` does, below a folder and without a network; gives the installed command's path. */
export const install = (file, folder) => {
  mkdirSync(join(folder, 'lib'), { recursive: true });
  npm(['install', '--global', '--prefix', folder, '--offline', '--no-audit', '--no-fund', resolve(file)], {
    cwd: dirname(folder),
  });
  return process.platform === 'win32' ? join(folder, 'analyze.cmd') : join(folder, 'bin', 'analyze');
};
