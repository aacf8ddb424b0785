import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../src/causes/facts/cause-id.ts';
import type { Finding } from '../../src/causes/facts/finding.ts';
import { allConsequences, eachChanged, hung, withConsequences } from '../../src/judging/consequences.ts';
import { CAUSES } from '../../src/judging/registry.ts';

const found = (id: CauseId, line = 1): Finding => ({
  id,
  flow: 'f1',
  confidence: 'likely',
  node: 'a',
  namespace: '',
  at: 'FORWARD',
  values: {},
  evidence: [{ source: { file: 'iptables-save', line }, role: 'decisive' }],
  fixes: [],
  consequences: [],
});

/** Three findings without a relation of their own, the strongest first. */
const A = found('forward-chain-drop');
const B = found('ip-forward-off');
const C = found('networkpolicy-drop');

type Pair = readonly [over: Finding, under: Finding];
const by =
  (...pairs: readonly Pair[]) =>
  (over: Finding, under: Finding) =>
    pairs.some(([a, b]) => a.id === over.id && b.id === under.id);

/** A result as nested lists of ids. */
type Tree = readonly [CauseId | string, ...Tree[]];
const tree = (finding: Finding): Tree => [finding.id, ...finding.consequences.map(tree)];

const line = (finding: Finding): number => finding.evidence[0]?.source.line ?? 0;

describe('a finding hangs below the one that explains it', () => {
  it('below what is itself a consequence', () => {
    expect(hung([A, B, C], by([A, B], [B, C])).map(tree)).toEqual([[A.id, [B.id, [C.id]]]]);
  });

  it('below the strongest of those that explain it', () => {
    expect(hung([A, B, C], by([A, C], [B, C])).map(tree)).toEqual([[A.id, [C.id]], [B.id]]);
  });

  it('beside its equals, the stronger first', () => {
    expect(hung([A, B, C], by([A, B], [A, C])).map(tree)).toEqual([[A.id, [B.id], [C.id]]]);
    expect(hung([A, C, B], by([A, B], [A, C])).map(tree)).toEqual([[A.id, [C.id], [B.id]]]);
  });

  it('below one of two findings of the same cause, not below both', () => {
    const again = found('forward-chain-drop', 2);
    expect(hung([A, again, B], by([A, B])).map(tree)).toEqual([[A.id, [B.id]], [A.id]]);
  });

  it('of a cause that explains itself the weaker below the stronger', () => {
    const again = found('forward-chain-drop', 2);
    expect(
      hung([again, A], by([A, A]))
        .flatMap(withConsequences)
        .map(line),
    ).toEqual([2, 1]);
    expect(hung([again, A], by([A, A]))).toHaveLength(1);
  });
});

describe('of findings that explain each other in a circle', () => {
  it('the strongest stays on top', () => {
    expect(hung([A, B], by([A, B], [B, A])).map(tree)).toEqual([[A.id, [B.id]]]);
    expect(hung([A, B, C], by([A, B], [B, C], [C, A])).map(tree)).toEqual([[A.id, [B.id, [C.id]]]]);
    expect(hung([A, C, B], by([A, B], [B, C], [C, A])).map(tree)).toEqual([[A.id, [B.id, [C.id]]]]);
  });

  it('the strongest hangs below what explains it from outside', () => {
    expect(hung([A, B, C], by([A, B], [B, A], [C, A])).map(tree)).toEqual([[C.id, [A.id, [B.id]]]]);
  });
});

it('every found cause is in the result exactly once, whatever explains what', () => {
  const some = fc.integer({ min: 0, max: 11 });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 12 }), fc.array(fc.tuple(some, some), { maxLength: 40 }), (ids, pairs) => {
      const all = ids.map((id, i) => found(CAUSES[id]?.id ?? 'ack-matrix', i + 1));
      const explains = new Set(pairs.map(([over, under]) => `${CAUSES[over]?.id} ${CAUSES[under]?.id}`));
      const result = hung(all, (over, under) => explains.has(`${over.id} ${under.id}`));
      const lines = result.flatMap(withConsequences).map(line);
      expect(lines.sort((a, b) => a - b)).toEqual(all.map(line));
    }),
  );
});

it("every found cause is in the result exactly once by the causes' own relations, and below one that explains it or on top", () => {
  const explains = new Map<string, readonly string[]>(CAUSES.map((cause) => [cause.id, cause.explains ?? []]));
  const accounts = (over: Finding, under: Finding) => explains.get(over.id)?.includes(under.id) ?? false;
  const isRight = (one: Finding): boolean => one.consequences.every((below) => accounts(one, below) && isRight(below));
  fc.assert(
    fc.property(fc.shuffledSubarray([...CAUSES], { minLength: 1 }), (causes) => {
      const all = causes.map((cause) => found(cause.id));
      const result = hung(all, accounts);
      expect(
        result
          .flatMap(withConsequences)
          .map((one) => one.id)
          .sort(),
      ).toEqual(causes.map((c) => c.id).sort());
      expect(result.every(isRight)).toBe(true);
    }),
  );
});

it('what hangs below a finding is told at every depth, each before its own consequences', () => {
  const [top] = hung([A, B, C], by([A, B], [B, C]));
  expect(top && allConsequences(top).map((one) => one.id)).toEqual([B.id, C.id]);
});

it('what is changed of a finding is changed of all that hangs below it', () => {
  const [top] = hung([A, B, C], by([A, B], [B, C]));
  const doubted = top && eachChanged(top, (one) => ({ ...one, confidence: 'possible' }));
  expect(doubted && withConsequences(doubted).map((one) => `${one.id} ${one.confidence}`)).toEqual(
    [A, B, C].map((one) => `${one.id} possible`),
  );
});
