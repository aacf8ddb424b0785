import { expect, test } from 'vitest';
import type { Candidate } from '../../src/evidence/candidate.ts';
import { diverse } from '../../src/evidence/diverse.ts';
import type { Symptom } from '../../src/evidence/symptom.ts';

const candidate = (port: number, ...symptoms: readonly Symptom[]): Candidate => ({
  question: { proto: 'tcp', src: '10.0.0.1', sport: undefined, dst: '10.0.0.2', dport: port, start: undefined },
  symptoms,
  score: 100 - port,
  count: 1,
  sources: [],
});
const ports = (candidates: readonly Candidate[]) => candidates.map((c) => c.question.dport);
const scan = [1, 2, 3, 4, 5, 6].map((port) => candidate(port, 'syn-sent'));

test('one symptom does not take all the places, and the order stays', () => {
  const all = [...scan, candidate(7, 'closed'), candidate(8, 'unreplied')];
  expect(ports(diverse(all, 4))).toEqual([1, 2, 7, 8]);
});

test('without others it takes all of them', () => {
  expect(ports(diverse(scan, 4))).toEqual([1, 2, 3, 4]);
  expect(ports(diverse([...scan, candidate(7, 'closed')], 4))).toEqual([1, 2, 3, 7]);
});

test('the same symptoms in another order are the same', () => {
  const mixed = [candidate(1, 'closed', 'reset'), candidate(2, 'reset', 'closed'), candidate(3, 'stalled')];
  expect(ports(diverse(mixed, 2))).toEqual([1, 3]);
});
