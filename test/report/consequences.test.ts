import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/causes/facts/finding.ts';
import type { Analysis } from '../../src/judging/analysis.ts';
import { quotedLines } from '../../src/judging/quoted-lines.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { renderHtml } from '../../src/report/render-html.ts';
import { resultOf } from '../../src/report/render-json.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderTerminal } from '../../src/report/render-terminal.ts';
import { resultDocument } from '../../src/report/result-schema.ts';
import { sampleAnalysis } from './sample-analysis.ts';

const [cause] = sampleAnalysis.rootCauses;
const [consequence] = cause?.consequences ?? [];
if (!cause || !consequence) throw new Error('sample without a consequence');

/** A consequence that is told apart by the socket of its title, and by the line that shows it. */
const listener = (socket: string, line: number, ...consequences: Finding[]): Finding => ({
  ...consequence,
  values: { ...consequence.values, socket },
  evidence: [{ source: { file: 'cloud-gw/ss.txt', line }, role: 'decisive' }],
  consequences,
});

/** The cause, what follows from it, and what follows from that, two deep. */
const deep: Analysis = {
  ...sampleAnalysis,
  rootCauses: [
    {
      ...cause,
      consequences: [listener('10.9.0.1:81', 901, listener('10.9.0.2:82', 902, listener('10.9.0.3:83', 903)))],
    },
  ],
};
const SOCKETS = ['10.9.0.1:81', '10.9.0.2:82', '10.9.0.3:83'];

/** The sockets in the order in which a text first names them. */
const named = (text: string): readonly string[] =>
  SOCKETS.filter((socket) => text.includes(socket)).sort((a, b) => text.indexOf(a) - text.indexOf(b));

describe('what follows from a consequence is told too, behind it', () => {
  test.each(LANGUAGES)('in each text (%s)', (lang) => {
    expect(named(renderHtml(deep, { lang }))).toEqual(SOCKETS);
    expect(named(renderMarkdown(deep, { lang }))).toEqual(SOCKETS);
    expect(named(renderTerminal(deep, { lang, colour: false, width: 200 }))).toEqual(SOCKETS);
  });

  test('in the document, as deep as it hangs', () => {
    const inner = resultDocument.parse(resultOf(deep)).rootCauses[0]?.consequences[0]?.consequences[0]?.consequences[0];
    expect(inner?.values).toMatchObject({ socket: '10.9.0.3:83' });
  });

  test('and its lines are quoted', () => {
    const lines = quotedLines(deep).filter((source) => source.file === 'cloud-gw/ss.txt');
    expect(lines.map((source) => source.line)).toEqual([901, 902, 903]);
  });
});

test('the terminal tells what follows from a cause below the cause itself, a title each', () => {
  const lines = renderTerminal(deep, { lang: 'en', colour: false, width: 200 }).split('\n');
  const at = lines.findIndex((line) => line.startsWith('  Leads to'));
  expect(named(lines.slice(at, at + 3).join('\n'))).toEqual(SOCKETS);
  expect(
    renderTerminal(
      { ...deep, rootCauses: [{ ...cause, consequences: [] }] },
      { lang: 'en', colour: false, width: 200 },
    ),
  ).not.toContain('Leads to');
});
