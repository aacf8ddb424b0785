/** The package as its users get it: what is in the tarball, and that it runs where nothing but Node is. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { faultsOf, install, pack } from '../../scripts/release/packed.mjs';
import { root, sample } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-packed-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the packed tarball', () => {
  const packed = pack(dir);

  test('holds what the command needs and no more, below its size', () => {
    expect(faultsOf(packed)).toEqual([]);
    expect(packed.files.length).toBeGreaterThan(0);
  });

  test('what would be wrong with one is said', () => {
    const { files } = packed;
    expect(faultsOf({ size: 2_000_001, files })).toEqual(['2000001 bytes are more than 2000000']);
    expect(faultsOf({ size: 1, files: files.filter(({ path }) => path !== 'dist/command/program.cjs') })).toEqual([
      'dist/command/program.cjs is missing',
    ]);
    expect(faultsOf({ size: 1, files: [...files, { path: 'dist/src/x.js', mode: 0o644 }] })).toEqual([
      'dist/src/x.js is not needed by the command',
    ]);
    expect(faultsOf({ size: 1, files: files.map(({ path }) => ({ path, mode: 0o644 })) })).toEqual([
      'dist/command/main.js cannot be run',
    ]);
  });

  test('installs without a network and analyses from any folder', () => {
    const command = install(packed.file, join(dir, 'global'));
    const away = join(dir, 'away');
    mkdirSync(away);
    const ran = (...args: string[]) => execFileSync(command, args, { cwd: away, encoding: 'utf8' });
    expect(ran(sample, '--format', 'json')).toContain('"ipvs-host-clusterip-xfrm-innopols"');
    expect(ran(sample, '-o', 'report.html')).toContain('report.html');
    expect(readFileSync(join(away, 'report.html'), 'utf8')).toContain('</html>');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(ran('--version').trim()).toBe(version);
  });
});

describe('the built command', () => {
  const main = join(root, 'dist/command/main.js');

  test.skipIf(process.platform === 'win32')('may be run as it stands', () => {
    accessSync(main, constants.X_OK);
    expect(spawnSync(main, ['--version'], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  test('no package is needed beside it', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies?: object };
    expect(dependencies).toBeUndefined();
    expect(existsSync(join(root, 'dist/command/LICENSES.txt'))).toBe(true);
  });

  test('the lock file names no registry', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
