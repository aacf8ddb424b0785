import { quoteLines } from '../../bundle/quote-lines.ts';
import { compareFlow } from '../../compare/compare.ts';
import { completeQuestion } from '../../evidence/complete.ts';
import { type OpenedBundle, openBundle, worstFlow } from '../../judging/analyze.ts';
import { judgeFlow } from '../../judging/judge.ts';
import { resolveRequest } from '../../judging/request.ts';
import type { FlowQuestion } from '../../path/walk-result.ts';
import { type DiffSide, type FlowDifference, type Quotes, quotedOf } from '../../report/diff/flow-difference.ts';
import { flowRequests } from '../flow-request.ts';
import { progress } from '../progress.ts';
import { print, store } from '../store.ts';
import { chosenLanguage, terminalOptions } from '../terminal-options.ts';
import { UsageError } from '../usage-error.ts';

export interface DiffArguments {
  good: string;
  /** Undefined: the last two moments of `good` are compared. */
  bad: string | undefined;
  flow: string | undefined;
  from: string | undefined;
  in?: string | undefined;
  format: 'text' | 'json';
  output: string | undefined;
  lang: string | undefined;
  verbose?: boolean;
}

/** Follows one flow in both bundles and prints what of its way differs; gives the exit status. */
export const runDiff = async (args: DiffArguments): Promise<number> => {
  const lang = chosenLanguage(args.lang);
  const [request] = flowRequests(args.flow === undefined ? [] : [args.flow], args.from, args.in);
  const shown = await progress(args);
  const { bad: second = args.good } = args;
  const moment = args.bad === undefined ? 'earlier' : 'last';
  const [good, bad] = await openBundle(args.good, { ...shown, moment })
    .then(async (first) => [first, await openBundle(second, shown)] as const)
    .finally(shown.stop);
  if (args.bad === undefined && !bad.bundle.notes.some(({ code }) => code === 'earlier-moments'))
    throw new UsageError(`no machine of ${bad.bundle.name} was collected at several moments; name a second bundle`);
  requireCommonNode(good, bad);
  const asked = request
    ? { good: resolveRequest(good.network, request), bad: resolveRequest(bad.network, request) }
    : foundIn(good, bad);
  const judged = (opened: OpenedBundle, question: FlowQuestion) =>
    judgeFlow(opened.network, completeQuestion(opened.network, question), 'f1').flow;
  const [goodFlow, badFlow] = [judged(good, asked.good), judged(bad, asked.bad)];
  const comparison = compareFlow(
    { network: good.network, flow: goodFlow.walked },
    { network: bad.network, flow: badFlow.walked },
  );
  const side = async (opened: OpenedBundle, flow: DiffSide['flow'], which: 'good' | 'bad'): Promise<DiffSide> => ({
    name: args.bad === undefined ? `${opened.bundle.name} ${momentOf(bad, which)}` : opened.bundle.name,
    flow,
    quotes: await quotesOf(opened, quotedOf(comparison, which)),
  });
  const difference: FlowDifference = {
    good: await side(good, goodFlow, 'good'),
    bad: await side(bad, badFlow, 'bad'),
    comparison,
  };
  const text = await rendered(difference, args.format, lang);
  if (args.output === undefined || args.output === '-') print(text);
  else await store(args.output, text);
  return 0;
};

/** Of the machines that were collected several times the first one's moment. */
const momentOf = ({ bundle }: OpenedBundle, which: 'good' | 'bad'): string => {
  for (const { code, values } of bundle.notes)
    if (code === 'earlier-moments') return (which === 'bad' ? values.last : values.earlier.at(-1)) ?? '';
  return '';
};

const rendered = async (
  difference: FlowDifference,
  format: DiffArguments['format'],
  lang: ReturnType<typeof chosenLanguage>,
): Promise<string> => {
  if (format === 'json') return (await import('../../report/diff/json.ts')).renderDiffJson(difference);
  const { renderDiff } = await import('../../report/diff/terminal.ts');
  return renderDiff(difference, { lang, ...terminalOptions() });
};

const nodesOf = ({ network }: OpenedBundle): readonly string[] => network.nodes.map((node) => node.name);

const requireCommonNode = (good: OpenedBundle, bad: OpenedBundle): void => {
  if (nodesOf(good).some((name) => nodesOf(bad).includes(name))) return;
  throw new UsageError(
    `the bundles have no node in common: ${good.bundle.name} has ${nodesOf(good).join(', ')}; ${bad.bundle.name} has ${nodesOf(bad).join(', ')}`,
  );
};

/** The failing bundle's broken flow, and the same one as an attempt of its own in the working bundle. */
const foundIn = (
  good: OpenedBundle,
  bad: OpenedBundle,
): { readonly good: FlowQuestion; readonly bad: FlowQuestion } => {
  // What was mended is broken in the earlier moment alone.
  const worst = worstFlow(bad.network) ?? (good.bundle.name === bad.bundle.name ? worstFlow(good.network) : undefined);
  if (!worst)
    throw new UsageError(`no flow of ${bad.bundle.name} looks broken; name one with --flow 'SRC -> DST:PORT'`);
  const { question } = worst;
  const start =
    question.start !== undefined && good.network.namespaces.has(question.start) ? question.start : undefined;
  // Where the start is not there, the working bundle tells its own.
  const begins = start === undefined ? { arrival: undefined, origin: undefined, entry: undefined } : {};
  return { good: { ...question, sport: undefined, start, ...begins }, bad: question };
};

const quotesOf = (opened: OpenedBundle, sources: ReturnType<typeof quotedOf>): Promise<Quotes> => {
  const wanted = new Map<string, Set<number>>();
  for (const { file, line } of sources) wanted.set(file, (wanted.get(file) ?? new Set()).add(line));
  return quoteLines(opened.bundle, wanted);
};
