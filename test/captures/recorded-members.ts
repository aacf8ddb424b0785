import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));

/** The members of the recorded bundles whose file name is in the set: `bundle/node/netns/pod/ip_addr.txt`. */
export const bundleMembers = (
  wanted: Pick<ReadonlySet<string>, 'has'>,
): readonly { readonly name: string; readonly text: string }[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.tgz'))
    .flatMap((file) =>
      tarMembers(gunzipSync(readFileSync(join(folder, file))))
        .filter(({ name }) => wanted.has(name.slice(name.lastIndexOf('/') + 1)))
        .map(({ name, text }) => ({ name: `${file}:${name}`, text })),
    );

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
