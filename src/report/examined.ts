import { shellWord } from '../causes/facts/shell.ts';
import type { Analysis } from '../judging/analysis.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import type { Prose } from './prose.ts';
import type { Words } from './words.ts';

/** In which captures failing flows were looked for, of which nodes, and in which they could not be. A sentence each. */
export const examinedSentences = (analysis: Analysis, words: Words): readonly Prose[] => {
  const { lookedAt, flows } = analysis.verdict.examined;
  const whole = lookedAt.filter((l) => l.nodes.length > 0);
  const none = lookedAt.filter((l) => l.nodes.length === 0);
  const say = (
    code: 'looked' | 'looked-part' | 'not-looked' | 'walked',
    values: Readonly<Record<string, string | number | readonly string[]>>,
  ): Prose => words.say('verdict', code, { values });
  return [
    ...(whole.length > 0 ? [say('looked', { kinds: whole.map((l) => l.kind) })] : []),
    ...whole
      .filter((l) => l.without.length > 0)
      .map((l) => say('looked-part', { kind: l.kind, nodes: shortened(l.nodes), without: shortened(l.without) })),
    ...(none.length > 0 ? [say('not-looked', { kinds: none.map((l) => l.kind) })] : []),
    ...(flows.length > 0 ? [say('walked', { count: flows.length })] : []),
  ];
};

const NAMES = 4;
const shortened = (names: readonly string[]): readonly string[] =>
  names.length <= NAMES ? names : [...names.slice(0, NAMES - 1), `… (${names.length})`];

/** A flow as `--flow` takes it. */
export const flowArgument = ({ proto, src, dst, dport }: FlowQuestion): string => {
  const end = (address: string): string => (address.includes(':') ? `[${address}]` : address);
  const port = dport === undefined || /^icmp/.test(proto) ? '' : `:${dport}`;
  return `${end(src)} -> ${end(dst)}${port}/${proto}`;
};

/** The command that asks about a flow of a bundle, to be pasted into a shell. */
export const askCommand = (bundle: string, question: FlowQuestion): string => {
  const from = question.start === undefined ? '' : ` --from ${shellWord(question.start)}`;
  return `analyze ${shellWord(bundle)} --flow ${shellWord(flowArgument(question))}${from}`;
};
