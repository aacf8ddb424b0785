import { answerOf, type MatchCompiler, option, unsupported } from './answer.ts';
import { parseNumber } from './number.ts';

/** xt_statistic: `random` matches with its probability, `nth` one packet of every N; which one is not in any capture. */
export const statistic: MatchCompiler = (match) => {
  const mode = option(match, '--mode')?.values[0];
  const chosen = option(match, '--probability', '--every');
  const value = chosen?.values[0];
  if (!chosen || value === undefined) return unsupported;
  const every = parseNumber(value);
  const probability =
    mode === 'random'
      ? Number(value.replace('%', '')) / (value.endsWith('%') ? 100 : 1)
      : every
        ? 1 / every
        : Number.NaN;
  if (!Number.isFinite(probability)) return unsupported;
  const clamped = Math.min(1, Math.max(0, chosen.invert ? 1 - probability : probability));
  if (clamped === 0 || clamped === 1) return () => answerOf(clamped === 1);
  return () => ({ value: 'random', share: clamped });
};
