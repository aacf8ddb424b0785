import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { inside } from './inside.ts';
import { root, sample } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-comfort-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the built program under a name, as npm's bin links do. */
const asProgram = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const link = join(dir, name);
  try {
    symlinkSync(`${root}dist/command/main.js`, link);
  } catch {
    // It is there already.
  }
  return spawnSync(process.execPath, [link, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
};

describe('wrong calls are one line with the nearest valid words, exit status 2', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['a mistyped option', [sample, '--fomat', 'json'], /no option --fomat; nearest: --format/],
    ['a mistyped option with a value and no bundle', ['--flwo', 'x'], /no option --flwo; nearest: --flow/],
    ['a wrong level', [sample, '--fail-on', 'sure'], /--fail-on takes certain, likely or possible, not sure/],
    ['a wrong format', [sample, '--format', 'pdf'], /--format takes html, json, md or text, not pdf/],
    ['an option without its value', [sample, '--from'], /--from needs a value/],
    ['a start without a flow', [sample, '--from', 'cloud-gw'], /needs --flow/],
    ['an arrival without a flow', [sample, '--in', 'cloud-gw'], /needs --flow/],
    [
      'a start and an arrival',
      [sample, '--flow', '10.0.0.1 -> 10.0.0.2', '--from', 'cloud-gw', '--in', 'cloud-gw'],
      /give one of them/,
    ],
    ['a language that has no words', [sample, '--lang', 'fr'], /--lang takes en or zh-CN, not fr/],
    ['one bundle to compare', ['diff', sample], /collected at several moments; name a second bundle/],
    ['a place that cannot be written to', [sample, '-o', join(dir, 'no', 'such', 'folder.html')], /cannot write .*-o/],
  ])('%s', async (_, args, words) => {
    const { status, stderr, stdout } = await inside(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a mistyped command is taken for a bundle, and the command is offered', async () => {
    const { status, stderr } = await inside('shema');
    expect(status).toBe(3);
    expect(stderr).toContain('did you mean the command schema?');
  });
});

describe('help', () => {
  test.each([80, 120])('fits %i columns', async (columns) => {
    const before = process.stdout.columns;
    process.stdout.columns = columns;
    const { status, stdout } = await inside('--help').finally(() => {
      process.stdout.columns = before;
    });
    expect(status).toBe(0);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    for (const word of ['diff', 'explain', 'flows', 'schema', 'completion', '--redact', '--fail-on', 'Exit status'])
      expect(stdout).toContain(word);
  });

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
    expect((await inside('--version')).stdout.trim()).toBe(version);
  });
});

describe('both names of the program', () => {
  test.each(['analyze', 'netautopsy'])('%s helps and completes under its own name', (name) => {
    expect(asProgram(name, ['--help']).stdout).toMatch(new RegExp(`^${name} BUNDLE`));
    expect(asProgram(name, ['completion'], { SHELL: '/bin/bash' }).stdout).toMatch(
      new RegExp(`complete .*-F _${name}_yargs_completions ${name}\n`),
    );
    expect(asProgram(name, ['completion'], { SHELL: '/usr/bin/zsh' }).stdout).toMatch(
      new RegExp(`^#compdef ${name}\n`),
    );
    expect(asProgram(name, ['completion'])).toMatchObject({ status: 0, stderr: '' });
  });

  test('netautopsy analyze BUNDLE is analyze BUNDLE', async () => {
    const [short, long] = [await inside(sample, '--format', 'md'), await inside('analyze', sample, '--format', 'md')];
    expect(long).toEqual(short);
    expect(short.status).toBe(0);
  });
});

test('completion offers commands and options', () => {
  const offered = (...words: string[]) =>
    asProgram('analyze', ['--get-yargs-completions', 'analyze', ...words], { SHELL: '/bin/bash' }).stdout.split('\n');
  expect(offered('')).toEqual(expect.arrayContaining(['diff', 'explain', 'flows', 'schema']));
  expect(offered('')).not.toContain('--format');
  expect(offered('di')).toEqual(['diff', '']);
  expect(offered('b.tgz', '--fo')).toContain('--format');
  expect(offered('diff', '--fl')).toContain('--flow');
  expect(offered('explain', 'rp-')).toEqual(['rp-filter-strict-drop', '']);
  // Behind a bundle the shell offers files.
  expect(offered('b.tgz', '')).toEqual(['']);
});

describe('what is printed', () => {
  const file = join(dir, 'page.html');

  test('--quiet prints nothing beside the file', async () => {
    expect(await inside(sample, '-o', file, '--quiet')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>/i);
  });

  test('--verbose names the members on stderr', async () => {
    const { stderr } = await inside(sample, '--format', 'json', '-v');
    expect(stderr).toContain('cloud-gw/xfrm_stat.txt');
  });

  test('colours only for a terminal, and never with NO_COLOR', async () => {
    const { isTTY } = process.stdout;
    const { NO_COLOR, TERM } = process.env;
    const coloured = async (): Promise<boolean> =>
      (await inside(sample, '--format', 'text')).stdout.includes('\u001b[');
    try {
      process.env.TERM = 'xterm';
      delete process.env.NO_COLOR;
      process.stdout.isTTY = false;
      expect(await coloured()).toBe(false);
      process.stdout.isTTY = true;
      expect(await coloured()).toBe(true);
      process.env.NO_COLOR = '';
      expect(await coloured()).toBe(true);
      process.env.NO_COLOR = '1';
      expect(await coloured()).toBe(false);
    } finally {
      process.stdout.isTTY = isTTY;
      for (const [name, value] of Object.entries({ NO_COLOR, TERM }))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  });

  test('--list tells which file was taken for what', async () => {
    const { status, stdout } = await inside(sample, '--list');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^cloud-gw\t\txfrm-stat\t\d+\t0\t.*xfrm_stat\.txt$/m);
  });

  test('the flows that look broken, ready to be pasted', async () => {
    const { stdout } = await inside('flows', sample);
    expect(stdout).toMatch(/^--flow '10\.255\.31\.243:\d+ -> 10\.255\.31\.243:80\/tcp' --from 'cloud-gw'\t/);
    const quiet = join(dir, 'uname');
    writeFileSync(quiet, 'Linux n1 6.1.0-18-amd64 #1 SMP Debian 6.1.76-1 x86_64 GNU/Linux\n');
    expect(await inside('flows', quiet)).toEqual({
      status: 0,
      stdout: '',
      stderr: 'no flow of this bundle looks broken\n',
    });
  });
});

test('a reader that goes away early is no error', () => {
  const program = `"${process.execPath}" "${root}dist/command/main.js" analyze "${sample}" --format text | true`;
  const { stderr } = spawnSync('sh', ['-c', program], { encoding: 'utf8', cwd: dir });
  expect(stderr).not.toMatch(/EPIPE|Unhandled/);
});
