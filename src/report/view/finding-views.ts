import type { Finding, FlowAnalysis } from '../../causes/facts/finding.ts';
import type { Analysis } from '../../judging/analysis.ts';
import { allConsequences } from '../../judging/consequences.ts';
import { collectDecides, collectGroups, commandFor } from '../collect-words.ts';
import { askCommand, examinedSentences } from '../examined.ts';
import { excludedOf } from '../excluded.ts';
import { plainText } from '../prose.ts';
import { shownCauses } from '../shown-causes.ts';
import { sourcePlace } from '../source-place.ts';
import { visible, visibleLine } from '../visible.ts';
import { findingContext } from '../wording.ts';
import type { Label, Words } from '../words.ts';
import type { Detail } from './detail.ts';
import { excerptsOf } from './excerpts.ts';
import { type BlockView, blockViews, inlineView, type SpanView } from './prose-view.ts';
import { confidenceTone, wherePhrase } from './verdict-view.ts';

export interface FixView {
  readonly prose: readonly BlockView[];
  readonly commands: readonly { readonly node: string; readonly command: string }[];
  /** False for advice that no walk has shown to deliver. */
  readonly proven: boolean;
  readonly proof: string;
  readonly proofLook: string;
  readonly proofMark: string;
}

const SOURCES = 4;

const flowOf = (analysis: Analysis, id: string | undefined): FlowAnalysis | undefined =>
  analysis.flows.find((flow) => flow.id === id);

export const fixViews = (analysis: Analysis, words: Words, finding: Finding): FixView[] =>
  finding.fixes.slice(0, 10).map((fix) => ({
    prose: blockViews(
      words.fix(finding.id, fix.id, { ...findingContext(finding, flowOf(analysis, finding.flow)), values: fix.values }),
    ),
    commands: fix.commands.map(({ node, command }) => ({ node: visibleLine(node), command: visible(command) })),
    proven: fix.provenByWalk,
    proof: words.text(fix.provenByWalk ? 'fix-proven' : 'fix-unproven'),
    proofLook: fix.provenByWalk ? 'good' : 'open',
    proofMark: fix.provenByWalk ? '✓' : '?',
  }));

const sourcesOf = (words: Words, evidence: Finding['evidence']): string[] =>
  evidence.slice(0, SOURCES).map(({ source }) => sourcePlace(words, source));

const card = (analysis: Analysis, words: Words, finding: Finding, kick: Label) => {
  const context = findingContext(finding, flowOf(analysis, finding.flow));
  return {
    kick: words.text(kick),
    where: plainText(wherePhrase(words, finding)),
    title: inlineView(words.cause(finding.id, 'title', context)),
    summary: blockViews(words.cause(finding.id, 'summary', context)),
    sources: sourcesOf(words, finding.evidence),
  };
};

/** What follows from the causes, and what is true without being one. */
export const consequenceViews = (analysis: Analysis, words: Words, most: number) =>
  [
    ...analysis.rootCauses.flatMap(allConsequences).map((finding) => card(analysis, words, finding, 'follows')),
    ...analysis.observations.map((finding) => card(analysis, words, finding, 'observed-too')),
  ].slice(0, most);

/** Root causes after the first, each with its own fix and evidence. */
export const otherViews = (analysis: Analysis, words: Words, detail: Detail) =>
  shownCauses(analysis)
    .shown.slice(1, 1 + detail.others)
    .map((finding, i) => {
      const context = findingContext(finding, flowOf(analysis, finding.flow));
      return {
        tone: confidenceTone(finding),
        badge: words.text(`confidence-${finding.confidence}`),
        kicker: visibleLine(finding.id),
        title: inlineView(words.cause(finding.id, 'title', context)),
        summary: blockViews(words.cause(finding.id, 'summary', context)),
        where: plainText(wherePhrase(words, finding)),
        why: blockViews(words.cause(finding.id, 'why', context)),
        fixes: fixViews(analysis, words, finding),
        excerpts: excerptsOf(analysis, finding.evidence)
          .slice(0, 6)
          .map((excerpt, j) => ({ ...excerpt, id: `other-${i + 1}-${j + 1}` })),
      };
    });

export const ruledOutView = (analysis: Analysis, words: Words, most: number) => {
  const excluded = excludedOf(analysis, words);
  return {
    count: excluded.length,
    shown: Math.min(most, excluded.length),
    cut: excluded.length > most,
    rows: excluded.slice(0, most).map(({ ids, because, evidence }) => ({
      ids: ids.map(visibleLine),
      spans: inlineView(because) satisfies readonly SpanView[],
      sources: sourcesOf(words, evidence),
    })),
  };
};

/** Everything to collect, place by place. */
export const collectView = (analysis: Analysis, words: Words) =>
  collectGroups(words, analysis.collect).map(({ place, items }) => ({
    place: inlineView(place),
    commands: items.map((item) => visibleLine(item.command)).join('\n'),
    items: items.map((item) => ({
      command: visibleLine(item.command),
      decides: inlineView(collectDecides(words, item)),
    })),
  }));

/** Where no cause holds and nobody asked: what was looked at, and commands that ask about a flow. Undefined otherwise. */
export const examinedView = (analysis: Analysis, words: Words) => {
  const { verdict, rootCauses, bundle } = analysis;
  if (rootCauses.length > 0 || verdict.examined.asked) return undefined;
  const { askable } = verdict;
  return {
    sentences: examinedSentences(analysis, words).map((said) => inlineView(said)),
    lede: inlineView(words.say('verdict', askable.length > 0 ? 'ask-lede' : 'ask-none', { values: {} })),
    commands: askable.map(({ question, source }) => ({
      command: visibleLine(askCommand(bundle.name, question)),
      source: sourcePlace(words, source),
    })),
  };
};

export const undecidedView = (analysis: Analysis, words: Words, most: number) => ({
  count: analysis.undecided.length,
  shown: Math.min(most, analysis.undecided.length),
  cut: analysis.undecided.length > most,
  rows: analysis.undecided.slice(0, most).map((finding) => ({
    id: visibleLine(finding.id),
    collect: finding.missing.slice(0, 12).map(({ kind, namespace }) => ({
      place: visibleLine(namespace),
      command: visibleLine(commandFor(analysis.collect, namespace, kind) ?? words.text('collect-unknown', { kind })),
    })),
  })),
});
