import { protocolNumber } from '../../packet.ts';
import type { HookQuestion } from '../outcome.ts';
import { type Answer, inverted, type MatchCompiler, NO, option, unknown, unsupported, YES } from './answer.ts';
import { type NumberRange, parseNumber, parseRange } from './number.ts';

/** Bits of a packet, of which some are known. */
interface Word {
  readonly value: number;
  readonly known: number;
}

type Step = readonly [operator: '&' | '<<' | '>>' | '@', number: number];
interface Test {
  readonly at: number;
  readonly steps: readonly Step[];
  readonly ranges: readonly NumberRange[];
}

const OPERATION = /^\s*(&|<<|>>|@)\s*(\w+)/;

const parseTest = (text: string): Test | undefined => {
  const [location = '', wanted, more] = text.split('=');
  const start = /^\s*(\w+)/.exec(location);
  const at = start?.[1] === undefined ? undefined : parseNumber(start[1]);
  if (!start || at === undefined || wanted === undefined || more !== undefined) return undefined;
  const steps: Step[] = [];
  let rest = location.slice(start[0].length);
  for (let one = OPERATION.exec(rest); one; one = OPERATION.exec(rest)) {
    const number = parseNumber(one[2] ?? '');
    if (number === undefined) return undefined;
    steps.push([one[1] as Step[0], number]);
    rest = rest.slice(one[0].length);
  }
  if (rest.trim() !== '') return undefined;
  const ranges = wanted.split(',').map((range) => parseRange(range.trim(), 0xffffffff));
  return ranges.every((range) => range !== undefined) ? { at, steps, ranges } : undefined;
};

const whole = (value: number | undefined): Word =>
  value === undefined ? { value: 0, known: 0 } : { value: value & 0xff, known: 0xff };
const pair = (value: number | undefined): readonly Word[] => [
  whole(value === undefined ? undefined : value >> 8),
  whole(value),
];
const octets = (address: string): readonly Word[] => address.split('.').map((part) => whole(Number(part)));
const UNTOLD = whole(undefined);
/** Not a fragment; whether it may become one is not known. */
const NO_FRAGMENT: Word = { value: 0, known: 0xbf };

/** An IPv4 packet's bytes as far as the walk knows them: no options, identification and checksum unknown. */
const bytesOf = ({ packet: p }: HookQuestion): readonly Word[] => [
  ...[whole(0x45), UNTOLD, ...pair(p.length), UNTOLD, UNTOLD, NO_FRAGMENT, whole(0)],
  ...[whole(p.ttl), whole(protocolNumber(p.proto)), UNTOLD, UNTOLD],
  ...octets(p.src),
  ...octets(p.dst),
  ...(p.icmp ? [whole(p.icmp.type), whole(p.icmp.code)] : [...pair(p.sport), ...pair(p.dport)]),
];

const wordAt = (bytes: readonly Word[], at: number): Word => {
  let value = 0;
  let known = 0;
  for (let i = 0; i < 4; i += 1) {
    const byte = bytes[at + i] ?? UNTOLD;
    value = ((value << 8) | byte.value) >>> 0;
    known = ((known << 8) | byte.known) >>> 0;
  }
  return { value, known };
};

const ALL = 0xffffffff;

const applied = ({ value, known }: Word, operator: '&' | '<<' | '>>', by: number): Word => {
  if (operator === '&') return { value: (value & by) >>> 0, known: (known | ~by) >>> 0 };
  if (operator === '>>') return { value: value >>> by, known: ((known >>> by) | ~(ALL >>> by)) >>> 0 };
  return { value: (value << by) >>> 0, known: ((known << by) | ~(ALL << by)) >>> 0 };
};

const UNKNOWN = unknown('payload-unknown');

const within = ({ value, known }: Word, { from, to }: NumberRange): Answer => {
  const low = value & known;
  const highest = (value | ~known) >>> 0;
  const lowest = low >>> 0;
  if (lowest >= from && highest <= to) return YES;
  if (highest < from || lowest > to) return NO;
  return from === to && ((value ^ from) & known) !== 0 ? NO : UNKNOWN;
};

/** u32_match_it(): reads a word, works on it, and may go on from where it points to; what lies beyond the packet does not match. */
const runTest = (test: Test, question: HookQuestion): Answer => {
  const bytes = bytesOf(question);
  let base = 0;
  let word = wordAt(bytes, test.at);
  if (test.at + 4 > question.packet.length) return NO;
  for (const [operator, number] of test.steps)
    if (operator !== '@') word = applied(word, operator, number);
    else {
      if (word.known !== ALL) return UNKNOWN;
      base += word.value;
      if (base + number + 4 > question.packet.length) return NO;
      word = wordAt(bytes, base + number);
    }
  let answer: Answer = NO;
  for (const range of test.ranges) {
    const one = within(word, range);
    if (one.value === true) return YES;
    if (one.value === undefined) answer = one;
  }
  return answer;
};

/** xt_u32: every one of the tests must hold. Of IPv6 the walk keeps no bytes. */
export const u32: MatchCompiler = (match) => {
  const wanted = option(match, '--u32');
  const tests = (wanted?.values[0] ?? '').split('&&').map(parseTest);
  if (!wanted || !tests.every((test) => test !== undefined)) return unsupported;
  return (question) => {
    if (question.packet.family !== 4) return UNKNOWN;
    let answer: Answer = YES;
    for (const test of tests) {
      const one = runTest(test, question);
      if (one.value === false) return inverted(NO, wanted.invert);
      if (one.value === undefined) answer = one;
    }
    return inverted(answer, wanted.invert);
  };
};
