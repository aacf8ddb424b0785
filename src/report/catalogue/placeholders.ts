import type { ValueTokens } from '../prose.ts';

/** Objects within a cause's words; every other name is a value itself. */
const NESTED: ReadonlySet<string> = new Set(['values', 'flow']);

/**
 * What a cause's words are given where nobody has found it: whatever name they ask for is there and reads `⟨name⟩`. A list of one, because
 * that prints like its only item, is repeated once by `#each`, and holds for `#if`.
 */
export const placeholders = (tokens: ValueTokens): unknown => {
  const every = (valueNamed: (name: string) => unknown): unknown =>
    new Proxy(
      {},
      {
        has: (_, name) => typeof name === 'string',
        get: (_, name) => (typeof name === 'string' ? valueNamed(name) : undefined),
        getOwnPropertyDescriptor: (_, name) =>
          typeof name === 'string' ? { configurable: true, enumerable: true, value: valueNamed(name) } : undefined,
      },
    );
  const placeholder = (name: string) => [tokens.token(`⟨${name}⟩`)];
  return every((name) => (NESTED.has(name) ? every(placeholder) : placeholder(name)));
};
