// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
import { describe, expect, test } from 'vitest';
import { LANGUAGES } from '../../src/report/language.ts';
import { renderHtml } from '../../src/report/render-html.ts';
import { renderJson } from '../../src/report/render-json.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderTerminal } from '../../src/report/render-terminal.ts';
import { BENIGN, PAYLOAD, suffixed } from './hostile.ts';
import { tagsOf } from './html-tokens.ts';
import { sampleAnalysis } from './sample-analysis.ts';

const CONTROLS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff]|[\ud800-\udfff]/u;
const COLOURS = /\u001b\[(?:0|1|2|32|33|36|1;31)m/g;

describe.each(['all', 'values'] as const)('a bundle with hostile strings (%s)', (which) => {
  const hostile = suffixed(sampleAnalysis, PAYLOAD, which);
  const benign = suffixed(sampleAnalysis, BENIGN, which);

  test.each(LANGUAGES)('gives a page with the same elements as a harmless one (%s)', (lang) => {
    const tags = tagsOf(renderHtml(hostile, { lang }));
    expect(tags.length).toBeGreaterThan(300);
    expect(tags).toEqual(tagsOf(renderHtml(benign, { lang })));
    expect(tags.filter((tag) => /stray|<(?:script|img|iframe)/.test(tag))).toEqual([]);
  });

  test('is printed without any control character', () => {
    const text = renderTerminal(hostile, { lang: 'en', colour: false, width: 100 });
    expect(text).toContain('\\x1b[31m');
    expect(text).toContain('\\u202e');
    expect(text.replaceAll('\n', '')).not.toMatch(CONTROLS);
  });

  test('with colours, holds the escapes of our own colours and no other', () => {
    const text = renderTerminal(hostile, { lang: 'en', colour: true, width: 100 });
    const rest = text.replace(COLOURS, '');
    expect(rest).not.toBe(text);
    expect(rest.replaceAll('\n', '')).not.toMatch(CONTROLS);
  });

  test('leaves no control character in the page', () => {
    expect(renderHtml(hostile, { lang: 'en' }).replace(/[\n\t]/g, '')).not.toMatch(CONTROLS);
  });

  test('is Markdown without live links, images or tags outside of code', () => {
    const outside = renderMarkdown(hostile, { lang: 'en' })
      .replace(/^(`{3,})[^\n]*\n[\s\S]*?\n\1$/gm, '')
      .replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
    expect(outside).not.toMatch(/(?<!\\)[<[]/);
    expect(outside).not.toMatch(/:\/\//);
    expect(outside.replaceAll('\n', '')).not.toMatch(CONTROLS);
  });

  test('is still JSON, with the strings as they were', () => {
    const result = JSON.parse(renderJson(hostile));
    expect(result.rootCauses[0].node).toBe(`cloud-gw${PAYLOAD}`);
  });
});
