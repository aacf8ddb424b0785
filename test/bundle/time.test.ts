import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBundles } from '../../src/bundle/read-bundles.ts';
import { readBytes, readTree, tar } from './archive.ts';
import * as s from './samples.ts';

const generated = (time: string): string => s.IPTABLES_SAVE.replaceAll('16:48:51', time);

test('moments with their zone: date, and what iptables-save says in local time', async () => {
  const bundle = await readTree({
    'n1/date': 'Sat Nov 21 00:48:53 HKT 2026\n',
    'n1/iptables-save.txt': s.IPTABLES_SAVE.replaceAll('Fri Nov 20 16:48:51', 'Sat Nov 21 00:48:51'),
  });
  expect(bundle.times.map(({ epoch, zoneMinutes, file, line }) => [epoch, zoneMinutes, file, line])).toEqual([
    [1795193333, 480, 'n1/date', 1],
    [1795193331, 480, 'n1/iptables-save.txt', 1],
  ]);
  expect(bundle.notes).toEqual([]);
});

test('captures of one node taken far apart are a torn snapshot, with both sources', async () => {
  const bundle = await readTree({
    'n1/date': s.DATE,
    'n1/iptables-save.txt': generated('15:20:00'),
    'n2/date': s.DATE,
  });
  expect(bundle.notes).toEqual([
    {
      code: 'torn-snapshot',
      values: {
        scope: 'node',
        first: 'Fri Nov 20 15:20:00 2026',
        last: 'Fri Nov 20 16:48:53 UTC 2026',
        seconds: 5333,
        firstFile: 'n1/iptables-save.txt',
        lastFile: 'n1/date',
      },
      sources: [
        { file: 'n1/iptables-save.txt', line: 1 },
        { file: 'n1/date', line: 1 },
      ],
    },
  ]);
});

test('so are nodes far apart; ten minutes are not far', async () => {
  const later = (time: string) => s.DATE.replace('16:48:53', time);
  const codes = async (time: string) =>
    (await readTree({ 'n1/date': s.DATE, 'n2/date': later(time) })).notes.map((n) => [n.code, n.values]);
  expect(await codes('16:58:00')).toEqual([]);
  expect(await codes('17:00:00')).toMatchObject([['torn-snapshot', { scope: 'bundle', seconds: 667 }]]);
});

test('a local time without a zone is not held against one that has a zone', async () => {
  const bundle = await readTree({
    'n1/date': 'Sat Nov 21 00:48:53 CST 2026\n',
    'n1/iptables-save.txt': generated('00:48:51'),
    'n2/date': s.DATE,
  });
  expect(bundle.notes).toEqual([]);
});

test("the archive's own times are a hint where nothing else tells", async () => {
  const at = (minutes: number) => new Date(1_795_193_333_000 + minutes * 60_000);
  const members = (minutes: number) =>
    tar([
      { name: 'n1/ip_rule.txt', text: s.IP_RULE, mtime: at(0) },
      { name: 'n1/ip_addr.txt', text: s.IP_ADDR, mtime: at(minutes) },
    ]);
  expect((await readBytes(await members(5))).notes).toEqual([]);
  expect((await readBytes(await members(30))).notes).toMatchObject([
    { code: 'torn-snapshot', values: { seconds: 1800 } },
  ]);
});

test('archives of one node each, read as one bundle, may be torn as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
  const store = async (host: string, date: string): Promise<string> => {
    const path = join(folder, `${host}.tar`);
    writeFileSync(
      path,
      await tar([
        { name: `${host}/date`, text: date },
        { name: `${host}/hostname`, text: `${host}\n` },
      ]),
    );
    return path;
  };
  const paths = [await store('n1', s.DATE), await store('n2', s.DATE.replace('16:48', '18:48'))];
  const bundle = await readBundles(paths, {});
  rmSync(folder, { recursive: true });
  expect(bundle.nodes.map((n) => n.name)).toEqual(['n1', 'n2']);
  expect(bundle.notes).toMatchObject([{ code: 'torn-snapshot', values: { scope: 'bundle', seconds: 7200 } }]);
});
