import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real tool outputs of others, which stand beside the project and are no part of it. */
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
export const hasCorpus = existsSync(join(SHARED, 'corpus', 'INDEX.tsv'));

export const missing = (what: string): string =>
  `SKIPPED: ${what} is not beside the project (../shared); real material is not tested`;
if (!hasCorpus) console.warn(missing('the corpus'));

/** A corpus file with its line of INDEX.tsv. */
export interface CorpusFile {
  readonly name: string;
  readonly command: string;
  readonly facts: ReadonlyMap<string, number>;
  readonly text: string;
}

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
