import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { nothing, type RawMember } from './member.ts';

/** Files of a folder, in the order of their names. Links are members, as in an archive: nothing outside the folder is read. */
export async function* folderMembers(folder: string, prefix = ''): AsyncGenerator<RawMember> {
  const names = (await readdir(folder)).sort();
  for (const base of names) {
    const path = join(folder, base);
    const name = prefix + base;
    const stat = await lstat(path).catch(() => undefined);
    if (!stat) continue;
    if (stat.isDirectory()) {
      yield* readable(folderMembers(path, `${name}/`), name);
      continue;
    }
    const mtime = stat.mtimeMs / 1000;
    if (stat.isSymbolicLink())
      yield { name, type: 'symlink', target: await readlink(path).catch(() => ''), mtime, content: nothing };
    else if (stat.isFile())
      yield {
        name,
        type: 'file',
        mtime,
        content: { [Symbol.asyncIterator]: () => createReadStream(path)[Symbol.asyncIterator]() },
      };
    else yield { name, type: 'other', mtime, content: nothing };
  }
}

/** A folder that may not be listed is a member that cannot be read. */
async function* readable(members: AsyncGenerator<RawMember>, name: string): AsyncGenerator<RawMember> {
  try {
    yield* members;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error;
    yield { name, type: 'other', content: nothing };
  }
}
