import type { MatchOption, Target } from '../../../records/iptables.ts';
import { hasEntry } from '../matches/conntrack.ts';
import { connectionMark } from '../matches/mark.ts';
import { parseMasked, parseNumber } from '../matches/number.ts';
import type { Traversal } from '../traversal.ts';
import { type Effect, NOTHING, type TargetCompiler } from './effect.ts';

/** `(value & ~MASK) ^ VALUE`: what xt_MARK and xt_CONNMARK compute for every way of writing it. */
interface XMark {
  readonly value: number;
  readonly mask: number;
}
export const xmark = (old: number, { value, mask }: XMark): number => (((old & ~mask) >>> 0) ^ value) >>> 0;

/** The options that set a mark, as the userspace tool turns them into VALUE and MASK. */
const xmarkOf = (options: readonly MatchOption[]): XMark | undefined => {
  for (const { flag, values } of options) {
    const masked = parseMasked(values[0] ?? '');
    if (!masked) continue;
    const { value, mask } = masked;
    switch (flag) {
      case '--set-xmark':
        return { value, mask };
      case '--set-mark':
        return { value, mask: (value | mask) >>> 0 };
      case '--and-mark':
        return { value: 0, mask: ~value >>> 0 };
      case '--or-mark':
        return { value, mask: value };
      case '--xor-mark':
        return { value, mask: 0 };
      default:
    }
  }
  return undefined;
};

const setMark = (branch: Traversal, mark: number): Traversal => (mark === branch.mark ? branch : { ...branch, mark });

/** xt_MARK. */
export const mark: TargetCompiler = (target) => {
  const change = xmarkOf(target.options);
  if (!change) return { kind: 'unknown', code: 'target-option-unsupported' };
  return { kind: 'change', apply: (branch) => setMark(branch, xmark(branch.mark, change)) };
};

const maskOption = (target: Target, ...flags: readonly string[]): number | undefined => {
  const text = target.options.find((o) => flags.includes(o.flag))?.values[0];
  return text === undefined ? undefined : parseNumber(text);
};

/** xt_CONNMARK: needs an entry; `--save-mark` copies the packet's mark to it, `--restore-mark` the other way, each under its masks. */
export const connmark: TargetCompiler = (target): Effect => {
  const has = (...flags: readonly string[]): boolean => target.options.some((o) => flags.includes(o.flag));
  if (has('--left-shift-mark', '--right-shift-mark')) return { kind: 'unknown', code: 'target-option-unsupported' };
  const both = maskOption(target, '--mask');
  const nfmask = (both ?? maskOption(target, '--nfmask') ?? 0xffffffff) >>> 0;
  const ctmask = (both ?? maskOption(target, '--ctmask') ?? 0xffffffff) >>> 0;
  if (has('--save-mark'))
    return {
      kind: 'change',
      apply: (branch, question) => {
        const old = connectionMark(question, branch);
        return old === undefined
          ? branch
          : { ...branch, connmark: xmark(old, { value: (branch.mark & nfmask) >>> 0, mask: ctmask }) };
      },
    };
  if (has('--restore-mark'))
    return {
      kind: 'change',
      apply: (branch, question) => {
        const saved = connectionMark(question, branch);
        return saved === undefined
          ? branch
          : setMark(branch, xmark(branch.mark, { value: (saved & ctmask) >>> 0, mask: nfmask }));
      },
    };
  const change = xmarkOf(target.options);
  if (!change) return target.options.length === 0 ? NOTHING : { kind: 'unknown', code: 'target-option-unsupported' };
  return {
    kind: 'change',
    apply: (branch, question) => {
      const old = hasEntry(question.ct) ? connectionMark(question, branch) : undefined;
      return old === undefined ? branch : { ...branch, connmark: xmark(old, change) };
    },
  };
};
