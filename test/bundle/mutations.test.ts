import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BundleError } from '../../src/bundle/error.ts';
import { compressed, readBytes, tar, tree, zip } from './archive.ts';
import * as s from './samples.ts';

const FILES = {
  'b/n1/ip_addr.txt': s.IP_ADDR,
  'b/n1/conntrack.txt': s.CONNTRACK.repeat(40),
  'b/n1/inner.txt.gz': gzipSync(s.IP_RULE),
  'b/n2/ip_xfrm_state.txt': s.XFRM_STATE,
};
const MUTATIONS = 120;
const HANG_MS = 5000;

/** A linear congruential generator: the same mutations every time. */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
};

const mutated = (bytes: Buffer, next: () => number): Buffer => {
  const at = () => Math.floor(next() * bytes.length);
  const copy = Buffer.from(bytes);
  switch (Math.floor(next() * 4)) {
    case 0:
      return copy.subarray(0, at());
    case 1:
      for (let i = 0; i < 8; i += 1) copy[at()] = Math.floor(next() * 256);
      return copy;
    case 2: {
      const [from, to] = [at(), at()];
      return Buffer.concat([copy.subarray(0, from), copy.subarray(to)]);
    }
    default:
      copy.fill(Math.floor(next() * 256), at(), at());
      return copy;
  }
};

const plain = await tar(tree(FILES));
test.each([
  ['tar', () => plain],
  ['gz', () => gzipSync(plain)],
  ['zip', () => zip(tree(FILES).map(({ name, text = '' }) => ({ name, text })))],
  ['xz', () => compressed('xz', plain)],
  ['bzip2', () => compressed('bzip2', plain)],
  ['zstd', () => compressed('zstd', plain)],
])('damaged %s is read as far as it goes, or refused in one line', async (_, make) => {
  const bytes = make();
  if (!bytes) return;
  const next = random(20261120);
  let readable = 0;
  for (let i = 0; i < MUTATIONS; i += 1) {
    const start = performance.now();
    const outcome = await readBytes(mutated(bytes, next)).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome, outcome.stack ?? '').toBeInstanceOf(BundleError);
      expect(outcome.message).not.toContain('\n');
    } else readable += 1;
    expect(performance.now() - start).toBeLessThan(HANG_MS);
  }
  expect(readable).toBeGreaterThan(0);
});
