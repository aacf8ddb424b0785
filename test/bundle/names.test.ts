import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/bundle/layouts/command-line.ts';
import { GENERIC } from '../../src/bundle/layouts/generic.ts';
import { factsOfName } from '../../src/bundle/layouts/member-name.ts';
import { LAYOUTS } from '../../src/bundle/layouts/registry.ts';
import { Units } from '../../src/bundle/layouts/units.ts';
import { linkTarget, virtualPath } from '../../src/bundle/open/virtual-path.ts';
import { headerIn } from '../../src/bundle/read/header.ts';
import { withoutSecrets } from '../../src/captures/masking/known-secrets.ts';
import { withoutUnknown } from '../../src/captures/masking/unknown-text.ts';
import { plainText } from '../../src/captures/plain-text.ts';
import { CAPTURE_MODULES } from '../../src/captures/registry.ts';
import { readTree } from './archive.ts';

/** Names that a pattern which may divide its input in many ways would try in all of them. */
const PIECES = [
  'a',
  '-',
  '_',
  '.',
  '/',
  ' ',
  '- ',
  '_-',
  '-a',
  'a-',
  'a/',
  './',
  '__',
  'ip_',
  'ip-',
  'ip -4 ',
  'ip_-s_',
  'ipvsadm-',
  'ipvsadm_-Ln_',
  'conntrack-L',
  'sos_commands/',
  'sos_commands/kubernetes/_get_',
  '_get_',
  'proc/net/',
  'proc/',
  'nodes/',
  'netns/',
  'namespaces/x/',
  'network_logs/a_',
  'commands/a/',
  'yamls/',
  'cmd/',
  '!/',
  'x.tar.gz!/',
  'ip_netns_exec_',
  'submariner-',
  '_ip-',
  '-gateway-',
  'scc_',
  'a_ip',
  '1',
  '1.',
  '0x',
  ':',
  '#',
  '# ',
  '$ ',
  '+ ',
  '==',
  '--- ',
  '***',
  '=',
  '[root@',
  'root@',
  '~',
  '> ',
  'sudo ',
  'env ',
  'A=b ',
  'timeout 1 ',
  '-x ',
  'nsenter --net=',
  'kubectl exec -it ',
  'ssh -o x ',
  '_ ',
  '/bin/',
  '\\',
  '\u202e',
  'é',
  '00',
  '00:',
  '00_',
  'PSK ',
  'password=',
  'token: "',
  '--secret ',
  '://a:',
  'eyJaaaaaaaa.',
  'Ab1/',
  '-----BEGIN A-----',
  '"data":{"a":"',
  'enc 0x',
  '$6$',
  'key = ',
  'E: a 0',
  '\t',
  '=== ',
];
const HOSTILE = PIECES.flatMap((piece) => {
  const long = piece.repeat(Math.ceil(255 / piece.length)).slice(0, 255);
  return [
    long,
    `${long.slice(0, 254)}!`,
    `ipvsadm${long.slice(0, 240)}`,
    `${long.slice(0, 200)}/ip_xfrm_state${long.slice(0, 40)}`,
    `#${long.slice(0, 250)}#`,
  ];
});

const NAMES = 1000;
/** Processor time that a thousand hostile names may take: a generous bound, a hundred times what they take. */
const BOUND_MS = 1000;

/** Of this process alone: a busy machine makes no pattern slow. */
const duration = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

const timeOfThousand = (work: (name: string) => unknown): number =>
  duration(() => {
    for (let i = 0; i < NAMES; i += 1) work(HOSTILE[i % HOSTILE.length] ?? '');
  });

