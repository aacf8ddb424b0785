import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { readBundle } from '../../src/bundle/read-bundles.ts';
import { recordedCases } from '../recorded-cases.ts';

const samples = fileURLToPath(new URL('../../samples/', import.meta.url));
const bundles = [
  ...recordedCases.map(({ name, path }) => [name, `${path}.tgz`] as const),
  ...readdirSync(samples)
    .filter((file) => file.endsWith('.tgz'))
    .map((file) => [file, join(samples, file)] as const),
];

/** What the recorded bundles hold of keys: those of IPsec, and what names the kernel's own one. */
const KEY = /(?<=\b(?:auth-trunc|auth|enc|aead) \S+ )0x[0-9a-f]+|(?<=kernel key: )[0-9a-f]{40}/;

describe('of recorded bundles every line is quoted to the letter, but for keys', () => {
  test.each(bundles)('%s', async (_, path) => {
    const bundle = await readBundle(path, {});
    const wanted = new Map<string, Set<number>>();
    const originals = new Map<string, readonly string[]>();
    for (const { paths, texts } of bundle.origins)
      for (const [file, inside] of paths) {
        const lines = texts.get(inside)?.join('').split('\n');
        if (!lines) continue;
        originals.set(file, lines);
        wanted.set(file, new Set(lines.keys()).add(lines.length));
      }
    const changed: string[] = [];
    let seen = 0;
    for (const [file, quoted] of await quoteLines(bundle, wanted))
      for (const [line, text] of quoted) {
        const original = originals.get(file)?.[line - 1] ?? '';
        seen += 1;
        if (text === original.slice(0, 2000)) continue;
        if (KEY.test(original) && original.replace(KEY, '[masked]') === text) continue;
        changed.push(`${file}:${line}: ${original}\n  -> ${text}`);
      }
    expect(seen).toBeGreaterThan(0);
    expect(changed).toEqual([]);
  });
});
