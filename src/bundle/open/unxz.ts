import { createRequire } from 'node:module';
import type { ByteReader } from './byte-reader.ts';
import { Damage } from './damage.ts';

type Decompressor = typeof import('xz-decompress');

const require = createRequire(import.meta.url);
const idle: Decompressor[] = [];

/**
 * The package decompresses one stream at a time and lets a second one wait for the first, which an archive inside an archive would do
 * for ever. So each nesting level has its own copy of it.
 */
const take = (): Decompressor => {
  const free = idle.pop();
  if (free) return free;
  delete require.cache[require.resolve('xz-decompress')];
  return require('xz-decompress') as Decompressor;
};

/** The .xz format: several streams, blocks and padding included; BCJ filters are not. */
export async function* unxz(input: ByteReader): AsyncGenerator<Uint8Array> {
  const decompressor = take();
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await input.next();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const reader = new decompressor.XzReadableStream(source).getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    finished = true;
  } catch (error) {
    if (error instanceof Error && error.name !== 'Error' && error.name !== 'RuntimeError' && error.name !== 'TypeError')
      throw error;
    const ended = (await input.peek(1)).length === 0;
    throw new Damage(ended ? 'truncated' : 'corrupt', `xz: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    if (finished) idle.push(decompressor);
    else await reader.cancel().catch(() => undefined);
  }
}
