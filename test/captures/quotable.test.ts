import { expect, test } from 'vitest';
import { cutQuotable, type Quotable } from '../../src/records/quotable.ts';

test('a cut leaves no half of the mark that stands for a secret', () => {
  const text = 'key [masked] end' as Quotable;
  for (let most = 4; most < 12; most += 1) expect(cutQuotable(text, most)).toBe('key ');
  expect(cutQuotable(text, 12)).toBe('key [masked]');
  expect(cutQuotable(text, 100)).toBe(text);
  expect(cutQuotable('[ma' as Quotable, 3)).toBe('[ma');
});
