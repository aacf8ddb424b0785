import { findCandidates } from '../../evidence/candidates.ts';
import { openBundle } from '../../judging/analyze.ts';
import type { FlowQuestion } from '../../path/walk-result.ts';
import { visibleLine } from '../../report/visible.ts';
import { progress } from '../progress.ts';
import { print } from '../store.ts';

export interface FlowsArguments {
  bundle: string[];
  verbose?: boolean;
}

const host = (address: string, port: number | undefined): string => {
  const name = address.includes(':') ? `[${address}]` : address;
  return port === undefined ? name : `${name}:${port}`;
};

/** The flow as `--flow` takes it. */
const expression = (q: FlowQuestion): string =>
  `${host(q.src, q.proto === 'icmp' ? undefined : q.sport)} -> ${host(q.dst, q.dport)}/${q.proto}`;

/** Prints a line per flow, ready to be pasted behind `analyze BUNDLE`: the flow, what is wrong with it, how often, where it was seen. */
export const runFlows = async (args: FlowsArguments): Promise<number> => {
  const shown = await progress(args);
  const { network } = await openBundle(args.bundle, shown).finally(shown.stop);
  const found = findCandidates(network);
  for (const { question, symptoms, count, sources } of found) {
    const { start, origin } = question;
    const arrival = origin === 'open' ? undefined : question.arrival;
    const at = arrival?.device === undefined ? start : `${start}/${arrival.device}`;
    const from = start === undefined ? '' : arrival ? ` --in '${at}'` : ` --from '${start}'`;
    const [first] = sources;
    const place = first ? `${first.file}:${first.line}` : '';
    print(
      ['--flow ', `'${expression(question)}'`, from, '\t', symptoms.join(','), '\t', `${count}x`, '\t', place]
        .map((part) => (part === '\t' ? part : visibleLine(part)))
        .join(''),
    );
  }
  if (found.length === 0) process.stderr.write('no flow of this bundle looks broken\n');
  return 0;
};
