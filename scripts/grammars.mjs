/**
 * Precompiles grammars/*.peggy to dist/grammars/*.js with a typed wrapper.
 * `node scripts/grammars.mjs [NAME ...]` builds only those named. common.peggy is appended to every grammar: shared rules
 * by concatenation cost nothing, Peggy's own imports a second parser call for each use.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import peggy from 'peggy';
import { modulePlugin } from './module-plugin.mjs';
import { spanPlugin } from './span-plugin.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const grammarDir = join(root, 'grammars');
const COMMON = 'common.peggy';

/** Start rules of a grammar: the line `// start: A, B` in its header; Chunk and Line where there is none. */
const startRules = (text) => {
  const declared = /^\/\/ start: (.+)$/m.exec(text);
  return declared ? declared[1].split(',').map((rule) => rule.trim()) : ['Chunk', 'Line'];
};

/** The generated ES module's text for one grammar. */
export const compileGrammar = (name, plugins = [spanPlugin, modulePlugin]) => {
  const text = readFileSync(join(grammarDir, `${name}.peggy`), 'utf8');
  const source = `${text}\n${readFileSync(join(grammarDir, COMMON), 'utf8')}`;
  return peggy.generate(source, {
    output: 'source',
    format: 'es',
    allowedStartRules: startRules(text),
    grammarSource: `${name}.peggy`,
    plugins,
  });
};

const DECLARATION = `export interface ParseOptions { startRule?: string; sink?: unknown; grammarSource?: string; peg$silentFails?: number; [key: string]: unknown }
export interface Position { offset: number; line: number; column: number }
export class SyntaxError extends Error { location: { start: Position; end: Position } }
export function parse(input: string, options?: ParseOptions): unknown;
`;

const main = (names) => {
  const out = join(root, 'dist', 'grammars');
  mkdirSync(out, { recursive: true });
  const all = readdirSync(grammarDir).filter((file) => file.endsWith('.peggy') && file !== COMMON);
  for (const file of all) {
    const name = file.replace(/\.peggy$/, '');
    if (names.length > 0 && !names.includes(name)) continue;
    try {
      writeFileSync(join(out, `${name}.js`), compileGrammar(name));
      writeFileSync(join(out, `${name}.d.ts`), DECLARATION);
    } catch (error) {
      const text = `${readFileSync(join(grammarDir, file), 'utf8')}\n${readFileSync(join(grammarDir, COMMON), 'utf8')}`;
      console.error(typeof error.format === 'function' ? error.format([{ source: `${name}.peggy`, text }]) : error);
      process.exitCode = 1;
    }
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
