import { parseNumber } from '../matches/number.ts';
import type { TableOutcome } from '../outcome.ts';
import type { TargetCompiler } from './effect.ts';

/** xt_NOTRACK: later rules go on, but the packet will have no entry. A packet that has a template already is left alone. */
export const notrack: TargetCompiler = () => ({
  kind: 'change',
  apply: (branch) => (branch.templated ? branch : { ...branch, untracked: true, templated: true }),
});

const ZONES: ReadonlyMap<string, TableOutcome['zoneOnly']> = new Map([
  ['--zone', undefined],
  ['--zone-orig', 'original'],
  ['--zone-reply', 'reply'],
]);

/** xt_CT: `--notrack`, or a template with a zone, helper, timeout or events; only the zone decides anything here. */
export const ct: TargetCompiler = (target, family, rule) => {
  const { options } = target;
  if (options.some((o) => o.flag === '--notrack')) return notrack(target, family, rule);
  const option = options.find((o) => ZONES.has(o.flag));
  const text = option?.values[0];
  const zoneOnly = option && ZONES.get(option.flag);
  const byMark = text === 'mark';
  const zone = text === undefined || byMark ? undefined : parseNumber(text);
  return {
    kind: 'change',
    apply: (branch) => {
      if (branch.templated) return branch;
      return { ...branch, templated: true, zone: byMark ? branch.mark & 0xffff : (zone ?? branch.zone), zoneOnly };
    },
  };
};
