import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * What V8 has made of a program, kept from one run for the next. Such a file is run as the program is, so it is only taken from whom the program itself is taken:
 * its owner and who runs it, and only where nobody else may write to it. It lies beside the program where the user may write there, else among the
 * user's own caches; nowhere that is shared. Whatever fails here costs time and nothing else.
 */
export interface KeptCode {
  readonly read: () => Buffer | undefined;
  readonly write: (code: Buffer) => void;
}

const ENDING = '.code';

/** The user's folder for what can be made again, by the XDG base directory specification. */
const userCache = (): string | undefined => {
  const given = process.env.XDG_CACHE_HOME;
  if (given !== undefined && isAbsolute(given)) return join(given, 'netautopsy');
  const home = homedir();
  return isAbsolute(home) ? join(home, '.cache', 'netautopsy') : undefined;
};

const failing = <T>(action: () => T): T | undefined => {
  try {
    return action();
  } catch {
    return undefined;
  }
};

const reading = (path: string, owners: readonly number[]): Buffer | undefined =>
  failing(() => {
    const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const { uid, mode } = fstatSync(file);
      const trusted = process.geteuid === undefined || (owners.includes(uid) && (mode & 0o022) === 0);
      return trusted ? readFileSync(file) : undefined;
    } finally {
      closeSync(file);
    }
  });

/** As a whole or not at all: several runs may end at once. Code of other programs and engines goes, so that there is one file at most. */
const writing = (folder: string, name: string, code: Buffer): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${name}.${process.pid}`);
  const file = openSync(part, 'wx', 0o600);
  try {
    writeSync(file, code);
    fsyncSync(file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(part, join(folder, name));
  for (const other of readdirSync(folder))
    if (other.endsWith(ENDING) && other !== name) rmSync(join(folder, other), { force: true });
};

/** The code of the program in a file; `mark` tells one text of it from another. */
export const keptCode = (file: string, mark: string): KeptCode => {
  const name = `${mark}-${process.versions.v8}-${process.arch}${ENDING}`;
  const folders = [dirname(file), userCache()].filter((folder) => folder !== undefined);
  return {
    read: () => {
      const owners = failing(() => [statSync(file).uid, process.geteuid?.() ?? 0]) ?? [];
      for (const folder of folders) {
        const code = reading(join(folder, name), owners);
        if (code) return code;
      }
      return undefined;
    },
    write: (code) => {
      const beside = dirname(file);
      const own = failing(() => accessSync(beside, constants.W_OK) ?? true) === true;
      const folder = own ? beside : userCache();
      if (folder !== undefined) failing(() => writing(folder, name, code));
    },
  };
};
