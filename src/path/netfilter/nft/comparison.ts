import type { NftSet, NftStatement } from '../../../records/iptables.ts';
import { addressWords } from '../../../tables/address.ts';
import {
  type Answer,
  answerOf,
  inverted,
  type Marks,
  type Matcher,
  NO,
  unknown,
  unsupported,
  YES,
} from '../matches/answer.ts';
import { statesOf, statusBit } from '../matches/conntrack.ts';
import { parseNumber } from '../matches/number.ts';
import { tcpFlags } from '../matches/tcp-flags.ts';
import type { HookQuestion } from '../outcome.ts';
import { arithmetic } from './arithmetic.ts';
import { splitList } from './elements.ts';
import { type Field, fieldAnswer, parseFields } from './fields.ts';
import { normalValue, wideTest } from './kinds.ts';
import { compileLookup, membership, parseGenerator, share } from './lookup.ts';

type MatchStatement = Extract<NftStatement, { kind: 'match' }>;
type Operator = MatchStatement['op'];

const ordered = (op: Operator, a: number, b: number): boolean =>
  op === '<' ? a < b : op === '>' ? a > b : op === '<=' ? a <= b : a >= b;

/** A match statement made ready. */
export const compileComparison = (statement: MatchStatement, sets: ReadonlyMap<string, NftSet>): Matcher => {
  const { left, op } = statement;
  const right = statement.right.trim();
  const flags = flagComparison(left.trim(), op, right);
  if (flags) return flags;
  if (right.startsWith('@') || right.startsWith('{')) {
    const lookup = compileLookup(left, right, sets);
    return (question, marks) => {
      const answer = membership(lookup(question, marks));
      return answer === undefined ? NO : inverted(answer, op === '!=');
    };
  }
  const generator = parseGenerator(left);
  if (generator) return chance(generator, op, right);
  const masked = maskedComparison(left, op, right);
  if (masked) return masked;
  const fields = parseFields(left);
  const [only] = fields;
  if (fields.length === 1 && only) return single(only, op, right);
  const lookup = compileLookup(left, `{ ${right} }`, sets);
  return (question, marks) => {
    const answer = membership(lookup(question, marks));
    return answer === undefined ? NO : inverted(answer, op === '!=');
  };
};

const chance = (generator: { count: number; offset: number }, op: Operator, right: string): Matcher => {
  const limit = parseNumber(right);
  const { count, offset } = generator;
  let hits = 0;
  if (op === '==' || op === '!=' || op === 'in') {
    const equal = share(right, generator);
    hits = (op === '!=' ? 1 - equal : equal) * count;
  } else if (limit !== undefined) for (let i = 0; i < count; i += 1) if (ordered(op, offset + i, limit)) hits += 1;
  const part = hits / count;
  return () => (part <= 0 ? NO : part >= 1 ? YES : { value: 'random', share: part });
};

/** One field against a value, range, prefix or list of values. */
const single = (field: Field, op: Operator, right: string): Matcher => {
  const test = valueTest(field, op, right);
  if (!test) return unsupported;
  return (question, marks) => {
    const value = field.read(question, marks);
    if (value.is === 'absent') return NO;
    return value.is === 'unknown' ? fieldAnswer(value) : answerOf(test(value.text));
  };
};

const valueTest = (field: Field, op: Operator, right: string): ((value: string) => boolean) | undefined => {
  if (op === '<' || op === '>' || op === '<=' || op === '>=') {
    const limit = Number(normalValue(field.kind, right) ?? Number.NaN);
    return Number.isNaN(limit) ? undefined : (value) => ordered(op, Number(value), limit);
  }
  const tests = splitList(right).map((text) => {
    const normal = normalValue(field.kind, text);
    return normal === undefined ? wideTest(field.kind, text) : (value: string) => value === normal;
  });
  const known = tests.filter((test) => test !== undefined);
  if (known.length < tests.length) return undefined;
  return (value) => known.some((test) => test(value)) !== (op === '!=');
};

