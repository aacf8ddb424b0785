/**
 * `npm run release -- 1.2.3`: version and changelog, the build, the packed tarball checked and tried, a commit and a tag. Pushes and publishes nothing; it prints how.
 * What fails leaves the work tree as it was.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mayFollow, released } from './release/changelog.mjs';
import { faultsOf, install, pack } from './release/packed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const CHANGED = ['CHANGELOG.md', 'package.json', 'package-lock.json'];

const run = (program, ...args) => execFileSync(program, args, { cwd: root, encoding: 'utf8' }).trim();
const shown = (program, ...args) => execFileSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
const rewrite = (file, change) => writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8')));

/** The version of the package itself; the lock file names it twice. */
const withVersion = (text, version) => {
  const document = JSON.parse(text);
  document.version = version;
  if (document.packages) document.packages[''].version = version;
  return `${JSON.stringify(document, null, 2)}\n`;
};

const tried = (version) => {
  const folder = mkdtempSync(join(tmpdir(), 'netautopsy-release-'));
  try {
    const packed = pack(folder);
    const faults = faultsOf(packed);
    if (faults.length > 0) throw new Error(`the tarball is not right:\n${faults.join('\n')}`);
    const command = install(packed.file, join(folder, 'installed'));
    const said = execFileSync(command, ['--version'], { encoding: 'utf8' }).trim();
    if (said !== version) throw new Error(`the installed command calls itself ${said}`);
    execFileSync(command, [join(root, 'samples', 'openyurt-ipvs-ipsec.tgz'), '-o', join(folder, 'report.html')]);
    mkdirSync(join(root, 'dist', 'release'), { recursive: true });
    const file = join('dist', 'release', basename(packed.file));
    writeFileSync(join(root, file), readFileSync(packed.file));
    return { file, size: packed.size };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const release = (version) => {
  const { version: before } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!mayFollow(version, before)) throw new Error(`${version} does not follow ${before}`);
  if (run('git', 'status', '--porcelain') !== '') throw new Error('the work tree is not clean');
  const tag = `v${version}`;
  if (run('git', 'tag', '--list', tag) !== '') throw new Error(`${tag} is there already`);
  try {
    rewrite('CHANGELOG.md', (text) => released(text, version, new Date().toISOString().slice(0, 10)));
    for (const file of ['package.json', 'package-lock.json']) rewrite(file, (text) => withVersion(text, version));
    shown('npm', 'run', 'build');
    const { file, size } = tried(version);
    run('git', 'commit', '--quiet', '--message', `Release ${version}`, '--', ...CHANGED);
    run('git', 'tag', '--annotate', tag, '--message', tag);
    console.log(`${tag}: ${file}, ${size} bytes. Then:\n  git push --follow-tags\n  npm publish ${file}`);
  } catch (error) {
    run('git', 'checkout', '--quiet', '--', ...CHANGED);
    throw error;
  }
};

try {
  release(process.argv[2] ?? '');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
