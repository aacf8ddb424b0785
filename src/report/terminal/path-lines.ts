import { wayOf } from '../../path/walk-result.ts';
import type { NamedLeg } from '../legs.ts';
import { tunnelName } from '../packet-text.ts';
import { plainText } from '../prose.ts';
import { placeName, stepLabel } from '../wording.ts';
import type { Words } from '../words.ts';
import type { Run } from './wrap.ts';

/**
 * One leg as a line: `→ node-a OUTPUT·IPVS·POSTROUTING ══ESP══▶ node-b … ✗`. Hooks that follow one another under one name are said once. A leg that the walk brings to its
 * end has a tick in a flow that is healthy, and a plain dot in any other.
 */
export const pathLine = (words: Words, { leg }: NamedLeg, isHealthy: boolean): Run[] => {
  const runs: Run[] = [{ text: wayOf(leg) === 'forward' ? '→ ' : '← ', style: 'bold' }];
  let lane = '';
  let place = '';
  let tunnel: string | undefined;
  for (const step of leg.steps) {
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
