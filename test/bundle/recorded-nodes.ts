import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Truth } from '../recorded-cases.ts';
import type { RecordedNode } from './repack.ts';

const folder = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));

export const truthOf = (name: string): Truth => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Truth;

/** A recorded bundle's captures by node. */
export const recordedNodes = async (name: string): Promise<readonly RecordedNode[]> => {
  const nodes = new Map<string, { files: Map<string, string>; pods: Map<string, Map<string, string>> }>();
  const unpack = extract();
  unpack.end(gunzipSync(readFileSync(join(folder, `${name}.tgz`))));
  for await (const entry of unpack) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    if (entry.header.type !== 'file') continue;
    const [, node = '', ...rest] = entry.header.name.split('/');
    const own = nodes.get(node) ?? { files: new Map(), pods: new Map() };
    nodes.set(node, own);
    const inPod = rest[0] === 'netns';
    const files = inPod ? (own.pods.get(rest[1] ?? '') ?? new Map<string, string>()) : own.files;
    if (inPod) own.pods.set(rest[1] ?? '', files);
    files.set(rest.slice(inPod ? 2 : 0).join('/'), Buffer.concat(parts).toString());
  }
  return [...nodes].map(([node, own]) => ({ name: node, ...own }));
};
