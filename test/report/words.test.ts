import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { helpers } from '../../src/report/helpers.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { plainText } from '../../src/report/prose.ts';
import { wordFaults } from '../../src/report/render-html.ts';
import { sectionsOf, Words } from '../../src/report/words.ts';
import { sampleAnalysis } from './sample-analysis.ts';

const TEMPLATES = new URL('../../templates/', import.meta.url);
const names = (folder: string): string[] =>
  readdirSync(new URL(folder, TEMPLATES))
    .filter((file) => file.endsWith('.hbs'))
    .map((file) => file.replace(/\.hbs$/, ''))
    .sort();
const textOf = (file: string): string => readFileSync(new URL(file, TEMPLATES), 'utf8');

describe('both languages', () => {
  test('have the same files', () => {
    expect(names('zh-CN')).toEqual(names('en'));
    expect(names('causes/zh-CN')).toEqual(names('causes/en'));
  });

  const files = [
    ...names('en').map((name) => `LANG/${name}`),
    ...names('causes/en').map((name) => `causes/LANG/${name}`),
  ];
  test.each(files)('have the same sections in %s', (file) => {
    const of = (language: string) => [...sectionsOf(file.replace('LANG', language))].sort();
    expect(of('en').length).toBeGreaterThan(0);
    expect(of('zh-CN')).toEqual(of('en'));
  });

  test.each(files)('use the same values in %s', (file) => {
    const used = (language: string) =>
      [
        ...new Set(
          textOf(`${file.replace('LANG', language)}.hbs`).match(/(?:values|after|before|flow)\.[a-zA-Z]+/g) ?? [],
        ),
      ]
        .filter((name) => !name.startsWith('flow.'))
        .sort();
    expect(used('zh-CN')).toEqual(used('en'));
  });

  test.each(names('causes/en'))('say title, summary and why of %s', (id) => {
    for (const language of LANGUAGES)
      for (const section of ['title', 'summary', 'why'])
        expect(sectionsOf(`causes/${language}/${id}`)).toContain(section);
  });
});

describe('templates', () => {
  const all = readdirSync(TEMPLATES, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.hbs'));

  test('escape everything: no triple stash, no ampersand stash', () => {
    for (const file of all) expect(textOf(file), file).not.toMatch(/\{\{\{|\{\{&/);
  });

  test('name the helpers that are there', () => {
    expect(JSON.parse(textOf('helpers.json')).sort()).toEqual(Object.keys(helpers).sort());
  });

  test('use labels that are there', () => {
    const labels = sectionsOf('en/labels');
    const sources = [
      ...all.filter((file) => file.startsWith('page/')).map(textOf),
      ...readdirSync(new URL('../../src/report/', import.meta.url), { recursive: true })
        .map(String)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFileSync(new URL(`../../src/report/${file}`, import.meta.url), 'utf8')),
    ];
    const used = sources.flatMap((text) =>
      [...text.matchAll(/(?:\{\{t |words\.(?:text|label)\()["'`]([a-z-]+)["'`]/g)].map((match) => match[1] ?? ''),
    );
    expect(used.length).toBeGreaterThan(60);
    for (const key of used) expect(labels, key).toContain(key);
  });
});

describe('the recorded case', () => {
  test.each(LANGUAGES)('is told without a section that fails (%s)', (language) => {
    expect(wordFaults(sampleAnalysis, language)).toEqual([]);
  });
});

describe('what has no words', () => {
  test.each(LANGUAGES)('is said by its code and values (%s)', (language) => {
    const words = new Words(language);
    const values = { port: 80, list: ['a', 'b'] };
    expect(plainText(words.say('actions', 'teleported' as never, { values }))).toContain('teleported');
    expect(plainText(words.say('notes', 'strange' as never, { values }))).toContain('port=80');
    expect(plainText(words.ruledOut('no-such-cause', 'odd-fact', { values }))).toContain('odd-fact');
    expect(plainText(words.cause('no-such-cause', 'title', { values, where: 'n1' }))).toContain('no-such-cause');
    expect(plainText(words.cause('no-such-cause', 'summary', { values, where: 'n1' }))).toContain('n1');
    expect(plainText(words.fix('no-such-cause', 'odd-fix', { values }))).toContain('odd-fix');
    expect(words.faults).toEqual([]);
  });

  test('a value that a template needs and the finding has not falls back, and is noted', () => {
    const words = new Words('en');
    const said = plainText(words.cause('svc-no-endpoints', 'title', { values: {}, node: 'n1', where: 'n1' }));
    expect(said).toBe('svc-no-endpoints');
    expect(words.faults[0]).toContain('svc-no-endpoints#title');
  });

  test('names of Object.prototype are no templates and no sections', () => {
    const words = new Words('en');
    expect(() => words.cause('constructor', 'title', { values: {} })).not.toThrow();
    expect(plainText(words.say('actions', 'toString' as never, { values: {} }))).toContain('toString');
  });
});

describe('words', () => {
  test('turn values into code and keep markup in them as text', () => {
    const words = new Words('en');
    const prose = words.cause('svc-no-endpoints', 'title', {
      values: { virtual: '`x` **y** {{z}}', port: 80 },
      node: '<b>n</b>',
      where: 'n',
    });
    const texts = prose.flatMap((block) => block.spans);
    expect(texts).toContainEqual({ text: '`x` **y** {{z}}:80', style: 'code' });
    expect(texts).toContainEqual({ text: '<b>n</b>', style: 'code' });
  });

  test('a value that looks like a token of ours is not taken for one', () => {
    const words = new Words('en');
    const prose = words.cause('svc-no-endpoints', 'title', {
      values: { virtual: '\ue0000\ue001', port: 80 },
      node: 'n1',
    });
    expect(plainText(prose)).toContain('\\ue0000\\ue001:80');
  });
});
