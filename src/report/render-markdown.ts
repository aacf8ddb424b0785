import { collectCommand } from '../captures/known-formats.ts';
import type { Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import type { Analysis } from '../judging/analysis.ts';
import { allConsequences } from '../judging/consequences.ts';
import { excludedOf } from './excluded.ts';
import type { Language } from './language.ts';
import { legsOf } from './legs.ts';
import { noCause } from './no-cause.ts';
import { type Prose, plainText, type Span } from './prose.ts';
import { pathLine } from './terminal/path-lines.ts';
import { wherePhrase } from './view/verdict-view.ts';
import { cut, visible, visibleLine } from './visible.ts';
import { byWeight, entryText, findingContext, flowText } from './wording.ts';
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

const quotes = (analysis: Analysis, finding: Finding): string => {
  const lines = byWeight(finding.evidence)
    .slice(0, 12)
    .map(({ source }) => {
      const text = analysis.quotes.get(source.file)?.get(source.line) ?? '';
      return `${visibleLine(source.file)}:${source.line}: ${cut(visibleLine(text).trim(), LINE_MOST)}`;
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
    quotes(analysis, finding),
    ...(fixes.length > 0
      ? [`${level}# ${escaped(words.text(finding.fixes.some((fix) => fix.provenByWalk) ? 'fix' : 'advice'))}`, ...fixes]
      : []),
  ];
};

const pathPart = (words: Words, flow: FlowAnalysis): string[] => {
  const legs = legsOf(flow.walked.branches[0]);
  if (legs.length === 0) return [];
  const entry = entryText(words, flow.question);
  return [
    `### ${escaped(words.text('path'))}: ${code(flowText(flow.question))}`,
    ...(entry ? [`${escaped(entry.label)}: ${escaped(entry.text)}`] : []),
    fenced(
      legs.map((leg) =>
        pathLine(words, leg)
          .map((run) => run.text)
          .join(''),
      ),
    ),
  ];
};

/** The report as the text of a ticket: GitHub-flavoured Markdown that also reads as plain text. */
export const renderMarkdown = (analysis: Analysis, options: MarkdownOptions): string => {
  const words = new Words(options.lang);
  const flowOf = (id: string | undefined) => analysis.flows.find((flow) => flow.id === id);
  const parts: string[] = [];
  analysis.rootCauses.forEach((finding) => {
    parts.push(...causePart(analysis, words, finding, flowOf(finding.flow), '##'));
  });
  if (analysis.rootCauses.length === 0) {
    const { title, summary } = noCause(analysis, words);
    parts.push(`## ${inline(title)}`, blocks(summary));
  }
  for (const flow of analysis.flows.slice(0, ROWS)) parts.push(...pathPart(words, flow));
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
            ({ kind, namespace }) => `${escaped(namespace)}: ${code(collectCommand(kind) ?? kind)}`,
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
