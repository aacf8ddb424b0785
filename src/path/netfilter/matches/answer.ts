import type { NetNamespace } from '../../../network/namespace.ts';
import type { CaptureKind } from '../../../records/capture.ts';
import type { Match, MatchOption } from '../../../records/iptables.ts';
import type { Missing } from '../../step.ts';
import type { DoubtCode, TakenCode } from '../../vocabulary/assumptions.ts';
import type { HookQuestion, Tri } from '../outcome.ts';

/** The part of a traversal's state that rules change and later rules test. */
export interface Marks {
  /** skb mark. */
  readonly mark: number;
  /** Connection mark where a rule of this traversal changed it. */
  readonly connmark: number | undefined;
  /** Hops that the packet has left where a rule of this traversal changed them. */
  readonly ttl?: number | undefined;
}

/**
 * What a match says of a packet: yes, no, unknown; or random with the share of packets that it matches; or a value that is taken for granted
 * (`-m limit` within its limit) under the code of that assumption.
 */
export type Answer =
  | Tri
  | { readonly value: 'random'; readonly share: number }
  | { readonly value: boolean; readonly assumed: TakenCode };

/** One match of a rule, made ready. It never throws. */
export type Matcher = (question: HookQuestion, marks: Marks) => Answer;

/** Makes a match ready. What depends only on the rule is worked out here, once. */
export type MatchCompiler = (match: Match, family: 4 | 6) => Matcher;

export const YES: Answer = { value: true };
export const NO: Answer = { value: false };
export const always: Matcher = () => YES;

export const answerOf = (value: boolean): Answer => (value ? YES : NO);

/** Not decidable: `why` is the assumption's code, `kind` the capture that would decide. */
export const unknown = (why: DoubtCode, kind?: CaptureKind, namespace?: NetNamespace): Answer => ({
  value: undefined,
  why,
  missing: kind && namespace ? missing(kind, namespace) : undefined,
});
export const missing = (kind: CaptureKind, namespace: NetNamespace): Missing => ({ kind, namespace: namespace.id });

const UNSUPPORTED: Answer = { value: undefined, why: 'match-unsupported', missing: undefined };
/** A match, or an option of one, that is not modelled. */
export const unsupported: Matcher = () => UNSUPPORTED;

export const not = (answer: Answer): Answer => {
  if (answer.value === 'random') return { value: 'random', share: 1 - answer.share };
  if (answer.value === undefined) return answer;
  return 'assumed' in answer ? { value: !answer.value, assumed: answer.assumed } : answerOf(!answer.value);
};

/** `answer ^ invert`, as nearly every xt match ends. */
export const inverted = (answer: Answer, invert: boolean): Answer => (invert ? not(answer) : answer);

/** Three-valued AND: a no decides, then an unknown; assumptions and shares of the rest are kept where only one has them. */
export const all = (answers: readonly Answer[]): Answer => {
  let result: Answer = YES;
  for (const answer of answers) {
    if (answer.value === false) return answer;
    if (answer.value === undefined) result = answer;
    else if (result.value !== undefined && answer !== YES) result = answer;
  }
  return result;
};

/** Three-valued OR. */
export const any = (answers: readonly Answer[]): Answer => {
  let result: Answer = NO;
  for (const answer of answers) {
    if (answer.value === true) return answer;
    if (answer.value === undefined) result = answer;
    else if (result.value !== undefined && answer !== NO) result = answer;
  }
  return result;
};

/** The matchers' AND, evaluated in order. */
export const allOf = (matchers: readonly Matcher[]): Matcher => {
  const [first, second] = matchers;
  if (!first) return always;
  if (!second) return first;
  return (question, marks) => {
    const answers: Answer[] = [];
    for (const matcher of matchers) {
      const answer = matcher(question, marks);
      if (answer.value === false) return answer;
      answers.push(answer);
    }
    return all(answers);
  };
};

/** The option with one of these flags. */
export const option = (match: Match, ...flags: readonly string[]): MatchOption | undefined =>
  match.options.find((o) => flags.includes(o.flag));

/** Compiles a match whose options each test by themselves, their AND deciding; an option that is not in the table makes it undecidable. */
export const eachOption =
  (
    tests: Readonly<Record<string, (values: readonly string[], invert: boolean, family: 4 | 6) => Matcher>>,
  ): MatchCompiler =>
  (match, family) =>
    allOf(
      match.options.map((o) => {
        const test = Object.hasOwn(tests, o.flag) ? tests[o.flag] : undefined;
        return test ? test(o.values, o.invert, family) : unsupported;
      }),
    );