/** `meta mark & 0x4000 == 0x4000`, `ip saddr & 255.0.0.0 == 10.0.0.0`. */
const maskedComparison = (left: string, op: Operator, right: string): Matcher | undefined => {
  if (!/\s(&|\||\^|<<|>>|and|or|xor|lshift|rshift)\s/.test(left)) return undefined;
  const address = /^(ip6? [sd]addr) (?:&|and) (\S+)$/.exec(left);
  if (address) return maskedAddress(address[1] ?? '', address[2] ?? '', op, right);
  const value = arithmetic(left);
  const wanted = parseNumber(right.replace(/^\((.*)\)$/, '$1'));
  if (!value || wanted === undefined) return unsupported;
  return (question, marks) => {
    const have = value(question, marks);
    if (have === undefined) return NO;
    if (op === '==' || op === 'in') return answerOf(have === wanted);
    return answerOf(op === '!=' ? have !== wanted : ordered(op, have, wanted));
  };
};

const maskedAddress = (name: string, mask: string, op: Operator, right: string): Matcher => {
  const [field] = parseFields(name);
  const masks = addressWords(mask);
  const wanted = addressWords(right);
  if (!field || !masks || !wanted || (op !== '==' && op !== '!=')) return unsupported;
  return (question, marks) => {
    const value = field.read(question, marks);
    if (value.is !== 'known') return NO;
    const words = addressWords(value.text) ?? [];
    const equal = words.every((word, i) => (word & (masks[i] ?? 0)) >>> 0 === wanted[i]);
    return answerOf(equal !== (op === '!='));
  };
};

const words = (text: string): readonly string[] =>
  text
    .replace(/[(){}]/g, ' ')
    .split(/[\s,|]+/)
    .filter((word) => word !== '');

const statusName = (word: string): string => word.toUpperCase().replace('-', '_');

/** Fields that are sets of bits: `ct state`, `ct status`, `tcp flags`. A list holds if any of its bits is on. */
const flagComparison = (left: string, op: Operator, right: string): Matcher | undefined => {
  if (right.startsWith('@')) return undefined;
  const invert = op === '!=';
  if (left === 'ct state') {
    const wanted = words(right).map((word) => word.toUpperCase());
    return ({ ct }) => answerOf(wanted.some((state) => statesOf(ct).has(state)) !== invert);
  }
  const status = /^ct status(?: (?:&|and) (.+))?$/.exec(left);
  if (status) return statusComparison(status[1], invert, right);
  const flags = /^tcp flags(?: (?:&|and) (.+))?$/.exec(left);
  if (!flags) return undefined;
  const [set = '', mask] = right.split('/');
  const upper = (text: string): string => words(text).join(',').toUpperCase();
  const none = /^0(x0+)?$/.test(set.trim());
  const wanted = none ? '' : upper(set);
  return onlyTcp(tcpFlags(upper(mask ?? flags[1] ?? set), wanted, invert));
};

const onlyTcp =
  (matcher: Matcher): Matcher =>
  (question, marks) =>
    question.packet.proto === 'tcp' ? matcher(question, marks) : NO;

const statusComparison = (mask: string | undefined, invert: boolean, right: string): Matcher => {
  const zero = /^0(x0+)?$/.test(right);
  const bits = words(zero ? (mask ?? '') : right).map(statusName);
  return (question: HookQuestion, _marks: Marks): Answer => {
    if (question.ct.state === 'INVALID' || question.ct.state === 'UNTRACKED') return NO;
    let answer: Answer = NO;
    for (const bit of bits) {
      const value = statusBit(question.ct, bit);
      if (value) {
        answer = YES;
        break;
      }
      if (value === undefined) answer = unknown('conntrack-status-unknown');
    }
    return inverted(answer, invert !== zero);
  };
};
