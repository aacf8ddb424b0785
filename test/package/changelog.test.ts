import { expect, test } from 'vitest';
import { mayFollow, released } from '../../scripts/release/changelog.mjs';

const TEXT = '# Changelog\n\n## 1.3.0 (unreleased)\n\n- New.\n\n## 1.2.0 (2025-01-01)\n\n- Old.\n';

test('the first section gets the day; nothing else changes', () => {
  expect(released(TEXT, '1.3.0', '2026-02-03')).toBe(TEXT.replace('(unreleased)', '(2026-02-03)'));
});

test('a changelog that does not tell of the version is refused', () => {
  expect(() => released(TEXT, '1.4.0', '2026-02-03')).toThrow('## 1.4.0 (unreleased)');
  expect(() => released(TEXT.replace('(unreleased)', '(2025-06-01)'), '1.3.0', '2026-02-03')).toThrow('1.3.0');
  expect(() => released(TEXT.replace('- New.', ''), '1.3.0', '2026-02-03')).toThrow('says nothing');
  expect(() => released('# Changelog\n', '1.3.0', '2026-02-03')).toThrow('no section');
});

test('versions go up, and the first may be the one that stands there', () => {
  expect(mayFollow('0.1.0', '0.1.0')).toBe(true);
  expect(mayFollow('0.10.0', '0.9.9')).toBe(true);
  expect(mayFollow('1.0.0', '0.9.9')).toBe(true);
  expect(mayFollow('0.9.8', '0.9.9')).toBe(false);
  expect(mayFollow('0.9.9', '0.10.0')).toBe(false);
  expect(() => mayFollow('1.0', '0.9.9')).toThrow('no version');
});
