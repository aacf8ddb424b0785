import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const FOLDER = dirname(fileURLToPath(import.meta.url));

/** What of a file's tests really ran. */
interface Ran {
  readonly type: string;
  readonly mode: string;
  readonly result?: { readonly state: string } | undefined;
  readonly tasks?: readonly Ran[];
}
const allPassed = (task: Ran): boolean =>
  task.mode === 'run' && (task.type === 'test' ? task.result?.state === 'pass' : (task.tasks ?? []).every(allPassed));

/**
 * Runs behind the tests of each file. Where all of a cause's own tests have passed, they must have looked at each kind of judgement that the cause needs; what was filtered
 * out, or skipped for want of the recorded bundles, is not asked for.
 */
// biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from it
afterAll(async ({}, file) => {
  if (!('filepath' in file) || dirname(file.filepath) !== FOLDER || !file.tasks.every((task) => allPassed(task as Ran)))
    return;
  const { lackingKinds } = await import('./kinds.ts');
  const lacking = lackingKinds(basename(file.filepath, '.test.ts'), file.filepath);
  if (lacking.length > 0) throw new Error(lacking.join('\n'));
});
