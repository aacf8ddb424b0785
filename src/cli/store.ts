import { writeFile } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/** Writes a file; a place that cannot be written to is the caller's to mend. */
export const store = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new UsageError(
      `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}; name another place with -o`,
    );
  }
};

/** Prints a text, with a newline at its end. */
export const print = (text: string): void => {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
};
