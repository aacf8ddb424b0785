import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaseResult, keepState, type StateResult, tryState } from './case.ts';
import { Coverage } from './coverage.ts';
import { describe } from './describe.ts';
import { Lab } from './namespaces.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import { makeState } from './state.ts';
import { makeTopology } from './topology.ts';

export interface Options {
  readonly cases: number;
  readonly seed: number;
  /** Topologies played at the same time. */
  readonly jobs: number;
  /** Only this topology and state, where given: `12.3`. */
  readonly only: string | undefined;
  /** Leave the captures of disagreements under the temporary directory. */
  readonly keep: boolean;
  readonly shrink: boolean;
  /** States that are played on one topology. */
  readonly states: number;
  /** No new state is begun after so many minutes. */
  readonly minutes: number;
  readonly say: (line: string) => void;
}

export interface Tally {
  cases: number;
  agreed: number;
  disagreed: number;
  undecided: number;
  readonly reasons: Map<string, number>;
  readonly outcomes: Map<string, number>;
  refusedStates: number;
  readonly coverage: Coverage;
}

const FLOWS = 30;
const TIMEOUT = 0.6;
/** A second look is given more time: a busy machine is no disagreement. */
const PATIENT = 2.5;

/** Where the helper lies: beside this file, or in the source tree where this runs compiled. */
const agentScript = (): string =>
  fileURLToPath(new URL('./agent.py', import.meta.url)).replace('/dist/kernel/test/', '/test/');

/** Plays as many cases as asked for; hosts are reused for several states, each with several flows. */
export const campaign = async (options: Options): Promise<Tally> => {
  const tally: Tally = {
    cases: 0,
    agreed: 0,
    disagreed: 0,
    undecided: 0,
    reasons: new Map(),
    outcomes: new Map(),
    refusedStates: 0,
    coverage: new Coverage(),
  };
  const wantedTopologies = Math.ceil(options.cases / (FLOWS * options.states));
  const deadline = Date.now() + options.minutes * 60_000;
  const [onlyTopology, onlyState] = (options.only ?? '').split('.').map(Number);
  const queue = options.only ? [onlyTopology as number] : Array.from({ length: wantedTopologies }, (_, i) => i);
  let remaining = options.cases;
  let next = wantedTopologies;
  const worker = async (job: number): Promise<void> => {
    for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
      const topology = makeTopology(new Random(options.seed, number));
      const lab = new Lab(topology, `kd${process.pid}-${job}-`);
      current.add(lab);
      try {
        await lab.start(agentScript());
        for (let n = 0; n < options.states && (remaining > 0 || options.only); n++) {
          if (Date.now() > deadline) return;
          if (options.only && n !== onlyState && onlyState !== undefined) continue;
          const count = options.only ? FLOWS : Math.min(FLOWS, remaining);
          remaining -= count;
          const state = makeState(
            new Random(options.seed, number, n),
            topology,
            FLOWS,
            (number * options.states + n) * FLOWS,
          );
          const chosen = { ...state, flows: state.flows.slice(0, count) };
          const result = await tryState(lab, chosen, TIMEOUT);
          if (result.played.refused.length > 0) {
            tally.refusedStates += 1;
            remaining += count;
            if (!options.only) queue.push(next++);
            options.say(`state ${number}.${n} was refused: ${result.played.refused.join(' | ').slice(0, 300)}`);
            continue;
          }
          tally.coverage.note(result.captures, topology, chosen);
          // Together and with time once more: a busy machine is no disagreement.
          const doubtful = result.cases.filter((one) => one.verdict.verdict === 'disagreed').map((one) => one.flow);
          const second = doubtful.length > 1 ? await tryState(lab, { ...chosen, flows: doubtful }, PATIENT) : undefined;
          for (const one of result.cases) {
            const again = second?.cases.find((two) => two.flow === one.flow);
            await judge(options, tally, lab, chosen, `${number}.${n}`, result, again ?? one);
          }
        }
      } finally {
        current.delete(lab);
        await lab.stop();
      }
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, (_, job) => worker(job)));
  return tally;
};

/** Labs that are up, for whoever must take them down in a hurry. */
const current = new Set<Lab>();
export const stopAll = async (): Promise<void> => {
  await Promise.all([...current].map((lab) => lab.stop()));
};

const judge = async (
  options: Options,
  tally: Tally,
  lab: Lab,
  state: Parameters<typeof tryState>[1],
  where: string,
  result: StateResult,
  one: CaseResult,
): Promise<void> => {
  let settled = one;
  let shown = result;
  // Alone and with time, twice: what is still different then is different. A SYN whose refusal came while the socket was in use is only
  // sent again, and refused again, seconds later.
  for (const patience of [PATIENT, 3 * PATIENT]) {
    if (settled.verdict.verdict !== 'disagreed') break;
    shown = await tryState(lab, { ...state, flows: [one.flow] }, patience);
    settled = shown.cases[0] ?? one;
  }
  tally.cases += 1;
  tally[settled.verdict.verdict] += 1;
  tally.outcomes.set(settled.kernel, (tally.outcomes.get(settled.kernel) ?? 0) + 1);
  if (settled.verdict.verdict === 'undecided') {
    const reason = settled.verdict.differences[0] ?? '';
    tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
  }
  if (settled.verdict.verdict !== 'disagreed') return;
  const smaller = options.shrink ? await shrink(lab, state, settled, PATIENT) : { state, result: settled };
  options.say(describe(options.seed, where, lab, smaller.state, smaller.result));
  if (options.keep) {
    const folder = join(tmpdir(), `kernel-${options.seed}-${where}-${settled.flow.n}`);
    await keepState(folder, lab.topology, shown.played, (key) => lab.namespace(key));
    await writeFile(join(folder, 'README.txt'), describe(options.seed, where, lab, state, settled));
    options.say(`  captures in ${folder}`);
  }
};
