import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WalkBranch, WalkedFlow } from '../../src/path/walk-result.ts';
import type { ConntrackTable } from '../../src/records/conntrack.ts';
import { compare, type Observed, type Verdict } from './compare.ts';
import type { KernelFlow } from './flows.ts';
import type { Lab } from './namespaces.ts';
import { type Played, play } from './play.ts';
import { type HostCaptures, networkOf, readCaptures, walkCase } from './predict.ts';
import { sentAgain } from './sent-again.ts';
import type { Ingredient, State } from './state.ts';
import type { Topology } from './topology.ts';

/** One flow in one state: what was said and what happened. */
export interface CaseResult {
  readonly flow: KernelFlow;
  readonly verdict: Verdict;
  readonly kernel: string;
  readonly walked: WalkedFlow | undefined;
}

export interface StateResult {
  readonly cases: readonly CaseResult[];
  readonly played: Played;
  readonly captures: readonly HostCaptures[];
}

export const namespaceId = (topology: Topology, key: string, nameOf: (key: string) => string): string => {
  const host = topology.hosts.find((h) => h.key === key);
  return host?.kind === 'pod' ? `${host.node}/${nameOf(key)}` : key;
};

/** Matches and targets that make a namespace track connections (nf_ct_netns_get). */
const ASKS_FOR_TRACKING =
  /--ctstate|--state |-m (conntrack|connmark|connlimit|state|socket )|-j (CONNMARK|MASQUERADE|DNAT|SNAT|REDIRECT|NETMAP)\b|-j CT --zone/;

const tracksIn = (ingredients: readonly Ingredient[]): ReadonlySet<string> =>
  new Set(
    ingredients.flatMap((one) => {
      if (one.kind === 'nft') return [`${one.host}/${one.family}`];
      return one.kind === 'rule' && ASKS_FOR_TRACKING.test(one.text) ? [`${one.host}/${one.chain.family}`] : [];
    }),
  );

/** Plays a state, reads its captures and walks its flows. */
export const tryState = async (lab: Lab, state: State, timeout: number): Promise<StateResult> => {
  const { topology } = lab;
  const played = await play(lab, state, timeout);
  if (played.refused.length > 0) return { cases: [], played, captures: [] };
  const nameOf = (key: string) => lab.namespace(key);
  const idOf = (key: string) => namespaceId(topology, key, nameOf);
  const captures = [...played.captures].map(([key, texts]) => readCaptures(key, texts));
  const tracked = tracksIn(state.ingredients);
  const keyOf = new Map(topology.hosts.map((h) => [idOf(h.key), h.key]));
  const conntrack = new Map<string, ConntrackTable>();
  for (const { key, captures: own } of captures) {
    const table = own.find((c) => c.data.conntrack)?.data.conntrack;
    if (table) conntrack.set(idOf(key), table);
  }
  const seen = new Map([...played.seen].map(([key, packets]) => [idOf(key), packets]));
  const networks = [false, true].map((withConntrack) => networkOf(topology, captures, withConntrack, nameOf));
  const cases = state.flows.map((flow): CaseResult => {
    const result = played.results.get(flow.n % 100_000);
    if (!result || result.outcome === 'EBIND')
      return {
        flow,
        verdict: { verdict: 'undecided', differences: ['not sent'] },
        kernel: result?.why ?? '',
        walked: undefined,
      };
    const observed: Observed = {
      result,
      seen,
      conntrack,
      tracks: (id, family) => tracked.has(`${keyOf.get(id)}/${family}`),
    };
    let first: CaseResult | undefined;
    // Without the conntrack dump the walk foretells; with it, it must still say the same.
    for (const network of networks) {
      let made: CaseResult;
      try {
        const walked = walkCase(network, topology, flow, nameOf);
        const again = (branch: WalkBranch) => sentAgain(network, walked.question, branch);
        const verdict = compare(flow, walked, idOf(flow.from), observed, again);
        made = { flow, verdict, kernel: result.outcome, walked };
      } catch (error) {
        made = {
          flow,
          verdict: { verdict: 'disagreed', differences: [`threw ${(error as Error).stack}`] },
          kernel: result.outcome,
          walked: undefined,
        };
      }
      if (made.verdict.verdict !== 'agreed') return made;
      first ??= made;
    }
    return first as CaseResult;
  });
  return { cases, played, captures };
};

/** Leaves a state's captures as a bundle would hold them. */
export const keepState = async (
  folder: string,
  topology: Topology,
  played: Played,
  nameOf: (key: string) => string,
): Promise<void> => {
  for (const [key, texts] of played.captures) {
    const host = topology.hosts.find((h) => h.key === key);
    const own = host?.kind === 'pod' ? join(folder, host.node, 'netns', nameOf(key)) : join(folder, key);
    await mkdir(own, { recursive: true });
    for (const [name, text] of texts) if (text !== '') await writeFile(join(own, `${name}.txt`), text);
  }
};
