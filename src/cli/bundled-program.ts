import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

interface Program {
  readonly main: (args: readonly string[]) => Promise<number>;
}

/** Where the build leaves what V8 has made of a program. */
export const codeFile = (file: string): string => `${file}.code`;

/**
 * The command's modules as one script, with its code where the build has left it: to find, read and compile them takes twice as long as all else that a small
 * bundle needs. Another release of V8 takes no code but its own, and compiles the script. (Node's own cache for modules begins with release 22.)
 */
export const bundledProgram = (file: string): { readonly program: Program; readonly script: Script } => {
  const source = `(function (module, exports, require, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
  const code = codeFile(file);
  const script = new Script(source, {
    filename: file,
    ...(existsSync(code) ? { cachedData: readFileSync(code) } : {}),
  });
  const module = { exports: {} };
  script.runInThisContext()(module, module.exports, createRequire(file), file, dirname(file));
  return { program: module.exports as Program, script };
};
