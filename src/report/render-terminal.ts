import type { EvidenceLine, Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import { shellWord } from '../causes/facts/shell.ts';
import type { Analysis } from '../judging/analysis.ts';
import { allConsequences } from '../judging/consequences.ts';
import { collectDecides, collectGroups } from './collect-words.ts';
import { askCommand, examinedSentences } from './examined.ts';
import type { Language } from './language.ts';
import { legsOf } from './legs.ts';
import { endEvidence, noCause } from './no-cause.ts';
import { plainText } from './prose.ts';
import { isHealthy, shownCauses } from './shown-causes.ts';
import { sourcePlace } from './source-place.ts';
import { pathLine } from './terminal/path-lines.ts';
import { proseRuns, Sheet, type SheetOptions } from './terminal/sheet.ts';
import type { Run } from './terminal/wrap.ts';
import { visibleLine } from './visible.ts';
import {
  byWeight,
  entryText,
  findingContext,
  findingPlace,
  flowText,
  historyText,
  outcomeLabel,
  placePhrase,
} from './wording.ts';
import { Words } from './words.ts';

export interface TerminalOptions extends SheetOptions {
  readonly lang: Language;
}

const QUOTES = 3;
/** Lines that are quoted where no cause holds. */
const SHOWN = 5;

const headline = (sheet: Sheet, words: Words, finding: Finding, flow: FlowAnalysis | undefined): void => {
  const title = words.cause(finding.id, 'title', findingContext(finding, flow));
  const certainty = words.text(`confidence-${finding.confidence}`);
  const mark: Run = finding.confidence === 'possible' ? { text: '? ', style: 'warn' } : { text: '✗ ', style: 'bad' };
  sheet.add('', [mark, ...proseRuns(title, 'bold'), { text: ` (${certainty})`, style: 'dim' }], 2);
};

const quotes = (
  sheet: Sheet,
  words: Words,
  analysis: Analysis,
  lines: readonly EvidenceLine[],
  most = QUOTES,
): void => {
  for (const { source } of byWeight(lines).slice(0, most)) {
    const text = visibleLine(analysis.quotes.get(source.file)?.get(source.line) ?? '').trim();
    sheet.add('', [
      { text: sourcePlace(words, source), style: 'dim' },
      { text: '  ', style: 'plain' },
      { text, style: 'code' },
    ]);
  }
};

const causeSheet = (
  sheet: Sheet,
  words: Words,
  analysis: Analysis,
  finding: Finding,
  flow: FlowAnalysis | undefined,
): void => {
  const context = findingContext(finding, flow);
  sheet.add(words.text('where'), [
    { text: findingPlace(finding), style: 'bold' },
    { text: ', ', style: 'plain' },
    ...proseRuns(placePhrase(words, finding.at)),
  ]);
  sheet.add(words.text('why'), proseRuns(words.cause(finding.id, 'summary', context)));
  quotes(sheet, words, analysis, finding.evidence);
  for (const fix of finding.fixes) {
    sheet.add(
      words.text(fix.provenByWalk ? 'fix' : 'advice'),
      proseRuns(words.fix(finding.id, fix.id, { ...context, values: fix.values })),
    );
    for (const { node, command } of fix.commands) sheet.command(visibleLine(node), visibleLine(command));
    sheet.add('', [
      fix.provenByWalk
        ? { text: `✓ ${words.text('fix-proven')}`, style: 'good' }
        : { text: words.text('fix-unproven'), style: 'warn' },
    ]);
  }
};

/** What follows from a cause at any depth, a title each. */
const consequencesSheet = (sheet: Sheet, words: Words, cause: Finding, flow: FlowAnalysis | undefined): void =>
  allConsequences(cause).forEach((finding, i) => {
    sheet.add(
      i === 0 ? words.text('leads-to') : '',
      proseRuns(words.cause(finding.id, 'title', findingContext(finding, flow))),
    );
  });

const pathSheet = (sheet: Sheet, words: Words, flow: FlowAnalysis, isGood: boolean): void => {
  const entry = entryText(words, flow.question);
  if (entry) sheet.add(entry.label, [{ text: entry.text, style: 'plain' }]);
  const history = historyText(words, flow);
  if (history) sheet.add(history.label, [{ text: history.text, style: 'plain' }]);
  legsOf(flow.walked.branches[0]).forEach((leg, i) => {
    sheet.add(i === 0 ? words.text('path') : '', pathLine(words, leg, isGood));
  });
};

/** What would decide, place by place: complete, each command on a line of its own, and of each what it tells. */
const collectSheet = (sheet: Sheet, words: Words, analysis: Analysis): void => {
  collectGroups(words, analysis.collect).forEach(({ place, items }, i) => {
    sheet.add(i === 0 ? words.text('to-collect') : '', proseRuns(place, 'bold'));
    for (const item of items)
      sheet.command('', visibleLine(item.command), visibleLine(plainText(collectDecides(words, item))));
  });
};

/** Where nobody asked and nothing looks broken: what was looked at, and about what it can be asked. */
const examinedSheet = (sheet: Sheet, words: Words, analysis: Analysis): void => {
  for (const [i, said] of examinedSentences(analysis, words).entries())
    sheet.add(i === 0 ? words.text('examined') : '', proseRuns(said));
  const { askable } = analysis.verdict;
  const ask = words.say('verdict', askable.length > 0 ? 'ask-lede' : 'ask-none', { values: {} });
  sheet.add(words.text('ask'), proseRuns(ask));
  for (const { question } of askable) sheet.command('', visibleLine(askCommand(analysis.bundle.name, question)));
  if (askable.length === 0)
    sheet.command(
      '',
      `analyze ${visibleLine(shellWord(analysis.bundle.name))} --flow '${plainText(words.say('verdict', 'ask-example', { values: {} }))}'`,
    );
};

/** The verdict in a few lines. Nothing captured reaches it unescaped; without `colour` it holds no escape sequence at all. */
export const renderTerminal = (analysis: Analysis, options: TerminalOptions): string => {
  const words = new Words(options.lang);
  const sheet = new Sheet(options);
  const flowOf = (id: string | undefined) => analysis.flows.find((flow) => flow.id === id);
  const causes = shownCauses(analysis);
  causes.shown.forEach((finding, i) => {
    const flow = flowOf(finding.flow);
    sheet.gap();
    headline(sheet, words, finding, flow);
    if (i === 0) {
      if (flow) sheet.add(words.text('flow'), [{ text: flowText(flow.question), style: 'plain' }]);
      causeSheet(sheet, words, analysis, finding, flow);
      if (flow) pathSheet(sheet, words, flow, isHealthy(analysis, flow));
    }
    consequencesSheet(sheet, words, finding, flow);
  });
  if (analysis.rootCauses.length === 0) {
    const { code, title, summary } = noCause(analysis, words);
    const mark: Run = code === 'healthy' ? { text: '✓ ', style: 'good' } : { text: '? ', style: 'warn' };
    sheet.add('', [mark, ...proseRuns(title, 'bold')], 2);
    sheet.add(words.text('why'), proseRuns(summary));
    quotes(sheet, words, analysis, endEvidence(analysis), SHOWN);
    for (const flow of analysis.flows) {
      sheet.add(words.text('flow'), [
        { text: flowText(flow.question), style: 'plain' },
        {
          text: `: ${words.text(flow.outcome === 'delivered' && !isHealthy(analysis, flow) ? 'outcome-walked' : outcomeLabel(flow))}`,
          style: 'plain',
        },
      ]);
      pathSheet(sheet, words, flow, isHealthy(analysis, flow));
    }
  }
  if (causes.more > 0)
    sheet.add('', proseRuns(words.say('verdict', 'more-possible', { values: { count: causes.more } })), 2);
  if (!analysis.verdict.examined.asked && analysis.rootCauses.length === 0) examinedSheet(sheet, words, analysis);
  // A few lines: where the cause is certain, what would decide further questions is for the page.
  if (analysis.rootCauses[0]?.confidence !== 'certain') collectSheet(sheet, words, analysis);
  sheet.gap();
  const counts = words.label('terminal-counts', {
    ruledOut: new Set(analysis.ruledOut.map((finding) => finding.id)).size,
    undecided: analysis.undecided.length,
    unread: analysis.unreadTotal,
    notes: analysis.notes.length,
  });
  sheet.add('', [{ text: visibleLine(plainText(counts)), style: 'dim' }], 2);
  return `${sheet.lines.join('\n')}\n`;
};
