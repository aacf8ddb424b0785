import type { TakenCode } from '../../vocabulary/assumptions.ts';
import { type Answer, answerOf, type MatchCompiler, option } from './answer.ts';

const taken = (value: boolean, assumed: TakenCode): Answer => ({ value, assumed });

/** xt_limit: packets are taken to be within their limit, or nothing could be said of any rule that has one. */
export const limit: MatchCompiler = () => () => taken(true, 'within-limit');

/** xt_hashlimit: `upto` holds within the limit, `above` beyond it. */
export const hashlimit: MatchCompiler = (match) => {
  const above = option(match, '--hashlimit-above');
  const upto = option(match, '--hashlimit-upto', '--hashlimit');
  const value = above ? above.invert : !(upto?.invert ?? false);
  return () => taken(value, 'within-limit');
};

/** xt_connlimit, xt_quota, xt_connbytes in their usual sense: a first packet is within every quota and above no count. */
export const connlimit: MatchCompiler = (match) => {
  const above = option(match, '--connlimit-above');
  const upto = option(match, '--connlimit-upto');
  const value = above ? above.invert : !(upto?.invert ?? false);
  return () => taken(value, 'within-limit');
};
export const quota: MatchCompiler = (match) => {
  const invert = option(match, '--quota')?.invert ?? false;
  return () => taken(!invert, 'within-limit');
};

/**
 * xt_recent: `--set` puts the source in the list and holds. `--rcheck`, `--update` and `--remove` ask for a source that is in it;
 * the lists are in no capture, and a source that is new to the node is not in them.
 */
export const recent: MatchCompiler = (match) => {
  const set = option(match, '--set');
  if (set) return () => answerOf(!set.invert);
  const asked = option(match, '--rcheck', '--update', '--remove');
  return () => taken(asked?.invert ?? false, 'recent-not-listed');
};
