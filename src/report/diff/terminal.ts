import type { Sections } from '#templates/index';
import type { Step } from '../../path/step.ts';
import { decidingLeg, type LegEnd } from '../../path/walk-result.ts';
import type { Language } from '../language.ts';
import { terminalWidth } from '../picture/text-width.ts';
import { plainText } from '../prose.ts';
import { sourcePlace } from '../source-place.ts';
import { proseRuns, Sheet, type SheetOptions } from '../terminal/sheet.ts';
import type { Run } from '../terminal/wrap.ts';
import { visibleLine } from '../visible.ts';
import { endSentence, flowText, outcomeLabel, placeName, placePhrase, stepSentence } from '../wording.ts';
import { Words, type WordValues } from '../words.ts';
import { type DiffSide, type FlowDifference, lineText, partingStep, placeOf } from './flow-difference.ts';

export interface DiffOptions extends SheetOptions {
  readonly lang: Language;
}

const MOST = 40;
const PROOFS = 4;

/** `analyze diff` for people. Nothing captured reaches the terminal unescaped. */
export const renderDiff = (difference: FlowDifference, options: DiffOptions): string => {
  const { good, bad, comparison } = difference;
  const words = new Words(options.lang);
  const sheet = new Sheet(options);
  const say = (code: Sections['diff'], values: WordValues = {}) => words.say('diff', code, values);
  const text = (code: Sections['diff'], values: WordValues = {}) => visibleLine(plainText(say(code, values)));
  const indent = 4 + Math.max(...(['good', 'bad', 'shared', 'flow'] as const).map((code) => terminalWidth(text(code))));

  const side = (name: 'good' | 'bad', { name: bundle, flow }: DiffSide) =>
    sheet.add(
      text(name),
      [
        { text: visibleLine(bundle), style: 'plain' },
        { text: ': ', style: 'plain' },
        { text: words.text(outcomeLabel(flow)), style: flow.outcome === 'delivered' ? 'good' : 'bad' },
      ],
      indent,
    );
  sheet.add(text('flow'), [{ text: flowText(bad.flow.question), style: 'plain' }], indent);
  side('good', good);
  side('bad', bad);
  sheet.gap();

  const { parting } = comparison;
  const at = partingStep(comparison);
  if (!comparison.good || !comparison.bad) sheet.add('', proseRuns(say('no-way'), 'bold'), 2);
  else if (!parting || !at) sheet.add('', proseRuns(say('same-way'), 'bold'), 2);
  else {
    const phrase = { said: plainText(placePhrase(words, at.place)) };
    sheet.add(
      '',
      proseRuns(say(`parting-${parting.direction}`, { place: placeName(at.node, at.namespace), phrase }), 'bold'),
      2,
    );
    const told = (name: 'shared' | 'good' | 'bad', step: Step | undefined, end: LegEnd | undefined, of: DiffSide) => {
      if (!step && !end) return;
      const runs: Run[] = step
        ? [{ text: `${visibleLine(placeOf(step))}: `, style: 'bold' }, ...proseRuns(stepSentence(words, step))]
        : proseRuns(say('ends', { reason: { said: plainText(endSentence(words, end as LegEnd, undefined)) } }));
      sheet.add(text(name), runs, indent);
      if (!step || name === 'shared') return;
      for (const { source } of step.proofs.slice(0, PROOFS))
        sheet.add('', quote(sourcePlace(words, source), of.quotes.get(source.file)?.get(source.line) ?? ''), indent);
    };
    const endOf = (name: 'good' | 'bad') => {
      const branch = comparison[name];
      return parting.direction === 'forward' ? branch?.forward.end : branch && decidingLeg(branch).end;
    };
    told('shared', parting.shared, undefined, bad);
    told('good', parting.good, endOf('good'), good);
    told('bad', parting.bad, endOf('bad'), bad);
  }

  sheet.gap();
  const { differences, notComparable } = comparison;
  sheet.add('', proseRuns(say(differences.length > 0 ? 'differences' : 'no-differences'), 'bold'), 2);
  for (const { namespace, change, weight, ...lines } of differences.slice(0, MOST)) {
    const one = lines.good ?? lines.bad;
    if (!one) continue;
    sheet.item(
      [
        { text: text(change), style: change === 'changed' ? 'warn' : change === 'only-good' ? 'good' : 'bad' },
        { text: `  ${visibleLine(namespace)}  `, style: 'bold' },
        { text: `${text(`kind-${one.kind}`)} ${visibleLine(one.within)}`.trim(), style: 'plain' },
        { text: ` (${text(`weight-${weight}`)})`, style: 'dim' },
      ],
      2,
    );
    for (const name of ['good', 'bad'] as const) {
      const line = lines[name];
      if (!line) continue;
      const which: readonly Run[] =
        change === 'changed' ? [{ text: `${text(name)}  `, style: name === 'good' ? 'good' : 'bad' }] : [];
      const { quotes } = name === 'good' ? good : bad;
      sheet.add('', [...which, ...quote(sourcePlace(words, line.source), lineText(line, quotes))], 4);
    }
  }
  if (differences.length > MOST) sheet.add('', proseRuns(say('more', { count: differences.length - MOST }), 'dim'), 4);
  if (notComparable.length > 0) {
    sheet.gap();
    sheet.add('', proseRuns(say('not-comparable'), 'bold'), 2);
    for (const { namespace, capture, missingIn } of notComparable) {
      const what = capture ?? { said: text('missing-namespace') };
      sheet.item(proseRuns(say(`missing-${missingIn}`, { where: namespace, what })), 2);
    }
  }
  return `${sheet.lines.join('\n')}\n`;
};

const quote = (place: string, text: string): readonly Run[] => [
  { text: place, style: 'dim' },
  { text: ' ', style: 'plain' },
  { text: visibleLine(text).trim(), style: 'code' },
];
