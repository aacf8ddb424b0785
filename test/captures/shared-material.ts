import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real tool outputs of others, which stand beside the project and are no part of it. */
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
export const hasCorpus = existsSync(join(SHARED, 'corpus', 'INDEX.tsv'));

if (!hasCorpus)
  console.warn("SKIPPED: the corpus of others' captures is not beside the project (../shared); it is not read");

/** For a test over the corpus: skipped where it is not, and run alone by `vitest run --tags-filter=corpus`. */
export const withCorpus = { tags: ['corpus'], skip: !hasCorpus };

/** A corpus file with its line of INDEX.tsv. */
export interface CorpusFile {
  readonly name: string;
  readonly command: string;
  readonly facts: ReadonlyMap<string, number>;
  readonly text: string;
}

/** Holds each file to a check, all of them; those that do not stand it are named. */
export const everyFile = <F extends { readonly name: string }>(files: readonly F[], check: (file: F) => void): void => {
  if (files.length === 0) throw new Error('there are no files');
  const wrong = files.flatMap((file) => {
    try {
      check(file);
      return [];
    } catch (error) {
      return [`${file.name}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  if (wrong.length > 0) throw new Error(wrong.join('\n\n'));
};

/** The corpus files of one folder. */
export const corpus = (folder: string): readonly CorpusFile[] => {
  if (!hasCorpus) return [];
  const rows = readFileSync(join(SHARED, 'corpus', 'INDEX.tsv'), 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'));
  return rows
    .filter(([path]) => path?.startsWith(`${folder}/`))
    .map(([name = '', , , command = '', facts = '']) => ({
      name,
      command,
      facts: new Map(facts.split(';').map((fact) => [fact.split('=')[0] ?? '', Number(fact.split('=')[1])] as const)),
      text: readFileSync(join(SHARED, 'corpus', name), 'utf8'),
    }));
};
