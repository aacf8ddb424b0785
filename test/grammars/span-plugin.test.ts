import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileGrammar } from '../../scripts/grammars.mjs';

interface Parser {
  parse(input: string, options: Record<string, unknown>): unknown;
}

const corpus = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));
if (!existsSync(corpus))
  console.warn('SKIPPED: ../shared/corpus is not there, the plugins are not held against their absence');

const load = (source: string): Promise<Parser> =>
  import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`) as Promise<Parser>;

/** A sink that writes down what the grammar tells it, and answers every question with undefined. */
const recorder = (calls: string[]) =>
  new Proxy(
    {},
    {
      get: (_target, name) =>
        typeof name === 'string'
          ? (...args: unknown[]) => {
              calls.push(`${name} ${JSON.stringify(args)}`);
            }
          : undefined,
    },
  );

const outcome = (parser: Parser, line: string, silent: boolean): string => {
  const calls: string[] = [];
  try {
    const value = parser.parse(line, {
      startRule: 'Line',
      sink: recorder(calls),
      ...(silent ? { peg$silentFails: 1 } : {}),
    });
    return JSON.stringify([calls, value ?? null]);
  } catch (error) {
    const { message, location } = error as { message: string; location?: unknown };
    return silent ? JSON.stringify([calls, 'error']) : JSON.stringify([calls, message, location]);
  }
};

/** mulberry32 */
const randomOf = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};

const mutated = (line: string, random: (below: number) => number): string => {
  let text = line;
  for (let n = random(4); n > 0; n -= 1) {
    const at = random(text.length + 1);
    const how = random(3);
    if (how === 0) text = text.slice(0, at) + text.slice(at + 1);
    else if (how === 1) text = text.slice(0, at) + String.fromCharCode(32 + random(95)) + text.slice(at);
    else text = text.slice(0, at);
  }
  return text;
};

const GRAMMARS: readonly (readonly [string, string])[] = [
  ['conntrack', 'conntrack'],
  ['iptables-save', 'iptables-save'],
  ['tcpdump', 'tcpdump'],
  ['ip-route', 'ip-route'],
  ['ipvsadm', 'ipvsadm'],
  ['xfrm', 'xfrm-state'],
];
const PER_GRAMMAR = 400;

describe.skipIf(!existsSync(corpus))('the plugins change no result and no error', () => {
  test.each(GRAMMARS)('%s', async (grammar, folder) => {
    const [fast, plain] = await Promise.all([load(compileGrammar(grammar)), load(compileGrammar(grammar, []))]);
    const random = randomOf(7);
    const lines = readdirSync(corpus + folder)
      .flatMap((file) => readFileSync(`${corpus}${folder}/${file}`, 'latin1').split('\n').slice(0, 60))
      .filter((line) => line.length > 0 && line.length < 400);
    expect(lines.length).toBeGreaterThan(50);
    for (let i = 0; i < PER_GRAMMAR; i += 1) {
      const line = `${mutated(lines[random(lines.length)] ?? '', random)}\n`;
      const silent = i % 2 === 0;
      expect(outcome(fast, line, silent), line).toBe(outcome(plain, line, silent));
    }
  });
});
