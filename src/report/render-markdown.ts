import type { EvidenceLine, Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import { shellWord } from '../causes/facts/shell.ts';
import type { Analysis } from '../judging/analysis.ts';
import { allConsequences } from '../judging/consequences.ts';
import { collectDecides, collectGroups, commandFor } from './collect-words.ts';
import { askCommand, examinedSentences } from './examined.ts';
import { excludedOf } from './excluded.ts';
import type { Language } from './language.ts';
import { legsOf } from './legs.ts';
import { endEvidence, noCause } from './no-cause.ts';
import { type Prose, plainText, type Span } from './prose.ts';
import { isHealthy, shownCauses } from './shown-causes.ts';
import { sourcePlace } from './source-place.ts';
import { pathLine } from './terminal/path-lines.ts';
import { wherePhrase } from './view/verdict-view.ts';
import { cut, visible, visibleLine } from './visible.ts';
import { byWeight, entryText, findingContext, flowText, historyText } from './wording.ts';
import { Words } from './words.ts';

export interface MarkdownOptions {
  readonly lang: Language;
}

const ROWS = 40;
const LINE_MOST = 400;

/** Text that Markdown takes as text: every character that could begin markup, a link or an HTML tag is escaped. */
const escaped = (text: string): string =>
  visibleLine(text)
    .replace(/[\\`*_{}[\]()#+!|<>~$@]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/:\/\//g, ':\\/\\/')
    .replace(/^(\s*)([-=]|\d+\.)(?=\s|$)/, '$1\\$2');

/** Inline code with a fence that is longer than any in the text. */
const code = (text: string): string => {
  const clean = visibleLine(text);
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(clean) || clean.trim() !== clean ? ' ' : '';
  return clean === '' ? '' : `${fence}${pad}${clean.replace(/\|/g, '\\|')}${pad}${fence}`;
};

const span = (part: Span): string =>
  part.style === 'code' ? code(part.text) : part.style === 'strong' ? `**${escaped(part.text)}**` : escaped(part.text);
const inline = (prose: Prose): string => prose.map((block) => block.spans.map(span).join('')).join(' ');
const blocks = (prose: Prose): string =>
  prose
    .map(
      (block, i) =>
        `${block.kind === 'item' ? '- ' : ''}${block.spans.map(span).join('')}${prose[i + 1]?.kind === 'item' && block.kind === 'item' ? '\n' : '\n\n'}`,
    )
    .join('')
    .trimEnd();

/** A fenced block that its content cannot end. */
const fenced = (lines: readonly string[], language = 'text'): string => {
  const text = lines.map((line) => visible(line).replace(/\n/g, '\n')).join('\n');
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
};

const QUOTES = 5;

const quotes = (analysis: Analysis, words: Words, finding: Finding): string =>
  quoted(analysis, words, finding.evidence);

const quoted = (analysis: Analysis, words: Words, evidence: readonly EvidenceLine[]): string => {
  const lines = byWeight(evidence)
    .slice(0, QUOTES)
    .map(({ source }) => {
      const text = analysis.quotes.get(source.file)?.get(source.line) ?? '';
      return `${sourcePlace(words, source)}: ${cut(visibleLine(text).trim(), LINE_MOST)}`;
    });
  return lines.length === 0 ? '' : fenced(lines);
};

const causePart = (
  analysis: Analysis,
  words: Words,
  finding: Finding,
  flow: FlowAnalysis | undefined,
  level: string,
): string[] => {
  const context = findingContext(finding, flow);
  const fixes = finding.fixes.flatMap((fix) => [
    blocks(words.fix(finding.id, fix.id, { ...context, values: fix.values })),
    ...(fix.commands.length > 0
      ? [
          fenced(
            fix.commands.flatMap(({ node, command }) => [`# ${visibleLine(node)}`, visible(command)]),
            'sh',
          ),
        ]
      : []),
    fix.provenByWalk ? `✓ ${escaped(words.text('fix-proven'))}` : escaped(words.text('fix-unproven')),
  ]);
  return [
    `${level} ${inline(words.cause(finding.id, 'title', context))}`,
    `**${escaped(words.text(`confidence-${finding.confidence}`))}** · ${code(finding.id)} · ${escaped(plainText(wherePhrase(words, finding)))}`,
    blocks(words.cause(finding.id, 'summary', context)),
    ...(flow ? [`${escaped(words.text('flow'))}: ${code(flowText(flow.question))}`] : []),
    `${level}# ${escaped(words.text('why'))}`,
    blocks(words.cause(finding.id, 'why', context)),
    quotes(analysis, words, finding),
    ...(fixes.length > 0
      ? [`${level}# ${escaped(words.text(finding.fixes.some((fix) => fix.provenByWalk) ? 'fix' : 'advice'))}`, ...fixes]
      : []),
  ];
};

