import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bunzip2 } from '../../src/bundle/open/bunzip2.ts';
import { ByteReader } from '../../src/bundle/open/byte-reader.ts';
import { Damage } from '../../src/bundle/open/damage.ts';
import { compressed } from './archive.ts';

/** What comes out, and the damage that ends it. */
const unfolded = async (bytes: Buffer, step = 7): Promise<{ text: Buffer; damage?: Damage['reason'] }> => {
  const source = (async function* () {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  })();
  const pieces: Buffer[] = [];
  try {
    for await (const piece of bunzip2(new ByteReader(source))) pieces.push(piece);
    return { text: Buffer.concat(pieces) };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return { text: Buffer.concat(pieces), damage: error.reason };
  }
};

/** Made by bzip2 1.0.8. */
const ROUTE = 'default via 192.0.2.1 dev eth0\n';
const SHORT = Buffer.from(
  'QlpoOTFBWSZTWdVoOpEAAAjZgAAQQAFwICdkBwAgADFDTTAARNDTEwnqaVB5iSnJ+5a7nlGdzQGwa/F3JFOFCQ1Wg6kQ',
  'base64',
);
const EMPTY = Buffer.from('QlpoORdyRThQkAAAAAA=', 'base64');
/** Runs of 3, 4, 255, 259, 1000 and 70000 equal bytes. */
const RUNS = Buffer.from(
  'QlpoMTFBWSZTWfk4gTMAAidBgcAAPgAAAQCAAAggAFCDJiApSENOoh3SiHPdUQ765Zv68vmWW+lmYiG+bvxdyRThQkPk4gTM',
  'base64',
);

describe('bunzip2', () => {
  test('a stream, an empty one, several behind each other, and what stands behind the last', async () => {
    expect(await unfolded(SHORT)).toEqual({ text: Buffer.from(ROUTE) });
    expect(await unfolded(EMPTY)).toEqual({ text: Buffer.alloc(0) });
    expect(await unfolded(Buffer.concat([SHORT, EMPTY, SHORT]), 1)).toEqual({ text: Buffer.from(ROUTE + ROUTE) });
    expect(await unfolded(Buffer.concat([SHORT, Buffer.alloc(512)]))).toEqual({ text: Buffer.from(ROUTE) });
  });

  test('runs of every length', async () => {
    const { text, damage } = await unfolded(RUNS);
    expect(damage).toBeUndefined();
    const runs = ([...'abcde', '\0'] as const).map((letter, i) => letter.repeat([3, 4, 255, 259, 1000, 70000][i] ?? 0));
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(text)).toBe(digest(Buffer.from(runs.join(''))));
  });

  test('a stream that is cut anywhere is cut, and nothing of a block that is not whole comes out', async () => {
    for (let length = 0; length < SHORT.length; length += 1)
      expect(await unfolded(SHORT.subarray(0, length)), `${length} bytes`).toEqual({
        // The block is whole before the stream's own end.
        text: Buffer.from(length < SHORT.length - 10 ? '' : ROUTE),
        damage: 'truncated',
      });
  });

  test('no changed bit makes another text', async () => {
    for (let bit = 0; bit < SHORT.length * 8 - 8; bit += 1) {
      const bytes = Buffer.from(SHORT);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      const { text, damage } = await unfolded(bytes);
      // The block size may be larger than the block, and a code may be that of a symbol which does not occur.
      if (damage === undefined) expect(text.toString(), `bit ${bit}`).toBe(ROUTE);
    }
  });

  test('what the tool folds is unfolded', async () => {
    const runs = fc.array(fc.tuple(fc.nat(255), fc.nat(300)), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(runs, fc.integer({ min: 1, max: 4000 }), async (parts, step) => {
        const text = Buffer.concat(parts.map(([byte, times]) => Buffer.alloc(times, byte)));
        const folded = compressed('bzip2', text);
        if (folded) expect(await unfolded(folded, step)).toEqual({ text });
      }),
      { seed: 5, numRuns: 40 },
    );
  });
});
