import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Real tool outputs and recorded bundles that stand beside the project and are no part of it. */
export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
export const hasCorpus = existsSync(join(SHARED, 'corpus', 'INDEX.tsv'));
export const hasBundles = existsSync(join(SHARED, 'captures'));

export const missing = (what: string): string =>
  `SKIPPED: ${what} is not beside the project (../shared); real material is not tested`;
if (!hasCorpus) console.warn(missing('the corpus'));
if (!hasBundles) console.warn(missing('the recorded bundles'));

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

/** The members of the recorded bundles whose file name is in the set: `bundle/node/netns/pod/ip_addr.txt`. */
export const bundleMembers = (
  wanted: ReadonlySet<string>,
): readonly { readonly name: string; readonly text: string }[] => {
  if (!hasBundles) return [];
  const folder = join(SHARED, 'captures');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.tgz'))
    .flatMap((file) =>
      tarMembers(gunzipSync(readFileSync(join(folder, file))))
        .filter(({ name }) => wanted.has(name.slice(name.lastIndexOf('/') + 1)))
        .map(({ name, text }) => ({ name: `${file}:${name}`, text })),
    );
};

const BLOCK = 512;

/** Plain files of a ustar archive: enough for bundles whose names are short. */
const tarMembers = (archive: Buffer): { name: string; text: string }[] => {
  const members: { name: string; text: string }[] = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const field = (from: number, length: number) =>
      archive
        .toString('latin1', at + from, at + from + length)
        .replace(/\0[\s\S]*$/, '')
        .trim();
    const name = field(0, 100);
    if (name === '') break;
    const prefix = field(345, 155);
    const size = Number.parseInt(field(124, 12) || '0', 8);
    const type = field(156, 1);
    if (type === '0' || type === '') {
      const body = archive.toString('utf8', at + BLOCK, at + BLOCK + size);
      members.push({ name: prefix === '' ? name : `${prefix}/${name}`, text: body });
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
};
