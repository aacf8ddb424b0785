import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-present-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const FILES: Readonly<Record<string, string>> = {
  'n1/ip_addr.txt':
    '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP group default\n    inet 192.0.2.7/24 scope global eth0\n',
  'n1/ip_route.txt': '192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.7\n',
};
const made = (name: string): string => {
  const folder = join(dir, name);
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
};
const analyze = (cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'dist/command/main.js'), ...args], { cwd, encoding: 'utf8' });

test.each(['.', './', '../case-5', '../case-5/.'])('the page of %s has the name of the folder', (argument) => {
  const folder = made('case-5');
  const beside = argument === '../case-5';
  const { status, stderr } = analyze(folder, argument);
  expect([status, stderr]).toEqual([0, '']);
  expect(readdirSync(beside ? dir : folder).filter((name) => name.endsWith('.html'))).toEqual(['case-5-report.html']);
  rmSync(dir, { recursive: true });
});

test('the folder that holds the present one is named by its own name', () => {
  const folder = made('case-6');
  expect(analyze(join(folder, 'n1'), '..').status).toBe(0);
  expect(readdirSync(join(folder, 'n1'))).toContain('case-6-report.html');
});

test('a page of before is ignored by the next reading of the folder, and changes nothing else', () => {
  const folder = made('case-7');
  const read = () => JSON.parse(analyze(folder, '.', '--format', 'json').stdout) as { bundle: object };
  const first = read();
  analyze(folder, '.', '--quiet');
  const ignoredMembers = [{ file: 'case-7-report.html', why: 'unknown' }];
  expect(read()).toEqual({ ...first, bundle: { ...first.bundle, ignoredMembers } });
});
