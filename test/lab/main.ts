import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildNetwork } from '../../src/network/build.ts';
import { walkFlow } from '../../src/path/walk.ts';
import type { ConntrackTable } from '../../src/records/conntrack.ts';
import { compare, type Verdict } from '../kernel/compare.ts';
import type { FlowResult, SeenPacket } from '../kernel/namespaces.ts';
import { readCaptures } from '../kernel/predict.ts';
import { sentAgain } from '../kernel/sent-again.ts';
import { caseOf, type LabCase, TOPOLOGY } from './cases.ts';

/*
 * npm run test:lab -- [--cases 30] [--seed 1] [--minutes 40] [--lab ../shared/lab] [--keep FOLDER]
 *
 * Boots the lab's kernel (ip_vs and ESP, which a machine's own kernel may lack), makes a random state of two nodes for each case, captures it with the
 * ordinary tools, sends one flow, and holds what the client got, what arrived where and the conntrack entries against the walk. LAB_CACHE names the
 * folder that the lab's setup.sh filled. A folder that --keep names is judged again without a boot where it holds a run already.
 */

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const option = (name: string, fallback: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
};

/** Nothing was compared: neither passed nor failed. */
const NOT_RUN = 3;

/** What a case left behind (guest.py). */
interface Played {
  readonly refused: string;
  readonly captures: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly result: FlowResult;
  readonly seen: Readonly<Record<string, readonly SeenPacket[]>>;
  readonly after: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const idOf = (host: string): string => {
  const node = TOPOLOGY.nodeOf[host] ?? host;
  return node === host ? node : `${node}/${host}`;
};

const judge = (one: LabCase, played: Played): Verdict => {
  const read = (host: string, texts: Readonly<Record<string, string>>) =>
    readCaptures(host, new Map(Object.entries(texts))).captures;
  const nodes = TOPOLOGY.hosts.filter((host) => TOPOLOGY.nodeOf[host] === host);
  const network = buildNetwork({
    nodes: nodes.map((node) => ({
      name: node,
      namespaces: TOPOLOGY.hosts
        .filter((host) => TOPOLOGY.nodeOf[host] === node)
        .map((host) => ({ name: host === node ? '' : host, captures: read(host, played.captures[host] ?? {}) })),
    })),
  });
  const { flow } = one;
  const walked = walkFlow(network, {
    proto: flow.proto,
    src: '',
    sport: flow.sport,
    dst: flow.dst,
    dport: flow.dport,
    start: idOf(flow.from),
  });
  const conntrack = new Map<string, ConntrackTable>();
  for (const [host, texts] of Object.entries(played.after)) {
    const table = read(host, texts).find((c) => c.data.conntrack)?.data.conntrack;
    if (table) conntrack.set(idOf(host), table);
  }
  return compare(
    flow,
    walked,
    idOf(flow.from),
    {
      result: played.result,
      seen: new Map(Object.entries(played.seen).map(([host, packets]) => [idOf(host), packets])),
      conntrack,
      // Both nodes have a rule that asks for connection states; nobody else does.
      tracks: (namespace) => TOPOLOGY.tracking.some((host) => host === namespace),
    },
    (branch) => sentAgain(network, walked.question, branch),
  );
};

const obstacle = (lab: string, cache: string): string | undefined => {
  if (!existsSync(join(lab, 'lib.sh'))) return `no lab in ${lab}: give its folder with --lab`;
  if (cache === '') return 'LAB_CACHE is not set: it names the folder that the lab’s setup.sh filled';
  if (!existsSync(join(cache, 'version')) || !existsSync(join(cache, 'initrd.gz')))
    return `the lab’s kernel is not in ${cache}: run ${join(lab, 'setup.sh')} first`;
  return spawnSync('qemu-system-x86_64', ['--version']).error ? 'qemu-system-x86_64 is not installed' : undefined;
};

/** Boots the lab's kernel, which plays every case of the plan and powers itself off. */
const boot = (lab: string, cache: string, out: string, minutes: number): void => {
  const version = readFileSync(join(cache, 'version'), 'utf8').trim();
  const here = resolve('test');
  writeFileSync(
    join(out, '.guest'),
    `export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LAB='${lab}' LAB_CACHE='${cache}'
( . "$LAB/lib.sh"; modprobe -a -d "$LAB_CACHE/kernel" xt_CT ip_vs_lc 2>/dev/null
${TOPOLOGY.setup}
python3 '${here}/lab/guest.py' /mnt/out '${here}/kernel/agent.py' ) >/mnt/out/log 2>&1
sync; echo o > /proc/sysrq-trigger; sleep 9
`,
  );
  const args = `-accel tcg -cpu max -smp 1 -m 1024 -nographic -no-reboot -nic none -kernel ${cache}/kernel/boot/vmlinuz-${version} -initrd ${cache}/initrd.gz`;
  spawnSync(
    'nice',
    [
      ...['-n', '10', 'qemu-system-x86_64', ...args.split(' ')],
      ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
      ...['-virtfs', 'local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap'],
      ...['-virtfs', `local,path=${out},mount_tag=out,security_model=none`],
    ],
    { stdio: 'ignore', timeout: minutes * 60_000 },
  );
};

const main = (): number => {
  const lab = resolve(option('lab', '../shared/lab'));
  const cache = process.env.LAB_CACHE ?? '';
  const missing = obstacle(lab, cache);
  if (missing) {
    say(`NOT RUN, NOTHING WAS COMPARED WITH THE LAB'S KERNEL: ${missing}`);
    return NOT_RUN;
  }
  const seed = Number(option('seed', '1'));
  const count = Number(option('cases', '30'));
  const cases = Array.from({ length: count }, (_, n) => caseOf(seed, n));
  const listeners = Object.fromEntries(
    TOPOLOGY.hosts.map((host) => [
      host,
      [
        { proto: 'tcp', address: '0.0.0.0', port: 80 },
        { proto: 'udp', address: '0.0.0.0', port: 53 },
      ],
    ]),
  );
  const kept = option('keep', '');
  const out = kept === '' ? mkdtempSync(join(tmpdir(), 'netautopsy-lab-')) : resolve(kept);
  const plan = { hosts: TOPOLOGY.hosts, still: TOPOLOGY.still, clean: TOPOLOGY.clean, listeners, cases, timeout: 2.5 };
  if (!existsSync(join(out, 'case-0.json'))) {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'cases.json'), JSON.stringify(plan));
    boot(lab, cache, out, Number(option('minutes', String(10 + count))));
  }
  const tally = { agreed: 0, disagreed: 0, undecided: 0, unplayed: 0 };
  for (const one of cases) {
    const path = join(out, `case-${one.n}.json`);
    const played = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Played) : undefined;
    if (played?.refused !== '') {
      tally.unplayed += 1;
      say(`case ${one.n} (${one.about.join(', ')}): not played: ${played?.refused.trim() ?? 'the lab ended before'}`);
      continue;
    }
    const { verdict, differences } = judge(one, played);
    tally[verdict] += 1;
    say(
      `case ${one.n} (${one.about.join(', ')}): ${played.result.outcome}: ${verdict}${differences.map((d) => `\n    ${d}`).join('')}`,
    );
  }
  if (kept === '') rmSync(out, { recursive: true });
  say(
    `seed ${seed}: ${count} cases, ${tally.agreed} agreements, ${tally.disagreed} disagreements, ${tally.undecided} undecided, ${tally.unplayed} not played`,
  );
  if (tally.agreed + tally.disagreed === 0) return NOT_RUN;
  return tally.disagreed > 0 ? 1 : 0;
};

process.exit(main());