const pathPart = (words: Words, flow: FlowAnalysis, isHealthy: boolean): string[] => {
  const legs = legsOf(flow.walked.branches[0]);
  if (legs.length === 0) return [];
  const entry = entryText(words, flow.question);
  const history = historyText(words, flow);
  return [
    `### ${escaped(words.text('path'))}: ${code(flowText(flow.question))}`,
    ...(entry ? [`${escaped(entry.label)}: ${escaped(entry.text)}`] : []),
    ...(history ? [`${escaped(history.label)}: ${escaped(history.text)}`] : []),
    fenced(
      legs.map((leg) =>
        pathLine(words, leg, isHealthy)
          .map((run) => run.text)
          .join(''),
      ),
    ),
  ];
};

/** What was looked at where nobody asked, and the commands that ask. */
const examinedPart = (analysis: Analysis, words: Words): string[] => {
  const { askable } = analysis.verdict;
  const commands = askable.map(({ question }) => askCommand(analysis.bundle.name, question));
  const example = `analyze ${shellWord(analysis.bundle.name)} --flow '${plainText(words.say('verdict', 'ask-example', { values: {} }))}'`;
  return [
    `### ${escaped(words.text('examined-heading'))}`,
    examinedSentences(analysis, words)
      .map((said) => `- ${inline(said)}`)
      .join('\n'),
    `### ${escaped(words.text('ask-heading'))}`,
    blocks(words.say('verdict', askable.length > 0 ? 'ask-lede' : 'ask-none', { values: {} })),
    fenced((commands.length > 0 ? commands : [example]).map(visibleLine), 'sh'),
  ];
};

/** Everything to collect: a block of commands for each place, with what each decides as a comment. */
const collectPart = (analysis: Analysis, words: Words): string[] => {
  if (analysis.collect.length === 0) return [];
  return [
    `### ${escaped(words.text('collect-heading'))}`,
    escaped(words.text(analysis.flows.length > 0 ? 'collect-lede' : 'collect-lede-unasked')),
    ...collectGroups(words, analysis.collect).flatMap(({ place, items }) => [
      `**${inline(place)}**`,
      fenced(
        items.flatMap((item) => [
          `# ${visibleLine(plainText(collectDecides(words, item)))}`,
          visibleLine(item.command),
        ]),
        'sh',
      ),
    ]),
  ];
};

/** The report as the text of a ticket: GitHub-flavoured Markdown that also reads as plain text. */
export const renderMarkdown = (analysis: Analysis, options: MarkdownOptions): string => {
  const words = new Words(options.lang);
  const flowOf = (id: string | undefined) => analysis.flows.find((flow) => flow.id === id);
  const parts: string[] = [];
  const causes = shownCauses(analysis);
  causes.shown.forEach((finding) => {
    parts.push(...causePart(analysis, words, finding, flowOf(finding.flow), '##'));
  });
  if (analysis.rootCauses.length === 0) {
    const { badge, title, summary } = noCause(analysis, words);
    parts.push(
      `## ${inline(title)}`,
      `**${inline(badge)}**`,
      blocks(summary),
      quoted(analysis, words, endEvidence(analysis)),
    );
  }
  if (causes.more > 0) parts.push(blocks(words.say('verdict', 'more-possible', { values: { count: causes.more } })));
  if (analysis.rootCauses.length === 0 && !analysis.verdict.examined.asked)
    parts.push(...examinedPart(analysis, words));
  parts.push(...collectPart(analysis, words));
  for (const flow of analysis.flows.slice(0, ROWS)) parts.push(...pathPart(words, flow, isHealthy(analysis, flow)));
  const also = [...analysis.rootCauses.flatMap(allConsequences), ...analysis.observations].slice(0, ROWS);
  if (also.length > 0)
    parts.push(
      `### ${escaped(words.text('consequences'))}`,
      also
        .map(
          (finding) => `- ${inline(words.cause(finding.id, 'title', findingContext(finding, flowOf(finding.flow))))}`,
        )
        .join('\n'),
    );
  if (analysis.ruledOut.length > 0)
    parts.push(
      `### ${escaped(words.text('ruled-out'))}`,
      excludedOf(analysis, words)
        .slice(0, ROWS)
        .map(({ ids, because }) => `- ${ids.map(code).join(', ')}: ${inline(because)}`)
        .join('\n'),
    );
  if (analysis.undecided.length > 0)
    parts.push(
      `### ${escaped(words.text('undecided'))}`,
      analysis.undecided
        .slice(0, ROWS)
        .map((finding) => {
          const todo = finding.missing.map(
            ({ kind, namespace }) =>
              `${escaped(namespace)}: ${code(commandFor(analysis.collect, namespace, kind) ?? kind)}`,
          );
          return `- ${code(finding.id)}${todo.length > 0 ? ` (${todo.join('; ')})` : ''}`;
        })
        .join('\n'),
    );
  const notes = analysis.notes
    .slice(0, ROWS)
    .map((note) => `- ${inline(words.say('notes', note.code, { values: note.values }))}`);
  if (notes.length > 0) parts.push(`### ${escaped(words.text('inventory'))}`, notes.join('\n'));
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
};
