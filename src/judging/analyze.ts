import type { Bundle } from '../bundle/bundle.ts';
import type { BundleOptions, ReadingWatch } from '../bundle/options.ts';
import { quoteLines } from '../bundle/quote-lines.ts';
import { readBundles } from '../bundle/read-bundles.ts';
import type { Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import { shellWord } from '../causes/facts/shell.ts';
import { completeQuestions } from '../evidence/complete.ts';
import { buildNetwork } from '../network/build.ts';
import type { Network } from '../network/network.ts';
import type { Capture, UnreadLine } from '../records/capture.ts';
import type { Analysis, InventoryNode, Note } from './analysis.ts';
import { brokenFlows } from './broken-flows.ts';
import { collectFor } from './collect/collect.ts';
import { withConsequences } from './consequences.ts';
import { type Judgement, judgeFlow, strongerFirst } from './judge.ts';
import { quotedLines } from './quoted-lines.ts';
import { BUNDLE_CHECKS } from './registry.ts';
import { type FlowRequest, resolveRequest } from './request.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** Who wants to know how a run goes on. */
export interface Watch extends ReadingWatch {
  /** Called when the reading is over and something else begins: each flow of so many, with its number from 1. */
  readonly onStage?: (stage: 'finding' | 'walking' | 'quoting', flow?: number, of?: number) => void;
}

export interface AnalyzeOptions extends Watch {
  /** Flows that the user asked for; without any the broken ones are looked for. */
  readonly flows: readonly FlowRequest[];
}

const UNREAD_KEPT = 500;
const UNREAD_SHOWN = 5;
const AROUND = 3;

/** A bundle that was read, and the picture that was put together from it. */
export interface OpenedBundle {
  readonly bundle: Bundle;
  readonly network: Network;
}

/** Reads a bundle, or several archives as one. Error: BundleError. */
export const openBundle = async (
  paths: string | readonly string[],
  watch: ReadingWatch & Pick<BundleOptions, 'moment'> = {},
): Promise<OpenedBundle> => {
  const bundle = await readBundles([paths].flat(), watch);
  return { bundle, network: buildNetwork(bundle) };
};

/** Says what is wrong with the flows of a bundle that was read. Error: RequestError for the question. */
export const analyzeOpened = async (
  { bundle, network }: OpenedBundle,
  flows: readonly FlowRequest[],
  watch: Watch = {},
): Promise<Analysis> => {
  const asked = flows.flatMap((request) => completeQuestions(network, resolveRequest(network, request)));
  const judged =
    asked.length > 0
      ? asked.map((question, i) => {
          watch.onStage?.('walking', i + 1, asked.length);
          return judgeFlow(network, question, `f${i + 1}`);
        })
      : brokenFlows(network, watch.onStage);
  const analysis = assembleAnalysis(bundle, network, judged, asked.length > 0);
  watch.onStage?.('quoting');
  return { ...analysis, quotes: await quotesFor(bundle, analysis, watch) };
};

/** Reads a bundle, or several archives as one, and says what is wrong with its flows. Errors: BundleError for the bundle, RequestError for the question. */
export const analyze = async (paths: string | readonly string[], options: AnalyzeOptions): Promise<Analysis> =>
  analyzeOpened(await openBundle(paths, options), options.flows, options);

/** The flow that looks most broken, with its outcome; undefined where none does. */
export const worstFlow = (network: Network): FlowAnalysis | undefined => brokenFlows(network)[0]?.flow;

const assembleAnalysis = (bundle: Bundle, network: Network, judged: readonly Judgement[], asked: boolean): Analysis => {
  const rootCauses = judged.flatMap((j) => [...j.found]).sort(strongerFirst);
  const checks = BUNDLE_CHECKS.flatMap((check) =>
    check
      .detect(network)
      .map((found): Finding => ({ ...found, id: check.id, flow: undefined, fixes: [], consequences: [] })),
  );
  const named = new Set(rootCauses.flatMap(withConsequences).map((cause) => cause.id));
  const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
  return {
    bundle: { name: bundle.name, layout: bundle.layout, nodes: inventory(bundle, network) },
    flows: judged.map((j): FlowAnalysis => j.flow),
    verdict: withUnread(verdictOf(network, judged, asked), bundle),
    collect: collectFor(network, judged),
    rootCauses,
    observations: [...judged.flatMap((j) => [...j.observations]), ...checks.filter((check) => !named.has(check.id))],
    ruledOut: judged.flatMap((j) => [...j.ruledOut]),
    undecided: judged.flatMap((j) => [...j.undecided]),
    notes: [
      ...bundle.notes.map(withCommand),
      ...(judged.length === 0 && !asked ? [{ code: 'no-broken-flow', values: {}, sources: [] } satisfies Note] : []),
    ],
    unread: [...unreadLines(captures), ...(bundle.unread ?? [])],
    unreadTotal: captures.reduce((sum, capture) => sum + capture.unread, bundle.unread?.length ?? 0),
    ignoredMembers: bundle.ignored,
    quotes: new Map(),
  };
};

/** Lines of an output that nothing reads are shown where there is nothing else. */
const withUnread = (verdict: Verdict, { unread = [] }: Bundle): Verdict =>
  verdict.evidence.length > 0
    ? verdict
    : { ...verdict, evidence: unread.slice(0, UNREAD_SHOWN).map(({ source }) => ({ source, role: 'supporting' })) };

/** What compares two moments of a machine; standard input cannot be read again. */
const withCommand = (note: Note): Note => {
  if (note.code !== 'earlier-moments') return note;
  const { bundle } = note.values;
  const command = bundle.length === 0 || bundle.includes('-') ? '' : `analyze diff ${bundle.map(shellWord).join(' ')}`;
  return { ...note, values: { ...note.values, command } };
};

const unreadLines = (captures: readonly Capture[]): readonly UnreadLine[] =>
  captures.flatMap((capture) => [...capture.unreadLines]).slice(0, UNREAD_KEPT);

const inventory = (bundle: Bundle, network: Network): readonly InventoryNode[] =>
  bundle.nodes.map((node) => {
    const known = network.nodes.find((n) => n.name === node.name);
    return {
      name: node.name,
      kernel: known?.kernel?.release,
      time: known?.time?.text,
      namespaces: node.namespaces.map((ns) => ({
        name: ns.name,
        captures: ns.captures.map((capture) => ({
          kind: capture.kind,
          file: capture.file,
          records: capture.records,
          unread: capture.unread,
          toolMessage: capture.toolMessages[0]?.text,
          partial: capture.partial,
        })),
      })),
    };
  });

const quotesFor = (bundle: Bundle, analysis: Analysis, watch: ReadingWatch): Promise<Analysis['quotes']> => {
  const wanted = new Map<string, Set<number>>();
  for (const { file, line } of quotedLines(analysis)) {
    const lines = wanted.get(file) ?? new Set<number>();
    for (let at = Math.max(1, line - AROUND); at <= line + AROUND; at += 1) lines.add(at);
    wanted.set(file, lines);
  }
  return quoteLines(bundle, wanted, watch);
};
