import { describe, expect, test } from 'vitest';
import { CAUSES } from '../../src/judging/registry.ts';
import { renderCausePage } from '../../src/report/catalogue/terminal.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { Words } from '../../src/report/words.ts';
import { inside } from './inside.ts';

const SEED = 'ipvs-host-clusterip-xfrm-innopols';

describe('analyze explain', () => {
  test('tells the mechanism, what proves and refutes it, the fix and the sources', async () => {
    const { status, stdout } = await inside('explain', SEED, '--lang', 'en');
    expect(status).toBe(0);
    for (const words of [SEED, 'Group A', '⟨virtual⟩', 'cat /proc/net/xfrm_stat', 'XfrmInNoPols is 0', 'ip_vs_nfct.c'])
      expect(stdout).toContain(words);
    expect(stdout).toMatch(/Fix .*\n.*- Allow decrypted packets/);
  });

  test('in Chinese too', async () => {
    const { stdout } = await inside('explain', SEED, '--lang', 'zh-CN');
    expect(stdout).toContain('⟨virtual⟩');
    expect(stdout).toMatch(/根因[\s\S]*证明[\s\S]*排除[\s\S]*修复/);
    expect(stdout).not.toMatch(/Symptom|Proof|Ruled out/);
  });

  test('an unknown cause is a wrong call, with the nearest ids', async () => {
    const { status, stderr } = await inside('explain', 'ipvs-host-clusterip');
    expect(status).toBe(2);
    expect(stderr).toContain(SEED);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('without a cause lists all ids by group', async () => {
    const { status, stdout } = await inside('explain', '--lang', 'en');
    expect(status).toBe(0);
    for (const { id } of CAUSES) expect(stdout).toContain(` ${id}`);
    expect(stdout.indexOf('Group A')).toBeLessThan(stdout.indexOf('Group B'));
    expect(stdout.indexOf('Group B')).toBeLessThan(stdout.indexOf('Group C'));
  });
});

describe.each(LANGUAGES)('every page (%s)', (lang) => {
  test.each(CAUSES.map((cause) => [cause.id, cause] as const))('%s', (_, cause) => {
    const words = new Words(lang);
    for (const section of ['title', 'summary', 'why']) words.causeOutline(cause.id, section);
    expect(words.faults).toEqual([]);
    for (const width of [60, 80, 120]) {
      const page = renderCausePage(cause, { lang, colour: false, width });
      expect(page).not.toMatch(/undefined|\[object|[\ue000\ue001]/);
      expect(page).not.toContain('\u001b');
    }
  });
});
