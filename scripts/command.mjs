/**
 * Joins the command's modules into a few files behind tsc: to find, link and compile some 560 of them takes longer than to read most bundles. What is imported with
 * import() stays a file of its own, and so do the packages of node_modules. Short names and no
 * spaces spare a quarter of the time of a run on a small bundle; the modules as tsc wrote them stand in dist/src.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist/command`, { recursive: true, force: true });
await build({
  cwd: root,
  input: { main: 'dist/src/cli/main.js' },
  platform: 'node',
  external: (id) => !/^[./#]/.test(id),
  output: {
    minify: true,
    dir: 'dist/command',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
  logLevel: 'warn',
});
