import type { DoubtCode } from '../../vocabulary/assumptions.ts';
import type { MatchCompiler } from './answer.ts';
import { NO, unknown } from './answer.ts';

/** Matches whose answer lies in what no capture holds. The code of each is its own, so that a report can say what was asked. */
const undecided =
  (why: DoubtCode): MatchCompiler =>
  () =>
  () =>
    unknown(why);

/** Tests of the payload. */
export const payload = undecided('payload-unknown');
export const clock = undecided('time-of-day');
export const cpu = undecided('cpu-unknown');
/** Header fields that the walk's packets do not have. */
export const typeOfService = undecided('type-of-service-unknown');
/** IPv6 extension headers: the walk's packets have none. */
export const extensionHeader: MatchCompiler = (match) => () =>
  match.options.some((o) => o.invert) ? unknown('extension-header-unknown') : NO;
