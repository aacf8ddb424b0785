import type { Finding, FlowAnalysis } from '../causes/facts/finding.ts';
import type { Candidate } from '../evidence/candidate.ts';
import { findCandidates } from '../evidence/candidates.ts';
import { diverse } from '../evidence/diverse.ts';
import { isKnownAddress } from '../evidence/known-address.ts';
import type { Network } from '../network/network.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import { eachChanged } from './consequences.ts';
import { type Judgement, judgeFlow, strongerFirst } from './judge.ts';

/** Candidates that are walked, and flows that are reported, when none was asked for. */
const WALKED = 16;
const REPORTED = 5;

/** Told when the looking begins, and of each flow of so many, with its number from 1. */
type OnStage = (stage: 'finding' | 'walking', flow?: number, of?: number) => void;

/** Walks the flows that look worst and keeps those in which a cause was found; of the same cause at the same place, the first. */
export const brokenFlows = (network: Network, onStage?: OnStage): readonly Judgement[] => {
  const judgements: Judgement[] = [];
  onStage?.('finding');
  const candidates = diverse(findCandidates(network), WALKED);
  for (const [i, candidate] of candidates.entries()) {
    onStage?.('walking', i + 1, candidates.length);
    const question: FlowQuestion = candidate.question;
    const judged: Judgement = {
      ...judgeFlow(network, question, `f${judgements.length + 1}`),
      noticed: candidate.sources,
    };
    judgements.push(
      isMissed(candidate) || (isKnownAddress(network, question.dst) && !isOnlyLogged(candidate))
        ? judged
        : doubted(judged),
    );
  }
  const told = new Set<string>();
  const worst = [...judgements].sort((a, b) => {
    const [x, y] = [a.found[0], b.found[0]];
    return x && y ? strongerFirst(x, y) : x ? -1 : y ? 1 : 0;
  });
  const kept = worst.filter((j) => {
    const first = j.found[0];
    if (!first) return false;
    const key = `${first.id} ${first.node} ${first.at}`;
    if (told.has(key)) return false;
    told.add(key);
    return true;
  });
  return kept.length > 0 ? kept.slice(0, REPORTED) : worst.filter((j) => !isUsual(j.flow)).slice(0, 1);
};

/** A client's own tool printed that it failed: somebody wanted this flow. */
const isMissed = ({ symptoms }: Candidate): boolean => symptoms.includes('probe-failed');

/** Firewalls refuse all day long what they are there to refuse: nobody says that this flow is missed. */
const isOnlyLogged = ({ symptoms }: Candidate): boolean => symptoms.every((symptom) => symptom === 'logged-refusal');

/** Datagrams that nobody answers are usual (tunnels, logs, metrics): no failure where nothing stops them and nobody asked. */
const isUsual = ({ question, walked, evidence }: FlowAnalysis): boolean =>
  question.proto === 'udp' && walked.branches[0]?.outcome === 'delivered' && evidence.seen === 'timeout';

/** Nobody asked about this flow, and nobody is known to be at its end. */
const doubted = (judged: Judgement): Judgement => ({
  ...judged,
  found: judged.found.map((finding) => eachChanged(finding, (one): Finding => ({ ...one, confidence: 'possible' }))),
});
