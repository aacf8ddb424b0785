import { inverted, type MatchCompiler, option, unknown, unsupported } from './answer.ts';
import { type Directions, inSet } from './set-lookup.ts';

/** `src,dst` as a list; undefined for anything else. */
export const parseDirections = (text: string): Directions | undefined => {
  const words = text.split(',');
  return words.every((word) => word === 'src' || word === 'dst') ? words : undefined;
};

/** Options that compare a member's own counters: no capture is of the packet's moment. */
const COUNTERS = /^--(packets|bytes)-(eq|lt|gt)$/;

/** xt_set: `--match-set NAME src,dst`; `--set` is its name before 1.4.9. */
export const set: MatchCompiler = (match) => {
  const chosen = option(match, '--match-set', '--set');
  const [name, flags] = chosen?.values ?? [];
  const directions = flags === undefined ? undefined : parseDirections(flags);
  if (!chosen || name === undefined || !directions) return unsupported;
  const nomatch = option(match, '--return-nomatch') !== undefined;
  const counted = match.options.some((o) => COUNTERS.test(o.flag));
  return (question, marks) => {
    const answer = inSet(name, directions, nomatch, question, marks);
    if (counted && answer.value === true) return unknown('set-counters');
    return inverted(answer, chosen.invert);
  };
};
