import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import { keptCode } from './kept-code.ts';

interface Program {
  readonly main: (args: readonly string[]) => Promise<number>;
  /** Whether the run went all the way, so that what was compiled of the program is what most runs need. */
  readonly wentThrough?: () => boolean;
}

/** The last line of a program whose code may be kept: the build writes its text's digest there. */
const MARK = /\n\/\/# ([0-9a-f]{16})\n$/;

/**
 * The command's modules as one script, with the code that an earlier run has kept: to find, read and compile them takes twice as long as all else that a small
 * bundle needs. Another release of V8 takes no code but its own, and compiles the script. (Node's own cache for modules begins with release 22.)
 */
export const bundledProgram = (
  file: string,
): { readonly program: Program; readonly script: Script; readonly keep: () => void } => {
  const text = readFileSync(file, 'utf8');
  const mark = MARK.exec(text.slice(-22))?.[1];
  const kept = mark === undefined ? undefined : keptCode(file, mark);
  const code = kept?.read();
  const script = new Script(`(function (module, exports, require, __filename, __dirname) {${text}\n})`, {
    filename: file,
    ...(code ? { cachedData: code } : {}),
  });
  const module = { exports: {} };
  script.runInThisContext()(module, module.exports, createRequire(file), file, dirname(file));
  const program = module.exports as Program;
  return {
    program,
    script,
    keep: () => {
      const fresh = code === undefined || script.cachedDataRejected === true;
      if (kept && fresh && program.wentThrough?.() === true) kept.write(script.createCachedData());
    },
  };
};
