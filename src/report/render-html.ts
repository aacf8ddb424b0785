import { createHash } from 'node:crypto';
import type { Analysis } from '../judging/analysis.ts';
import type { Language } from './language.ts';
import { endEvidence } from './no-cause.ts';
import { shownCauses } from './shown-causes.ts';
import { DETAILS, type Detail, FULL } from './view/detail.ts';
import { excerptsOf } from './view/excerpts.ts';
import {
  collectView,
  consequenceViews,
  examinedView,
  fixViews,
  otherViews,
  ruledOutView,
  undecidedView,
} from './view/finding-views.ts';
import { flowView } from './view/flow-view.ts';
import { inventoryView } from './view/inventory-view.ts';
import { verdictView } from './view/verdict-view.ts';
import { cut, visibleLine } from './visible.ts';
import { templateNamed, Words } from './words.ts';

export interface HtmlOptions {
  readonly lang: Language;
}

/** Bytes that the page stays under, whatever the bundle holds. */
const SIZE_LIMIT = 1_000_000;

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;

const pageView = (analysis: Analysis, words: Words, detail: Detail) => {
  const cause = analysis.rootCauses[0];
  const allExcerpts = excerptsOf(analysis, cause ? cause.evidence : endEvidence(analysis));
  const excerpts = allExcerpts.slice(0, detail.excerpts).map((excerpt, i) => ({ ...excerpt, id: `excerpt-${i + 1}` }));
  const verdict = verdictView(
    analysis,
    words,
    (file) => excerpts.find((excerpt) => excerpt.file === visibleLine(file))?.id,
  );
  const flows = analysis.flows.slice(0, detail.flows).map((flow, i) => flowView(analysis, flow, words, detail, i));
  const fixes = cause ? fixViews(analysis, words, cause) : [];
  const fixHeading = words.text(fixes.some((fix) => fix.proven) ? 'fix-heading' : 'advice-heading');
  const view = {
    lang: words.language,
    bundle: cut(visibleLine(analysis.bundle.name), 120),
    title: cut(`${verdict.title.map((span) => span.text).join('')} · netautopsy`, 200),
    verdict,
    fixes,
    fixHeading,
    examined: examinedView(analysis, words),
    collect: collectView(analysis, words),
    flows,
    flowsCut: Math.max(0, analysis.flows.length - detail.flows),
    excerpts,
    excerptsCut: allExcerpts.length - excerpts.length,
    consequences: consequenceViews(analysis, words, detail.rows),
    others: otherViews(analysis, words, detail),
    othersCut: Math.max(
      0,
      analysis.rootCauses.length - 1 - Math.min(detail.others, shownCauses(analysis).shown.length - 1),
    ),
    ruledOut: ruledOutView(analysis, words, detail.rows),
    undecided: undecidedView(analysis, words, detail.rows),
    inventory: inventoryView(analysis, words, detail),
  };
  const contents = [
    ...(view.fixes.length > 0 ? [{ id: 'fix', label: fixHeading }] : []),
    ...(view.examined ? [{ id: 'examined', label: words.text('examined-heading') }] : []),
    ...(view.collect.length > 0 ? [{ id: 'collect', label: words.text('collect-heading') }] : []),
    ...view.flows.flatMap((flow) => [
      { id: flow.id, label: flow.heading },
      { id: `${flow.id}-packets`, label: words.text('ladder') },
      { id: `${flow.id}-names`, label: words.text('translations') },
    ]),
    ...(view.excerpts.length > 0 ? [{ id: 'evidence', label: words.text('evidence') }] : []),
    ...(view.consequences.length > 0 ? [{ id: 'consequences', label: words.text('consequences') }] : []),
    ...(view.others.length > 0 ? [{ id: 'others', label: words.text('other-causes') }] : []),
    ...(view.ruledOut.count > 0 ? [{ id: 'ruled-out', label: words.text('ruled-out') }] : []),
    ...(view.undecided.count > 0 ? [{ id: 'undecided', label: words.text('undecided') }] : []),
    { id: 'inventory', label: words.text('inventory') },
  ];
  return { ...view, contents };
};

const run = (name: string, view: unknown, words: Words): string => {
  const template = templateNamed(name);
  if (!template) throw new Error(`no template ${name}`);
  return template(view, { data: { words } });
};

/**
 * The report as one HTML file: complete without scripts (it has none), no request to anywhere (the policy in its head forbids all), the
 * same bytes for the same analysis and language, under a megabyte.
 */
export const renderHtml = (analysis: Analysis, options: HtmlOptions): string => {
  const words = new Words(options.lang);
  const style = run('page/style', {}, words);
  const csp = `default-src 'none'; style-src ${sha256(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  let page = '';
  for (const detail of DETAILS) {
    page = run('page/document', { ...pageView(analysis, words, detail), csp }, words);
    if (Buffer.byteLength(page, 'utf8') < SIZE_LIMIT) break;
  }
  return page;
};

/** Sections of words that failed for this analysis: a template that names a value which the finding does not have. Empty where all is well. */
export const wordFaults = (analysis: Analysis, lang: Language): readonly string[] => {
  const words = new Words(lang);
  pageView(analysis, words, FULL);
  return words.faults;
};
