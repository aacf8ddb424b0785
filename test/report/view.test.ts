import { describe, expect, test } from 'vitest';
import type { FlowAnalysis } from '../../src/causes/facts/finding.ts';
import { parseProse, plainText, ValueTokens } from '../../src/report/prose.ts';
import { excerptsOf, marked } from '../../src/report/view/excerpts.ts';
import { laneOrder } from '../../src/report/view/flow-view.ts';
import { translationsOf } from '../../src/report/view/translations.ts';
import { cut, visible } from '../../src/report/visible.ts';
import { sampleAnalysis } from './sample-analysis.ts';

describe('excerpts', () => {
  test('show three lines around, and join what lies close together', () => {
    const excerpts = excerptsOf(sampleAnalysis, sampleAnalysis.rootCauses[0]?.evidence ?? []);
    const policy = excerpts.find((excerpt) => excerpt.file === 'cloud-gw/ip_xfrm_policy.txt');
    expect(policy?.parts).toHaveLength(1);
    expect(policy?.parts[0]?.lines.map((line) => line.number)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    expect(policy?.parts[0]?.lines.filter((line) => line.decisive).map((line) => line.number)).toEqual([15, 16]);
  });

  test('begin a new part after a gap', () => {
    const [excerpt] = excerptsOf(sampleAnalysis, [
      { source: { file: 'cloud-gw/xfrm_stat.txt', line: 3 }, role: 'decisive' },
      { source: { file: 'cloud-gw/xfrm_stat.txt', line: 20 }, role: 'supporting' },
    ]);
    expect(excerpt?.parts.map((part) => part.lines.length)).toEqual([6, 7]);
  });

  test('what the bundle cannot quote is not shown', () => {
    expect(excerptsOf(sampleAnalysis, [{ source: { file: 'no-such', line: 1 }, role: 'decisive' }])).toEqual([]);
  });

  test('mark whole words, the longest first, and nothing twice', () => {
    expect(marked('a SYN_RECV b SYN 66 6', ['SYN', 'SYN_RECV', '6'])).toEqual([
      { text: 'a ', mark: false },
      { text: 'SYN_RECV', mark: true },
      { text: ' b ', mark: false },
      { text: 'SYN', mark: true },
      { text: ' 66 ', mark: false },
      { text: '6', mark: true },
    ]);
    expect(marked('', ['x'])).toEqual([{ text: '', mark: false }]);
  });
});

describe('translations', () => {
  const flow = sampleAnalysis.flows[0] as FlowAnalysis;
  const order = laneOrder(flow.walked.branches[0]);

  test('agree where the walk and the dumps do; an unknown port agrees with any', () => {
    const views = translationsOf(flow, order);
    expect(views.map((view) => [view.place, view.kind, view.agreement])).toEqual([
      ['cloud-gw', 'conntrack', 'agree-yes'],
      ['cloud-gw', 'ipvs', 'agree-yes'],
      ['edge-gw', 'conntrack', 'agree-yes'],
    ]);
    expect(views[0]?.predicted[1]?.ends[1]?.text).toBe('10.233.64.0:*');
  });

  test('mark the end that differs, on both sides', () => {
    const entries = flow.evidence.entries.map((seen) => ({
      ...seen,
      entry: { ...seen.entry, reply: { ...seen.entry.reply, dst: '192.0.2.10' } },
    }));
    const [view] = translationsOf({ ...flow, evidence: { ...flow.evidence, entries } }, order);
    expect(view?.agreement).toBe('agree-no');
    expect(view?.observed[1]?.ends.map((end) => end.differs)).toEqual([false, true]);
    expect(view?.predicted[1]?.ends.map((end) => end.differs)).toEqual([false, true]);
  });

  test('say what was not seen and what was not predicted', () => {
    const none = { ...flow, evidence: { ...flow.evidence, entries: [], connections: [] } };
    expect(translationsOf(none, order).map((view) => view.agreement)).toEqual([
      'agree-unseen',
      'agree-unseen',
      'agree-unseen',
    ]);
    const blind = { ...flow, walked: { ...flow.walked, branches: [] } };
    expect(new Set(translationsOf(blind, order).map((view) => view.agreement))).toEqual(new Set(['agree-unpredicted']));
  });
});

describe('prose', () => {
  test('has paragraphs, items, code and strong words', () => {
    const tokens = new ValueTokens();
    const value = tokens.token('`v`');
    const prose = parseProse(`one ${value} **two**\nthree\n\n- item \`a ${value}\`\n- last`, tokens);
    expect(prose.map((block) => block.kind)).toEqual(['paragraph', 'item', 'item']);
    expect(prose[0]?.spans).toEqual([
      { text: 'one ', style: 'plain' },
      { text: '`v`', style: 'code' },
      { text: ' ', style: 'plain' },
      { text: 'two', style: 'strong' },
      { text: ' three', style: 'plain' },
    ]);
    expect(prose[1]?.spans.at(-1)).toEqual({ text: 'a `v`', style: 'code' });
  });

  test('line ends vanish between Chinese characters', () => {
    expect(plainText(parseProse('中文\n中文\nabc', new ValueTokens()))).toBe('中文中文 abc');
  });
});

describe('visible text', () => {
  test.each([
    ['\u001b[31m', '\\x1b[31m'],
    ['a\u202eb', 'a\\u202eb'],
    ['\u0000\u009b', '\\x00\\x9b'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
    ['tab\tand\nline', 'tab\tand\nline'],
    ['ok 中文 é 😀', 'ok 中文 é 😀'],
  ])('%j becomes %j', (from, to) => {
    expect(visible(from)).toBe(to);
  });

  test('is cut between code points', () => {
    expect(cut('😀😀😀', 2)).toBe('😀…');
  });
});
