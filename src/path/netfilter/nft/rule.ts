import type { NftRule, NftSet, NftStatement, NftTable } from '../../../records/iptables.ts';
import type { Pick, Statement, WalkRule } from '../chain-walk.ts';
import { YES } from '../matches/answer.ts';
import type { HookQuestion } from '../outcome.ts';
import { type Effect, NOTHING } from '../targets/effect.ts';
import { arithmetic } from './arithmetic.ts';
import { compileComparison } from './comparison.ts';
import { compileLookup, type Lookup } from './lookup.ts';
import { compileOpaque } from './opaque.ts';
import { natEffect, parseVerdict, rejectName } from './verdicts.ts';

const act = (effect: Effect): Statement => ({ kind: 'act', effect });

/** Effects of the elements that a lookup may hit. */
const picks =
  (lookup: Lookup, key: string, effectOf: (value: string) => Effect | undefined) =>
  (
    question: HookQuestion,
    branch: { readonly mark: number; readonly connmark: number | undefined },
  ): readonly Pick[] => {
    const found = lookup(question, branch);
    // A field that the packet lacks ends the rule.
    if (found.length === 0) return [{ effect: undefined, answer: YES, key }];
    return found.map(({ element, answer }) => ({
      effect: element?.value === undefined ? undefined : (effectOf(element.value) ?? NOTHING),
      answer,
      key: `${key} ${element?.parts.join(' . ') ?? ''}`,
    }));
  };

const MAP = /^(.*\S)\s+map\s+(@\S+|\{.*\})\s*$/s;

const nat = (
  statement: Extract<NftStatement, { kind: 'dnat' | 'snat' | 'masquerade' | 'redirect' }>,
  sets: ReadonlyMap<string, NftSet>,
): Statement => {
  const map = MAP.exec((statement.to ?? '').replace(/^(?:ip6?\s+)?to\s+/, ''));
  if (!map) return act(natEffect(statement, statement.to));
  const [, key = '', source = ''] = map;
  const lookup = compileLookup(key, source, sets);
  return { kind: 'pick', pick: picks(lookup, `${key} map ${source}`, (value) => natEffect(statement, value)) };
};

const setMark = (statement: Extract<NftStatement, { kind: 'set-mark' }>): Effect => {
  const value = arithmetic(statement.expression);
  if (!value) return { kind: 'unknown', code: 'mark-expression-unsupported' };
  return {
    kind: 'change',
    apply: (branch, question) => {
      const mark = value(question, branch);
      if (mark === undefined) return branch;
      if (statement.of === 'ct') return { ...branch, connmark: mark };
      return mark === branch.mark ? branch : { ...branch, mark };
    },
  };
};

const compileStatement = (
  statement: NftStatement,
  rule: NftRule,
  sets: ReadonlyMap<string, NftSet>,
  position: number,
): Statement | undefined => {
  switch (statement.kind) {
    case 'match': {
      const invert = statement.op === '!=';
      return {
        kind: 'test',
        name: statement.left,
        key: () => `${statement.left} ${invert ? '==' : statement.op} ${statement.right}`,
        invert,
        matcher: compileComparison(statement, sets),
      };
    }
    case 'verdict':
      return act(parseVerdict(statement.verdict) ?? NOTHING);
    case 'jump':
    case 'goto':
      return act({ kind: statement.kind, chain: statement.chain });
    case 'vmap':
      return {
        kind: 'pick',
        pick: picks(
          compileLookup(statement.key, statement.map, sets),
          `${statement.key} vmap ${statement.map}`,
          parseVerdict,
        ),
      };
    case 'reject':
      return {
        kind: 'pick',
        pick: ({ packet }) => [
          {
            effect: {
              kind: 'end',
              ending: { verdict: 'reject', rejectWith: rejectName(statement.with, packet.family) },
            },
            answer: YES,
            key: '',
          },
        ],
      };
    case 'dnat':
    case 'snat':
    case 'masquerade':
    case 'redirect':
      return nat(statement, sets);
    case 'set-mark':
      return act(setMark(statement));
    case 'notrack':
      return act({ kind: 'change', apply: (branch) => ({ ...branch, untracked: true, templated: true }) });
    case 'limit': {
      const over = /\blimit rate over\b/.test(rule.text);
      return {
        kind: 'test',
        name: 'limit',
        key: () => 'limit',
        invert: false,
        matcher: () => ({ value: !over, assumed: 'within-limit' }),
      };
    }
    case 'opaque':
      return compileOpaque(statement.text, `${rule.chain} ${position}`);
    default:
      return undefined;
  }
};

/** The word of the rule that decides: what a hit shows as its target. */
const targetOf = (rule: NftRule): string | undefined => {
  const last = rule.statements.findLast((s) => !['match', 'counter', 'comment', 'log', 'limit'].includes(s.kind));
  if (!last) return undefined;
  if (last.kind === 'jump' || last.kind === 'goto') return last.chain;
  return last.kind === 'verdict' ? last.verdict : last.kind;
};

const isTproxy = (statement: Statement): boolean =>
  statement.kind === 'act' && statement.effect.kind === 'end' && statement.effect.ending.verdict === 'tproxy';

/** nft's tproxy only assigns the socket: what stands behind it in the rule (`meta mark set 1 accept`) still runs. */
const tproxyLast = (statements: readonly Statement[]): readonly Statement[] => {
  const at = statements.findIndex(isTproxy);
  const tproxy = statements[at];
  if (!tproxy) return statements;
  const rest = statements.slice(at + 1).filter((s) => s.kind !== 'act' || s.effect.kind === 'change');
  return [...statements.slice(0, at), ...rest, tproxy];
};

/** A rule made ready; null where it has no effect. */
export const compileNftRule = (rule: NftRule, table: NftTable, position: number): WalkRule | null => {
  const statements = tproxyLast(
    rule.statements
      .map((statement) => compileStatement(statement, rule, table.sets, position))
      .filter((statement) => statement !== undefined),
  );
  const hasEffect = statements.some((s) => s.kind === 'pick' || (s.kind === 'act' && s.effect.kind !== 'nothing'));
  if (!hasEffect) return null;
  return {
    hit: {
      source: rule.source,
      chain: rule.chain,
      position,
      packets: rule.counters?.packets,
      comment: rule.comment,
      target: targetOf(rule),
    },
    statements,
  };
};
