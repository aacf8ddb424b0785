import type { Step } from '../../path/step.ts';
import { type Leg, wayOf } from '../../path/walk-result.ts';
import type { NamedLeg } from '../legs.ts';
import { tunnelName } from '../packet-text.ts';
import { plainText } from '../prose.ts';
import { placeName, stepLabel } from '../wording.ts';
import type { Words } from '../words.ts';
import type { Run } from './wrap.ts';

/** Of a packet that goes round: its first rounds, and from where it is in its last one; other legs whole. */
const roundsOf = ({ steps, end }: Leg): { readonly first: readonly Step[]; readonly last: readonly Step[] } => {
  if (end.reason !== 'loop') return { first: steps, last: [] };
  const visits = new Map<string, number>();
  let cut = steps.length;
  let lastVisit = 0;
  for (const [i, { node, namespace }] of steps.entries()) {
    const before = steps[i - 1];
    if (before?.node === node && before.namespace === namespace) continue;
    const key = `${node}/${namespace}`;
    visits.set(key, (visits.get(key) ?? 0) + 1);
    if (visits.get(key) === 3 && cut === steps.length) cut = i;
    lastVisit = i;
  }
  return { first: steps.slice(0, cut), last: cut < steps.length ? steps.slice(lastVisit) : [] };
};

/**
 * One leg as a line: `→ node-a OUTPUT·IPVS·POSTROUTING ══ESP══▶ node-b … ✗`. Hooks that follow one another under one name are said once. A leg that the walk brings to its
 * end has a tick in a flow that is healthy, and a plain dot in any other.
 */
export const pathLine = (words: Words, { leg }: NamedLeg, isHealthy: boolean): Run[] => {
  const runs: Run[] = [{ text: wayOf(leg) === 'forward' ? '→ ' : '← ', style: 'bold' }];
  let lane = '';
  let place = '';
  let tunnel: string | undefined;
  const { first, last: lastRound } = roundsOf(leg);
  for (const step of [...first, ...lastRound]) {
    if (step === lastRound[0]) {
      runs.push({ text: ' … ', style: 'dim' });
      lane = '';
    }
    const here = placeName(step.node, step.namespace);
    if (here !== lane) {
      if (lane !== '') runs.push({ text: tunnel ? ` ══${tunnel}══▶ ` : ' ──▶ ', style: 'dim' });
      runs.push({ text: here, style: 'bold' });
      lane = here;
      place = '';
    }
    const name = plainText(words.say('places', step.place, { code: step.place }));
    if (name !== place) {
      runs.push({ text: `${place === '' ? ' ' : '·'}${name}`, style: 'plain' });
      place = name;
    }
    tunnel = tunnelName(step.after);
  }
  const last = leg.steps.at(-1);
  if (leg.end.reason === 'socket-assumed') runs.push({ text: ' ?', style: 'warn' });
  else if (leg.end.outcome === 'delivered')
    runs.push(isHealthy ? { text: ' ✓', style: 'good' } : { text: ' ●', style: 'plain' });
  else if (leg.end.outcome === 'unknown') runs.push({ text: ' ?', style: 'warn' });
  else {
    if (leg.end.between) runs.push({ text: ` ──✗ ${placeName(leg.end.between[1], '')}`, style: 'bad' });
    else runs.push({ text: ' ✗', style: 'bad' });
    if (last) runs.push({ text: ` ${stepLabel(words, last)}`, style: 'bad' });
  }
  return runs;
};
