import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { progress } from '../../src/cli/progress.ts';

const { stderr } = process;
const { isTTY } = stderr;
let shown: string[] = [];

beforeEach(() => {
  shown = [];
  vi.useFakeTimers({ now: 0, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  stderr.isTTY = true;
  vi.spyOn(stderr, 'write').mockImplementation((text) => {
    shown.push(String(text));
    return true;
  });
});
afterEach(() => {
  stderr.isTTY = isTTY;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What was drawn since the last look, without what moves the cursor. */
const drawn = (): string => {
  const text = stripVTControlCharacters(shown.join(''));
  shown = [];
  return text;
};

test('nothing is drawn within the first second, or of what is over by then', async () => {
  const run = await progress({});
  run.onMember('n1/ip_addr.txt');
  run.onBytes(1_000_000, 4_000_000);
  run.onStage('walking', 1, 2);
  vi.setSystemTime(900);
  run.onWriting();
  run.stop();
  expect(drawn()).toBe('');
});

test('then how much of the archive is read, though it is all one member, and each stage behind it at once', async () => {
  const run = await progress({});
  run.onMember('n1/conntrack_-L.txt');
  vi.setSystemTime(1500);
  run.onBytes(10_000_000, 40_000_000);
  expect(drawn()).toBe('reading [======                  ]  25% of 40 MB, 1 file, n1/conntrack_-L.txt');
  vi.setSystemTime(2500);
  run.onBytes(30_000_000, 40_000_000);
  expect(drawn()).toBe('reading [==================      ]  75% of 40 MB, 1 file, n1/conntrack_-L.txt');
  run.onStage('finding');
  expect(drawn()).toBe('looking for broken flows');
  run.onStage('walking', 3, 16);
  expect(drawn()).toBe('walking flow 3 of 16');
  run.onStage('quoting');
  vi.setSystemTime(4000);
  run.onBytes(20_000_000, 40_000_000);
  expect(drawn()).toBe('looking up the quoted lineslooking up the quoted lines: 50%');
  run.onWriting();
  expect(drawn()).toBe('writing the report');
  run.stop();
  shown = [];
  run.stop();
  expect(drawn()).toBe('');
});

test('of a folder the files are counted; a name can do nothing to the terminal, and no line is wider than it', async () => {
  const run = await progress({});
  vi.setSystemTime(1500);
  run.onMember(`n1/\x1b[2J\n${'x'.repeat(500)}`);
  const line = drawn();
  expect(line).toMatch(/^reading: 1 file, n1\/\\u001b\[2J\\nx+$/);
  expect(line.length).toBeLessThan(stderr.columns ?? 80);
  run.stop();
});

test('quiet, and where nobody looks, it says nothing; verbose, a line for each', async () => {
  for (const quiet of [true, false]) {
    if (!quiet) stderr.isTTY = false;
    const run = await progress({ quiet });
    vi.setSystemTime(5000);
    run.onMember('a');
    run.onBytes(1, 2);
    run.onStage('finding');
    run.stop();
    expect(drawn()).toBe('');
  }
  const run = await progress({ verbose: true });
  run.onMember('a\nb');
  run.onBytes(1, 2);
  run.onStage('walking', 1, 1);
  run.onWriting();
  expect(drawn()).toBe('reading "a\\nb"\nwalking the flow\nwriting the report\n');
});
