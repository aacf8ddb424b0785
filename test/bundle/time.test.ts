import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
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

/** `sos_reports/manifest.json` as sos 4 writes it: indented, times local and without a zone. */
const manifest = (commands: Readonly<Record<string, string>>): string =>
  JSON.stringify(
    {
      version: '4.8.0',
      start_time: '2026-11-20 16:40:00.000001',
      components: {
        report: {
          plugins: {
            networking: {
              name: 'networking',
              start_time: '2026-11-20 16:40:01.000001',
              commands: Object.entries(commands).map(([filepath, start]) => ({
                command: 'x',
                parameters: ['a', 'b'],
                exec: 'x a b',
                filepath,
                truncated: false,
                return_code: 0,
                priority: 10,
                start_time: start,
                end_time: start,
                run_time: 0.01,
                tags: ['x'],
              })),
              files: [{ specification: '/etc/hosts', files_copied: ['/etc/hosts'], tags: [] }],
            },
          },
        },
      },
    },
    null,
    4,
  );
const SOS_ADDRESS = 'sos_commands/networking/ip_-d_address';
const SOS_RULE = 'sos_commands/networking/ip_-4_rule_list';

const sosreport = (second: string, date: string) => ({
  'sosreport-n1-2026-11-20-abcdefg/sos_reports/manifest.json': manifest({
    [SOS_ADDRESS]: '2026-11-20 16:48:51.120000',
    [SOS_RULE]: second,
    'sos_commands/networking/not_collected': '2026-11-20 10:00:00.000000',
  }),
  [`sosreport-n1-2026-11-20-abcdefg/${SOS_ADDRESS}`]: s.IP_ADDR,
  [`sosreport-n1-2026-11-20-abcdefg/${SOS_RULE}`]: s.IP_RULE,
  'sosreport-n1-2026-11-20-abcdefg/sos_commands/date/date': date,
  'sosreport-n1-2026-11-20-abcdefg/sos_commands/host/hostname': 'n1\n',
});

test("sos's manifest tells each command's moment, in the zone that date tells", async () => {
  const bundle = await readTree(sosreport('2026-11-20 16:49:00.000000', 'Fri Nov 20 16:48:53 JST 2026\n'));
  const told = bundle.times.filter(({ file }) => file.endsWith('manifest.json'));
  expect(told.map(({ node, capture, epoch, zoneMinutes }) => ({ node, capture, epoch, zoneMinutes }))).toEqual([
    { node: 'n1', capture: SOS_ADDRESS, epoch: Date.parse('2026-11-20T07:48:51Z') / 1000, zoneMinutes: 540 },
    { node: 'n1', capture: SOS_RULE, epoch: Date.parse('2026-11-20T07:49:00Z') / 1000, zoneMinutes: 540 },
  ]);
  expect(bundle.notes).toEqual([]);
});

test('commands of one sos report far apart are told, with the lines of the manifest', async () => {
  for (const zone of ['UTC', 'CST']) {
    const bundle = await readTree(sosreport('2026-11-20T17:20:00.000000', `Fri Nov 20 16:48:53 ${zone} 2026\n`));
    const [torn, ...others] = bundle.notes;
    expect(others).toEqual([]);
    expect(torn).toMatchObject({
      code: 'torn-snapshot',
      values: { scope: 'node', seconds: 1869, firstFile: SOS_ADDRESS, lastFile: SOS_RULE },
    });
    const wanted = new Map<string, Set<number>>();
    for (const { file, line } of torn?.sources ?? []) wanted.set(file, (wanted.get(file) ?? new Set()).add(line));
    const quotes = await quoteLines(bundle, wanted);
    expect([...quotes.values()].flatMap((lines) => [...lines.values()].map((line) => line.trim()))).toEqual([
      '"start_time": "2026-11-20 16:48:51.120000",',
      '"start_time": "2026-11-20T17:20:00.000000",',
    ]);
  }
});

test('a manifest that is cut, or of another form, is read as far as it goes', async () => {
  const whole = sosreport('2026-11-20 17:20:00.000000', 'Fri Nov 20 16:48:53 UTC 2026\n');
  const [file = ''] = Object.keys(whole);
  const text = whole[file as keyof typeof whole] ?? '';
  const cut = text.slice(0, text.indexOf(SOS_RULE));
  const told = async (manifestText: string) =>
    (await readTree({ ...whole, [file]: manifestText })).times
      .filter((moment) => moment.file.endsWith('manifest.json'))
      .map(({ capture }) => capture);
  expect(await told(cut)).toEqual([SOS_ADDRESS]);
  expect(await told(JSON.stringify(JSON.parse(text)))).toEqual([]);
  expect(await told('[]')).toEqual([]);
  expect(await told('{\n"filepath": 3,\n"start_time": "yesterday"\n}')).toEqual([]);
});

test("must-gather's timestamp is when all of it began: captures of its nodes are not held against it", async () => {
  const bundle = await readTree({
    'must-gather.local.1/timestamp':
      '2026-11-20 16:48:51.123456789 +0100 CET m=+0.004711\n2026-11-20 17:20:00.5 +0100 CET m=+1869.1\n',
    'must-gather.local.1/must-gather.logs': 'x\n',
    'must-gather.local.1/quay-io-x/nodes/n1/addresses': s.IP_ADDR,
    'must-gather.local.1/quay-io-x/nodes/n2/addresses': s.IP_ADDR,
  });
  expect(
    bundle.times.map(({ node, line, capture, epoch, zoneMinutes }) => [node, line, capture, epoch, zoneMinutes]),
  ).toEqual(['n1', 'n2'].map((node) => [node, 1, undefined, Date.parse('2026-11-20T15:48:51Z') / 1000, 60]));
  expect(bundle.notes).toEqual([]);
});

test.each(['bundleCreatedAt: "2026-11-20T16:48:51Z"', 'bundlecreatedat: 2026-11-20T17:48:51+01:00'])(
  "support-bundle-kit's metadata: %s",
  async (line) => {
    const bundle = await readTree({
      'supportbundle_1/metadata.yaml': `projectName: Harvester\n${line}\nissueDescription: x\n`,
      'supportbundle_1/yamls/cluster/v1/nodes.yaml': 'apiVersion: v1\nkind: NodeList\nitems: []\n',
      'supportbundle_1/nodes/n1/hostinfos/ip_addr.txt': s.IP_ADDR,
    });
    expect(bundle.times.map(({ node, file, line: at, epoch }) => [node, file, at, epoch])).toEqual([
      ['n1', 'metadata.yaml', 2, Date.parse('2026-11-20T16:48:51Z') / 1000],
    ]);
  },
);
