import type { CtInfo } from '../../conntrack-entry.ts';
import { tupleOf, type WalkTuple } from '../../conntrack-entry.ts';
import { protocolNumber } from '../../packet.ts';
import type { HookQuestion } from '../outcome.ts';
import { addressTest } from './address.ts';
import {
  type Answer,
  all,
  allOf,
  answerOf,
  inverted,
  type MatchCompiler,
  type Matcher,
  NO,
  unknown,
  unsupported,
  YES,
} from './answer.ts';
import { inRange, parseRange } from './number.ts';
import { parsePorts } from './ports.ts';
import { ruleProtocol } from './protocol.ts';

/** skb->_nfct is there: INVALID and UNTRACKED packets have none. */
export const hasEntry = (ct: CtInfo): boolean => ct.state !== 'INVALID' && ct.state !== 'UNTRACKED';

/** The states that conntrack_mt() tests; SNAT and DNAT are status bits of the entry and are there together with the packet's own state. */
export const statesOf = (ct: CtInfo): ReadonlySet<string> => {
  const states = new Set<string>([ct.state]);
  if (hasEntry(ct)) {
    if (ct.entry?.srcNat) states.add('SNAT');
    if (ct.entry?.dstNat) states.add('DNAT');
  }
  return states;
};

const listed = (values: readonly string[]): readonly string[] =>
  values.flatMap((value) => value.split(',')).map((value) => value.trim().toUpperCase());

const stateTest = (values: readonly string[], invert: boolean): Matcher => {
  const wanted = listed(values);
  return (question) => {
    const states = statesOf(question.ct);
    return answerOf(wanted.some((state) => states.has(state)) !== invert);
  };
};

/** One of the entry's tuples. A new packet's entry, where the walk has not made it yet, has the packet's own. */
export const entryTuple = (question: HookQuestion, which: 'original' | 'reply'): WalkTuple => {
  if (question.ct.entry) return question.ct.entry[which];
  const own = tupleOf(question.packet);
  return (which === 'original') === (question.ct.direction === 'original')
    ? own
    : { src: own.dst, dst: own.src, sport: own.dport, dport: own.sport };
};

/** Status bits of the entry; ASSURED is decided by traffic that the walk does not have. */
export const statusBit = (ct: CtInfo, bit: string): boolean | undefined => {
  switch (bit) {
    case 'EXPECTED':
      return ct.state === 'RELATED' ? undefined : false;
    case 'SEEN_REPLY':
      return ct.entry?.seenReply ?? false;
    case 'ASSURED':
      return ct.entry?.seenReply ? undefined : false;
    case 'CONFIRMED':
      return ct.entry?.confirmed ?? false;
    case 'SNAT':
      return ct.entry?.srcNat ?? false;
    case 'DNAT':
      return ct.entry?.dstNat ?? false;
    default:
      return undefined;
  }
};

const statusTest = (values: readonly string[], invert: boolean): Matcher => {
  const bits = listed(values).filter((bit) => bit !== 'NONE');
  return ({ ct }) => {
    let answer: Answer = NO;
    for (const bit of bits) {
      const value = statusBit(ct, bit);
      if (value) return inverted(YES, invert);
      if (value === undefined) answer = unknown('conntrack-status-unknown');
    }
    return inverted(answer, invert);
  };
};

const addressOf =
  (which: 'original' | 'reply', end: 'src' | 'dst') =>
  (values: readonly string[], invert: boolean): Matcher => {
    const test = addressTest(values[0] ?? '');
    return test ? (question) => answerOf(test(entryTuple(question, which)[end]) !== invert) : unsupported;
  };

const portOf =
  (which: 'original' | 'reply', end: 'sport' | 'dport') =>
  (values: readonly string[], invert: boolean): Matcher => {
    const ranges = parsePorts(values);
    if (!ranges) return unsupported;
    return (question) => {
      const port = entryTuple(question, which)[end];
      if (port === undefined) return unknown('port-unknown', 'conntrack', question.namespace);
      return answerOf(ranges.some((range) => inRange(range, port)) !== invert);
    };
  };

/** The longest that an entry lives by default: an established TCP connection's five days. */
const LONGEST_SECONDS = 432_000;

/**
 * Seconds until the entry ends (nf_ct_expires). A confirmed one's are between one and the longest timeout; of a new packet's entry, whose timer does not run
 * yet, the kernel reads what depends on how long it is up.
 */
const expireTest = (values: readonly string[], invert: boolean): Matcher => {
  const range = parseRange(values[0] ?? '', LONGEST_SECONDS);
  if (!range) return unsupported;
  return ({ ct }) => {
    if (!ct.entry?.confirmed) return unknown('conntrack-expiry-unknown');
    if (range.from <= 1 && range.to >= LONGEST_SECONDS) return answerOf(!invert);
    return unknown('conntrack-expiry-unknown');
  };
};

const OPTIONS: Readonly<Record<string, (values: readonly string[], invert: boolean) => Matcher>> = {
  '--ctstatus': statusTest,
  '--ctexpire': expireTest,
  '--ctdir': (values, invert) => (question) =>
    answerOf(((values[0] ?? '').toLowerCase() === question.ct.direction) !== invert),
  '--ctproto': (values, invert) => {
    const wanted = ruleProtocol(values[0] ?? '');
    return wanted === undefined
      ? unsupported
      : (question) =>
          answerOf((protocolNumber(question.ct.entry?.proto ?? question.packet.proto) === wanted) !== invert);
  },
  '--ctorigsrc': addressOf('original', 'src'),
  '--ctorigdst': addressOf('original', 'dst'),
  '--ctreplsrc': addressOf('reply', 'src'),
  '--ctrepldst': addressOf('reply', 'dst'),
  '--ctorigsrcport': portOf('original', 'sport'),
  '--ctorigdstport': portOf('original', 'dport'),
  '--ctreplsrcport': portOf('reply', 'sport'),
  '--ctrepldstport': portOf('reply', 'dport'),
};

/** conntrack_mt(): the state first; a packet without an entry then passes if and only if there was a state to test. */
export const conntrack: MatchCompiler = (match) => {
  const states = match.options.filter((o) => o.flag === '--ctstate').map((o) => stateTest(o.values, o.invert));
  const rest = match.options
    .filter((o) => o.flag !== '--ctstate')
    .map((o) => (Object.hasOwn(OPTIONS, o.flag) ? OPTIONS[o.flag]?.(o.values, o.invert) : undefined) ?? unsupported);
  const state = allOf(states);
  const others = allOf(rest);
  return (question, marks) => {
    const answer = state(question, marks);
    if (answer.value === false) return answer;
    if (!hasEntry(question.ct)) return answerOf(states.length > 0);
    return all([answer, others(question, marks)]);
  };
};

/** xt_state: as --ctstate, without the two NAT states. */
export const state: MatchCompiler = (match) => {
  const option = match.options[0];
  if (!option) return unsupported;
  const wanted = listed(option.values);
  return ({ ct }) => answerOf(wanted.includes(ct.state) !== option.invert);
};

/** xt_helper: only an expected connection or one with a helper can match; plain connections have none unless a rule or a well known port gave it. */
export const helper: MatchCompiler = () => (question) =>
  hasEntry(question.ct) ? unknown('helper-unknown', 'conntrack', question.namespace) : NO;
