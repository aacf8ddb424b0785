import { parseNumber } from '../matches/number.ts';
import { NOTHING, type TargetCompiler } from './effect.ts';

const MOST = 255;

/** xt_HL (`-j TTL`, `-j HL`): hops that the packet has left are set, lowered or raised; a router that then has none left to give answers with time exceeded. */
export const ttl: TargetCompiler = ({ options }) => {
  for (const { flag, values } of options) {
    const number = parseNumber(values[0] ?? '');
    const how = /^--(?:ttl|hl)-(set|dec|inc)$/.exec(flag)?.[1];
    if (number === undefined || how === undefined) continue;
    const changed = (old: number): number => (how === 'set' ? number : how === 'dec' ? old - number : old + number);
    return {
      kind: 'change',
      apply: (branch, { packet }) => ({
        ...branch,
        ttl: Math.min(MOST, Math.max(0, changed(branch.ttl ?? packet.ttl))),
      }),
    };
  }
  return NOTHING;
};
