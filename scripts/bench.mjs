/**
 * How much processor time and memory the big captures take, beside plain tools on the same files in the same run, and beside a tenth of each input.
 * `npm run bench [-- NAME ...]` (needs `npm run build`). Inputs come from seeds, are written to the system's temporary folder and removed.
 * Times are CPU seconds (user and system) of whole processes unless said otherwise, the least of several runs: other work on the machine
 * makes them larger, never smaller.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { conntrackLines, ipsetLines, iptablesLines, smallCaptures, tcpdumpLines } from './bench/inputs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const child = join(root, 'scripts', 'bench', 'child.mjs');

const writeLines = async (file, lines) => {
  const out = createWriteStream(file);
  let block = '';
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < 1 << 20) continue;
    if (!out.write(block)) await new Promise((resolve) => out.once('drain', resolve));
    block = '';
  }
  await new Promise((resolve) => out.end(block, resolve));
};

/** A node's folder with its small captures. */
const writeNode = (folder, node) => {
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of Object.entries(smallCaptures(node)))
    writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
};

/** A tgz of a folder, which goes. */
const packed = (folder) => {
  const { status } = spawnSync('tar', ['-C', folder, '-czf', `${folder}.tgz`, '.']);
  if (status !== 0) throw new Error('tar failed');
  rmSync(folder, { recursive: true });
  return `${folder}.tgz`;
};

const captureArguments = (folder, big) => [
  `ip-addr=${join(folder, 'ip_addr.txt')}`,
  `ip-rule=${join(folder, 'ip_rule.txt')}`,
  `ip-route=${join(folder, 'ip_route.txt')}`,
  ...big,
];

/** `make` writes an input of the size and gives what `run` is called with; `tools` are what it is held against. */
const ROWS = [
  {
    name: 'conntrack',
    what: (size) => `${size} conntrack entries in a tgz, analyze`,
    size: 1_000_000,
    make: async (folder, size) => {
      writeNode(join(folder, 'node-0'), 0);
      await writeLines(join(folder, 'node-0', 'conntrack_-L.txt'), conntrackLines(size, 0));
      return packed(folder);
    },
    run: (file) => ['analyze', file, '-o', `${file}.html`],
    tool: { name: 'gzip -dc | wc -l', command: (file) => `gzip -dc '${file}' | wc -l`, most: 2.5 },
    memory: () => 200,
    runs: 5,
  },
  {
    name: 'iptables-save',
    what: (size) => `${size} rules, read and indexed`,
    size: 200_000,
    make: async (folder, size) => {
      writeNode(folder, 0);
      await writeLines(join(folder, 'iptables-save'), iptablesLines(size));
      return folder;
    },
    run: (folder) => ['walk', ...captureArguments(folder, [`iptables-save=${join(folder, 'iptables-save')}`])],
    tool: {
      name: 'iptables-nft-restore --test',
      command: (folder) => `unshare -n iptables-nft-restore --test < '${join(folder, 'iptables-save')}'`,
      most: 1,
    },
  },
  {
    name: 'ipset',
    what: (size) => `${size} set members, read and indexed`,
    size: 500_000,
    make: async (folder, size) => {
      writeNode(folder, 0);
      await writeLines(join(folder, 'ipset'), ipsetLines(size));
      await writeLines(join(folder, 'iptables-save'), iptablesLines(800, 12, ['BLOCKED']));
      return folder;
    },
    run: (folder) => [
      'walk',
      ...captureArguments(folder, [`iptables-save=${join(folder, 'iptables-save')}`, `ipset=${join(folder, 'ipset')}`]),
    ],
    tool: { name: "awk '{n+=NF}'", command: (folder) => `awk '{n+=NF} END {print n}' '${join(folder, 'ipset')}'` },
  },
  {
    name: 'tcpdump',
    what: (size) => `${size} packets, read`,
    size: 6_000_000,
    make: async (folder, size) => {
      await writeLines(join(folder, 'tcpdump.txt'), tcpdumpLines(size));
      return join(folder, 'tcpdump.txt');
    },
    run: (file) => ['packets', file],
    tool: { name: 'cutting into lines in the same process', field: 'other', most: 5 },
    memory: (tenth) => 1.15 * tenth.rss,
    runs: 2,
  },
  {
    name: 'nodes',
    what: (size) => `${size} nodes of 5 MB in a tgz, analyze`,
    size: 20,
    make: async (folder, size) => {
      for (let node = 0; node < size; node += 1) {
        const own = join(folder, `node-${node}`);
        writeNode(own, node);
        await writeLines(join(own, 'conntrack_-L.txt'), conntrackLines(12_000, node));
        await writeLines(join(own, 'iptables-save'), iptablesLines(9_000, 200));
        await writeLines(join(own, 'ipset_save'), ipsetLines(8_000, 300));
        await writeLines(join(own, 'tcpdump_any.txt'), tcpdumpLines(7_500, 400 + node));
      }
      return packed(folder);
    },
    run: (file) => ['analyze', file, '-o', `${file}.html`],
    tool: { name: 'gzip -dc | wc -l', command: (file) => `gzip -dc '${file}' | wc -l` },
  },
  {
    name: 'walk',
    what: (size) => `one flow, ${size} rules and 100000 set members, after reading`,
    size: 200_000,
    make: async (folder, size) => {
      writeNode(folder, 0);
      await writeLines(join(folder, 'iptables-save'), iptablesLines(size, 12, ['BLOCKED']));
      await writeLines(join(folder, 'ipset'), ipsetLines(100_000));
      return folder;
    },
    run: (folder) => [
      'walk',
      ...captureArguments(folder, [`iptables-save=${join(folder, 'iptables-save')}`, `ipset=${join(folder, 'ipset')}`]),
    ],
    measured: 'first',
    limit: 0.2,
    growth: 2,
  },
  {
    name: 'walk-again',
    what: (size) => `the next flow, ${size} rules and 100000 set members`,
    size: 200_000,
    like: 'walk',
    measured: 'again',
    limit: 0.2,
    growth: 2,
  },
].map((row, _, all) => ({ ...all.find((other) => other.name === row.like), ...row }));

