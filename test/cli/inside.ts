import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/program.ts';
import type { Ran } from './run.ts';

const CAPTURES = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));

/** The path of a recorded bundle. */
export const bundle = (name: string): string => `${CAPTURES}${name}.tgz`;

/** Runs the command line in this process: what it printed, and its exit status. */
export const inside = async (...args: readonly string[]): Promise<Ran> => {
  const said = { stdout: '', stderr: '' };
  const { stdout, stderr } = process;
  const write = { stdout: stdout.write, stderr: stderr.write };
  const log = { log: console.log, error: console.error };
  const into = (name: 'stdout' | 'stderr') => (text: string | Uint8Array) => {
    said[name] += String(text);
    return true;
  };
  stdout.write = into('stdout') as typeof stdout.write;
  stderr.write = into('stderr') as typeof stderr.write;
  // Help and version go through the console.
  console.log = (text: string) => {
    said.stdout += `${text}\n`;
  };
  console.error = (text: string) => {
    said.stderr += `${text}\n`;
  };
  try {
    const status = await main(args);
    return { status, ...said };
  } finally {
    stdout.write = write.stdout;
    stderr.write = write.stderr;
    Object.assign(console, log);
  }
};
