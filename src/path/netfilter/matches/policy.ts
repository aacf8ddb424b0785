import type { MatchOption } from '../../../records/iptables.ts';
import type { XfrmPolicy, XfrmState } from '../../../records/xfrm.ts';
import type { HookQuestion } from '../outcome.ts';
import { addressTest } from './address.ts';
import {
  type Answer,
  all,
  answerOf,
  any,
  inverted,
  type MatchCompiler,
  NO,
  option,
  unknown,
  unsupported,
  YES,
} from './answer.ts';
import { parseNumber } from './number.ts';
import { ruleProtocol } from './protocol.ts';

/** What a policy element is compared with: an SA of the sec path, or a template of the policy that the packet will meet. */
interface Transform {
  readonly src: string;
  readonly dst: string;
  readonly proto: string;
  readonly mode: string;
  readonly spi: number | undefined;
  readonly reqid: number | undefined;
}
type Element = (transform: Transform) => Answer;

const PROTOCOLS: Readonly<Record<string, number>> = { comp: 108 };
const number = (proto: string): number | undefined => PROTOCOLS[proto] ?? ruleProtocol(proto);

const condition = (o: MatchOption): Element | undefined => {
  const value = o.values[0] ?? '';
  const wanted = parseNumber(value);
  const test = addressTest(value);
  const compare = (have: number | undefined): Answer =>
    have === undefined ? unknown('spi-unknown') : inverted(answerOf(have === wanted), o.invert);
  switch (o.flag) {
    case '--reqid':
      return (t) => compare(t.reqid ?? 0);
    case '--spi':
      return (t) => compare(t.spi);
    case '--proto':
      return (t) => inverted(answerOf(number(t.proto) === number(value)), o.invert);
    case '--mode':
      return (t) => inverted(answerOf(t.mode === value), o.invert);
    case '--tunnel-src':
      return test && ((t) => inverted(answerOf(test(t.src)), o.invert));
    case '--tunnel-dst':
      return test && ((t) => inverted(answerOf(test(t.dst)), o.invert));
    default:
      return undefined;
  }
};

/** Elements are divided by `--next`; one without conditions fits any transform. */
const parseElements = (options: readonly MatchOption[]): readonly Element[] | undefined => {
  const elements: Element[][] = [[]];
  for (const o of options) {
    if (['--dir', '--pol', '--strict'].includes(o.flag)) continue;
    if (o.flag === '--next') {
      elements.push([]);
      continue;
    }
    const test = condition(o);
    if (!test) return undefined;
    elements.at(-1)?.push(test);
  }
  return elements.map((tests) => (transform: Transform) => all(tests.map((test) => test(transform))));
};

const ofState = (state: XfrmState): Transform => state;
const ofPolicy = (policy: XfrmPolicy): readonly Transform[] => policy.templates;

/** xt_policy: `--dir in` asks the SAs that decrypted the packet, `--dir out` the transforms that its route goes through. */
export const policy: MatchCompiler = (match) => {
  const direction = option(match, '--dir')?.values[0];
  const pol = option(match, '--pol');
  const none = (pol?.values[0] === 'none') !== (pol?.invert ?? false);
  const strict = option(match, '--strict') !== undefined;
  const elements = parseElements(match.options);
  if (!direction || !pol || !elements) return unsupported;
  return (question: HookQuestion) => {
    const transforms =
      direction === 'in' ? question.secpath.map(ofState) : question.outPolicy ? ofPolicy(question.outPolicy) : [];
    if (transforms.length === 0) return answerOf(none);
    if (none) return NO;
    if (!strict) {
      const [element] = elements;
      return element ? any(transforms.map(element)) : YES;
    }
    if (elements.length !== transforms.length) return NO;
    return all(elements.map((element, i) => element(transforms[i] as Transform)));
  };
};