describe('no name and no line is slow, whatever it is made of', () => {
  test.each(
    [
      ...LAYOUTS.flatMap((layout) => [
        ...layout.markers,
        ...layout.entries.map((e) => e.pattern),
        ...(layout.root ? [layout.root] : []),
      ]),
      ...GENERIC.map((e) => e.pattern),
    ].map((pattern) => [pattern.source, pattern] as const),
  )('%s', (_, pattern) => expect(timeOfThousand((name) => pattern.test(name))).toBeLessThan(BOUND_MS));
  test('the words of a name', () => expect(timeOfThousand((name) => factsOfName(name))).toBeLessThan(BOUND_MS));
  test('every layout at once', () => {
    const units = LAYOUTS.map((layout) => ({ root: '', layout }));
    expect(timeOfThousand((name) => units.map((unit) => factsOfName(name, unit)))).toBeLessThan(
      BOUND_MS * LAYOUTS.length,
    );
    const learned = new Units();
    expect(timeOfThousand((name) => learned.learn(name))).toBeLessThan(BOUND_MS);
  });
  test('headers and command lines', () => {
    expect(timeOfThousand((line) => headerIn(line))).toBeLessThan(BOUND_MS);
    expect(timeOfThousand((line) => readCommandLine(line))).toBeLessThan(BOUND_MS);
    expect(timeOfThousand((line) => headerIn((line + line).slice(0, 600)))).toBeLessThan(BOUND_MS * 3);
  });
  test('paths and secrets', () => {
    expect(timeOfThousand((name) => [virtualPath(name), linkTarget(name, name)])).toBeLessThan(BOUND_MS);
    expect(timeOfThousand((line) => withoutSecrets(line.repeat(8)))).toBeLessThan(BOUND_MS);
    expect(timeOfThousand((line) => withoutUnknown(line.repeat(8)))).toBeLessThan(BOUND_MS);
  });
  test('a slice of carriage returns or escapes', () => {
    for (const piece of ['\r', '\rx', '\x1b[', '\x1b;', ';a', '\x1b]'])
      expect(
        timeOfThousand((_) => undefined) +
          duration(() => plainText(`\x1b\r${piece.repeat(32 * 1024)}`.slice(0, 32 * 1024))),
      ).toBeLessThan(BOUND_MS);
  });
  test.each(CAPTURE_MODULES.map((m) => [m.formats[0]?.kind ?? '', m] as const))('the first 4 KiB: %s', (_, module) => {
    for (const piece of [
      ...PIECES,
      '\n',
      '\n ',
      ' \n',
      '1: a\n',
      'src a/1 dst b/1 ',
      'tcp 1 ',
      '"a":',
      '{',
      '[{"dst":"',
    ])
      expect(duration(() => module.sniff(piece.repeat(4096).slice(0, 4096)))).toBeLessThan(BOUND_MS / 2);
  });
});

test('no pattern of the table has a quantifier inside another', () => {
  const patterns = [
    ...LAYOUTS.flatMap((l) => [...l.markers, ...l.entries.map((e) => e.pattern), ...(l.root ? [l.root] : [])]),
    ...GENERIC.map((e) => e.pattern),
  ];
  // A group that may repeat without bound and holds something that may.
  for (const pattern of patterns) expect(pattern.source).not.toMatch(/\([^()]*[+*][^()]*\)[+*]/);
});

describe('a name is told by its words', () => {
  test.each([
    ['ip_-6_route_show_table_all', 'ip-route', 6, undefined],
    ['ipvsadm_-Ln_--persistent-conn', 'ipvsadm', undefined, undefined],
    ['ipvsadm_-Ln_--connection', 'ipvsadm-connections', undefined, undefined],
    ['ip--s-xfrm-policy.md', 'xfrm-policy', undefined, undefined],
    ['ip6tables-legacy-save.txt', 'iptables-save', 6, undefined],
    ['west.xfrm.state.txt', 'xfrm-state', undefined, 'west'],
    ['conntrack_gw-a_after.txt', 'conntrack', undefined, 'gw-a'],
    ['03-ip-neigh.txt', 'ip-neigh', undefined, undefined],
    ['ip_vs_conn', 'ipvsadm-connections', undefined, undefined],
    ['brctl_showmacs_br0', 'bridge-fdb', undefined, undefined],
    ['netstat_-s', 'counters', undefined, undefined],
    ['netstat_-W_-neopa', 'sockets', undefined, undefined],
    ['kubelet.log', undefined, undefined, undefined],
    ['update.log', undefined, undefined, undefined],
    ['nf_conntrack_count', 'sysctl', undefined, undefined],
  ] as const)('%s', (name, kind, family, label) => {
    const facts = factsOfName(`dir/${name}`);
    expect([facts.kind, facts.family, facts.label]).toEqual([kind, family, label]);
  });
});

test('a tree of /proc/sys is its node’s, or its namespace’s', async () => {
  const bundle = await readTree({
    'n1/hostname': 'n1\n',
    'n1/proc/sys/net/ipv4/ip_forward': '1\n',
    'n1/proc/sys/net/ipv4/conf/eth0.5/rp_filter': '2\n',
    'n1/netns/web/proc/sys/net/ipv4/conf/all/rp_filter': '0\n',
  });
  expect(
    bundle.nodes.map((node) => [
      node.name,
      node.namespaces.map((ns) => [
        ns.name,
        ns.captures.flatMap((c) => c.data.sysctls?.map((s) => `${s.name}=${s.value}`) ?? []).sort(),
      ]),
    ]),
  ).toEqual([
    [
      'n1',
      [
        ['', ['net.ipv4.conf.eth0/5.rp_filter=2', 'net.ipv4.ip_forward=1']],
        ['web', ['net.ipv4.conf.all.rp_filter=0']],
      ],
    ],
  ]);
});