const RUNS = 3;
const GROWTH = 10.5;

/** Runs of the child process: of each figure the least, of memory the largest. */
const measure = (args, runs) => {
  let best;
  for (let i = 0; i < runs; i += 1) {
    const { status, output, stderr } = spawnSync(process.execPath, [child, ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${args[0]} failed: ${stderr}`);
    const run = JSON.parse(output[3]);
    best = best
      ? Object.fromEntries(
          Object.entries(run).map(([key, value]) => [key, (key === 'rss' ? Math.max : Math.min)(value, best[key])]),
        )
      : run;
  }
  return best;
};

/** CPU seconds of a shell command, by bash's own `time`; undefined where it could not be run. */
const shell = (command, runs) => {
  let least;
  for (let i = 0; i < runs; i += 1) {
    const { stderr } = spawnSync(
      'bash',
      ['-c', `set -o pipefail; TIMEFORMAT='time %U %S'; time { ${command}; } >/dev/null && echo done >&2`],
      { encoding: 'utf8' },
    );
    const [, user, system] = /^time (\S+) (\S+)$/m.exec(stderr ?? '') ?? [];
    if (!/^done$/m.test(stderr) || user === undefined) return undefined;
    least = Math.min(least ?? Number.POSITIVE_INFINITY, Number(user) + Number(system));
  }
  return least;
};

const seconds = (value) => (value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`);
const bytes = (path) => (statSync(path).isDirectory() ? '' : `, ${(statSync(path).size / 1e6).toFixed(0)} MB`);

/** A figure beside what it may be at most. */
const judged = (failures, name, text, value, most) => {
  if (most === undefined) return text(value);
  if (value > most) failures.push(`${name}: ${text(value)}, more than ${text(most)}`);
  return `${text(value)} (at most ${text(most)})`;
};

const bench = async (row, folder, failures) => {
  const { name, size, runs = RUNS, measured = 'cpu', tool } = row;
  const inputs = [];
  for (const part of [size / 10, size]) {
    const own = join(folder, `${name}-${part}`);
    mkdirSync(own);
    inputs.push(await row.make(own, part));
  }
  const [tenth, whole] = inputs.map((input) => measure(row.run(input), runs));
  const other = tool?.field ? whole[tool.field] : tool && shell(tool.command(inputs[1]), runs);
  const times = (value) => `${value.toFixed(2)}x`;
  const megabytes = (value) => `${value.toFixed(0)} MB`;
  console.log(
    `| ${[
      name,
      `${row.what(size)}${bytes(inputs[1])}`,
      judged(failures, name, seconds, whole[measured], row.limit),
      tool ? `\`${tool.name.replaceAll('|', '\\|')}\`` : '',
      tool ? (other === undefined ? 'cannot be run here' : seconds(other)) : '',
      tool && other !== undefined ? judged(failures, name, times, whole[measured] / other, tool.most) : '',
      judged(failures, name, megabytes, whole.rss, row.memory?.(tenth)),
      seconds(tenth[measured]),
      judged(failures, name, times, whole[measured] / tenth[measured], row.growth ?? GROWTH),
    ].join(' | ')} |`,
  );
  for (const input of inputs) rmSync(input, { recursive: true, force: true });
};

const main = async (names) => {
  if (!existsSync(join(root, 'dist', 'command', 'main.js')))
    throw new Error('dist/ is not there: run `npm run build` first');
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(', ')}; there are ${ROWS.map((row) => row.name).join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'netautopsy-bench-'));
  const failures = [];
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}\n`);
  console.log('| row | input | CPU | plain tool | its CPU | ours / its | peak memory | CPU of a tenth | growth |');
  console.log('|---|---|---:|---|---:|---:|---:|---:|---:|');
  try {
    for (const row of ROWS) if (names.length === 0 || names.includes(row.name)) await bench(row, folder, failures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    failures.length === 0 ? '\nEvery figure is within its limit.' : `\nBeyond their limits:\n${failures.join('\n')}`,
  );
  if (failures.length > 0) process.exitCode = 1;
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
