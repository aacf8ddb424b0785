import { type KernelFlow, mainAddress, NODE_PORT } from './flows.ts';
import type { Random } from './random.ts';
import { MARKS } from './routing-state.ts';
import { type Host, OPEN_PORTS, type Topology } from './topology.ts';

export type Backend = 'legacy' | 'nft';
export type Table = 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

export interface Chain {
  readonly backend: Backend;
  readonly family: 4 | 6;
  readonly table: Table;
  readonly name: string;
}

export interface RuleContext {
  readonly random: Random;
  readonly topology: Topology;
  readonly host: Host;
  readonly family: 4 | 6;
  readonly flows: readonly KernelFlow[];
  readonly sets: { name: string; type: string }[];
}

export const HOOKS: Readonly<Record<Table, readonly Hook[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export const chooseTable = (random: Random, isNode: boolean): Table[] => {
  const chances: readonly (readonly [Table, number])[] = isNode
    ? [
        ['raw', 0.25],
        ['mangle', 0.55],
        ['nat', 0.8],
        ['filter', 0.7],
        ['security', 0.07],
      ]
    : [
        ['raw', 0.1],
        ['mangle', 0.25],
        ['nat', 0.4],
        ['filter', 0.5],
        ['security', 0.03],
      ];
  return chances.filter(([, chance]) => random.chance(chance)).map(([table]) => table);
};

export const policyOf = (random: Random, table: Table): boolean =>
  table !== 'nat' && random.chance(table === 'filter' ? 0.04 : 0.01);

/** One rule for a hook, or for a user chain where no hook is given: then only what every hook of the table takes. */
export const randomRule = (c: RuleContext, table: Table, hook: Hook | undefined, users: readonly string[]): string => {
  const { random } = c;
  const flow = c.flows.length > 0 ? random.pick(c.flows) : undefined;
  const wantsPorts = table === 'nat' && random.chance(0.55);
  const proto =
    flow && (wantsPorts ? flow.proto !== 'icmp' : true) && random.chance(wantsPorts ? 1 : 0.45)
      ? flow.proto
      : undefined;
  const words: string[] = [];
  const target = randomTarget(c, table, hook, proto, users);
  const matches = random.weighted([
    [2, 0],
    [4, 1],
    [4, 2],
    [1, 3],
  ] as const);
  const needsAddress = target.startsWith('-j DNAT') || target.startsWith('-j REDIRECT');
  if (proto) words.push(protocol(c, proto, flow as KernelFlow));
  if (needsAddress && flow)
    words.push(
      `-d ${host(c, random.chance(0.8) ? flow.dst : random.pick(c.family === 4 ? c.topology.vips : c.topology.vips6))}`,
    );
  const used = new Set<string>();
  for (let i = 0; i < matches; i++) {
    const made = randomMatch(c, table, hook, proto, flow, needsAddress);
    if (!made || used.has(made.of)) continue;
    used.add(made.of);
    words.push(made.text);
  }
  return [...words, target].filter((w) => w !== '').join(' ');
};

const host = (c: RuleContext, address: string): string => `${address}/${c.family === 4 ? 32 : 128}`;
const not = (c: RuleContext): string => (c.random.chance(0.18) ? '! ' : '');

const protocol = (c: RuleContext, proto: KernelFlow['proto'], flow: KernelFlow): string => {
  const { random } = c;
  if (proto === 'icmp') {
    const name = c.family === 4 ? 'icmp' : 'ipv6-icmp';
    if (random.chance(0.5)) return `-p ${name}`;
    return c.family === 4
      ? `-p icmp -m icmp ${not(c)}--icmp-type ${random.pick(['8', 'echo-request', '0', 'any', '3', '8/0'])}`
      : `-p ipv6-icmp -m icmp6 ${not(c)}--icmpv6-type ${random.pick(['128', 'echo-request', '129', '1'])}`;
  }
  const words = [`-p ${proto}`];
  const kind = random.weighted([
    [4, 'dport'],
    [1, 'sport'],
    [2, 'none'],
    [1.2, 'multiport'],
    [proto === 'tcp' ? 1 : 0, 'flags'],
  ] as const);
  const low = Math.max(1, flow.dport - random.int(30));
  if (kind === 'dport')
    words.push(
      `-m ${proto} ${not(c)}--dport ${random.chance(0.8) ? flow.dport : `${low}:${flow.dport + random.int(50)}`}`,
    );
  else if (kind === 'sport')
    words.push(
      `-m ${proto} ${not(c)}--sport ${random.pick([`${flow.sport}`, '1024:65535', `${flow.dport}`, ':1023', '20000:'])}`,
    );
  else if (kind === 'multiport')
    words.push(
      `-m multiport ${not(c)}--${random.pick(['dports', 'sports', 'ports', 'dports'])} ${random.pick([`${flow.dport}`, `22,${flow.dport},443`, `${low}:${flow.dport + 1}`, '53,80:81,8080:9000', '20000:29999'])}`,
    );
  else if (kind === 'flags')
    words.push(
      `-m tcp ${random.pick(['--syn', '! --syn', '--tcp-flags SYN,RST SYN', '--tcp-flags SYN,ACK SYN,ACK', '! --tcp-flags FIN,SYN,RST,ACK SYN', '--tcp-flags ALL SYN'])}`,
    );
  return words.join(' ');
};

/** A set that rules write to and none reads: a dump made afterwards does not tell what was in it before. */
export const COLLECTING = 'KDSEEN';

type Made = { readonly of: string; readonly text: string };

const address = (c: RuleContext, flow: KernelFlow | undefined, side: 'src' | 'dst'): string => {
  const { random } = c;
  const exact = flow
    ? random.chance(0.75) === (side === 'dst')
      ? flow.dst
      : flow.likelySource
    : mainAddress(random.pick(c.topology.nodes), c.family);
  if (c.family === 6) return random.pick([`${exact}/128`, `${exact.split('::')[0]}::/64`, 'fd00::/8']);
  const words = exact.split('.');
  return random.pick([
    `${exact}/32`,
    `${exact}/32`,
    `${words.slice(0, 3).join('.')}.0/24`,
    `${words.slice(0, 2).join('.')}.0.0/16`,
    `${words[0]}.0.0.0/8`,
  ]);
};

const STATES = [
  'NEW',
  'ESTABLISHED',
  'RELATED',
  'INVALID',
  'UNTRACKED',
  'RELATED,ESTABLISHED',
  'NEW,ESTABLISHED',
  'NEW,RELATED,ESTABLISHED',
] as const;

const randomMatch = (
  c: RuleContext,
  table: Table,
  hook: Hook | undefined,
  proto: KernelFlow['proto'] | undefined,
  flow: KernelFlow | undefined,
  hasDestination: boolean,
): Made | undefined => {
  const { random, family } = c;
  const v4 = family === 4;
  const devices = c.host.devices.map((d) => d.name);
  const device = (): string => {
    const name = random.pick(devices);
    return random.chance(0.15) && name.length > 3 ? `${name.slice(0, 3)}+` : name;
  };
  const tracked = table !== 'raw';
  const kind = random.weighted([
    [3, 'source'],
    [hasDestination ? 0 : 3, 'destination'],
    [hook === undefined || hook === 'OUTPUT' || hook === 'POSTROUTING' ? 0 : 1.5, 'in'],
    [hook === undefined || hook === 'PREROUTING' || hook === 'INPUT' ? 0 : 1.5, 'out'],
    [2, 'mark'],
    [tracked ? 2.2 : 0, 'ctstate'],
    [tracked ? 0.7 : 0, 'state'],
    [tracked ? 1 : 0, 'connmark'],
    [tracked ? 1.6 : 0, 'conntrack'],
    [1.6, 'addrtype'],
    [c.sets.length > 0 ? 3 : 0, 'set'],
    [0.9, 'iprange'],
    [0.6, 'length'],
    [0.6, 'ttl'],
    [0.5, 'comment'],
    [0.5, 'statistic'],
    [0.4, 'pkttype'],
    [hook === 'PREROUTING' || hook === 'INPUT' || hook === 'FORWARD' ? 0.4 : 0, 'mac'],
    [hook === 'PREROUTING' || hook === 'INPUT' || hook === 'FORWARD' ? 0.5 : 0, 'physdev'],
    [hook === 'PREROUTING' && (table === 'raw' || table === 'mangle') ? 1.2 : 0, 'rpfilter'],
    [hook === 'PREROUTING' || hook === 'INPUT' ? 0.4 : 0, 'socket'],
    [hook === undefined ? 0 : 0.3, 'policy'],
    [0.3, 'limit'],
    [0.2, 'hashlimit'],
    [hook === 'OUTPUT' || hook === 'POSTROUTING' ? 0.3 : 0, 'owner'],
    [0.2, 'recent'],
    [0.3, 'dscp'],
    [v4 ? 0.3 : 0, 'u32'],
    [v4 ? 0.3 : 0, 'fragment'],
    [tracked && hook ? 0.2 : 0, 'connlimit'],
    [proto ? 0 : 0.7, 'protocol'],
    [0.4, 'seldom'],
  ] as const);
  const done = (text: string): Made => ({ of: kind, text });
  switch (kind) {
    case 'source':
      return done(`${not(c)}-s ${address(c, flow, 'src')}`);
    case 'destination':
      return done(`${not(c)}-d ${address(c, flow, 'dst')}`);
    case 'in':
      return done(`${not(c)}-i ${device()}`);
    case 'out':
      return done(`${not(c)}-o ${device()}`);
    case 'mark':
      return done(`-m mark ${not(c)}--mark ${random.pick(MARKS)}`);
    case 'connmark':
      return done(`-m connmark ${not(c)}--mark ${random.pick(MARKS)}`);
    case 'ctstate':
      return done(`-m conntrack ${not(c)}--ctstate ${random.pick([...STATES, 'DNAT', 'SNAT'])}`);
    case 'state':
      return done(`-m state ${not(c)}--state ${random.pick(STATES)}`);
    case 'conntrack':
      return done(`-m conntrack ${conntrackOption(c, flow)}`);
    case 'addrtype': {
      const type = random.pick(['LOCAL', 'UNICAST', 'LOCAL', 'BROADCAST', 'BLACKHOLE', 'UNREACHABLE', 'LOCAL,UNICAST']);
      if (!v4 && (type === 'BROADCAST' || type === 'BLACKHOLE')) return undefined;
      const limit =
        hook === 'PREROUTING' || hook === 'INPUT'
          ? '--limit-iface-in'
          : hook === 'POSTROUTING' || hook === 'OUTPUT'
            ? '--limit-iface-out'
            : '';
      return done(
        `-m addrtype ${not(c)}--${random.pick(['dst', 'dst', 'src'])}-type ${type}${random.chance(0.15) ? ` ${limit}` : ''}`,
      );
    }
    case 'set': {
      const set = random.pick(c.sets);
      const parts = set.type === 'bitmap:port' ? 1 : (set.type.split(':')[1]?.split(',').length ?? 1);
      const directions = Array.from({ length: set.type === 'list:set' ? 1 : parts }, () =>
        random.pick(['src', 'dst', 'dst']),
      );
      return done(`-m set ${not(c)}--match-set ${set.name} ${directions.join(',')}`);
    }
    case 'iprange': {
      const base = flow ? (random.chance(0.5) ? flow.dst : flow.likelySource) : undefined;
      if (!base || base === '::1') return undefined;
      const side = random.pick(['src', 'dst']);
      if (v4) {
        const words = base.split('.');
        return done(
          `-m iprange ${not(c)}--${side}-range ${words.slice(0, 3).join('.')}.1-${base.startsWith('127') ? '127.0.0.9' : `${words.slice(0, 3).join('.')}.${random.pick([words[3] === '0' ? '9' : words[3], '200'])}`}`,
        );
      }
      return done(`-m iprange ${not(c)}--${side}-range ${base.split('::')[0]}::1-${base.split('::')[0]}::ff`);
    }
    case 'length':
      return done(`-m length ${not(c)}--length ${random.pick(['60', '0:59', '40:100', '61:', '36'])}`);
    case 'ttl':
      return done(
        v4
          ? `-m ttl ${random.pick(['--ttl-eq 64', '--ttl-lt 64', '--ttl-gt 62', '! --ttl-eq 63'])}`
          : `-m hl ${random.pick(['--hl-eq 64', '--hl-lt 64', '--hl-gt 62', '! --hl-eq 63'])}`,
      );
    case 'comment':
      return done(
        `-m comment --comment "${random.pick(['a rule', "it's odd -j DROP", 'kubernetes service portals', 'x'])}"`,
      );
    case 'statistic':
      return done(
        `-m statistic --mode ${random.pick(['random --probability 0.5000000000', 'random --probability 1.0', 'nth --every 2 --packet 0'])}`,
      );
    case 'pkttype':
      return done(`-m pkttype ${not(c)}--pkt-type ${random.pick(['unicast', 'broadcast', 'multicast'])}`);
    case 'mac': {
      const macs = c.topology.hosts.flatMap((h) => h.devices.map((d) => d.mac)).filter((m) => m !== '');
      return done(`-m mac ${not(c)}--mac-source ${random.pick(macs)}`);
    }
    case 'physdev': {
      const ports = c.host.devices.filter((d) => d.master).map((d) => d.name);
      return done(
        `-m physdev ${ports.length > 0 && random.chance(0.6) ? `${not(c)}--physdev-in ${random.pick(ports)}` : random.pick(['--physdev-is-bridged', '--physdev-is-in', '! --physdev-is-in'])}`,
      );
    }
    case 'rpfilter':
      return done(
        `-m rpfilter${random.pick(['', ' --invert', ' --loose', ' --validmark --invert', ' --accept-local', ' --loose --invert'])}`,
      );
    case 'socket':
      return done(`-m socket${random.pick(['', ' --nowildcard', ' --transparent'])}`);
    case 'policy':
      return done(
        `-m policy --dir ${hook === 'OUTPUT' || hook === 'POSTROUTING' ? 'out' : 'in'} --pol ${random.pick(['none', 'ipsec'])}`,
      );
    case 'limit':
      return done('-m limit --limit 1000/sec --limit-burst 1000');
    case 'hashlimit':
      return done(
        `-m hashlimit --hashlimit-upto 10000/sec --hashlimit-burst 10000 --hashlimit-mode srcip --hashlimit-name kd${random.int(9999)}`,
      );
    case 'owner':
      return done(
        `-m owner ${random.pick(['--uid-owner 0', '! --uid-owner 0', '--uid-owner 1337', '--socket-exists'])}`,
      );
    case 'recent':
      return done(`-m recent --name kd${random.int(3)} --${random.pick(['set', 'rcheck'])}`);
    case 'dscp':
      return done(`-m dscp ${not(c)}--dscp ${random.pick(['0x00', '0x08'])}`);
    case 'seldom':
      return done(seldomMatch(c, hook, tracked));
    case 'u32':
      return done('-m u32 --u32 "0x6&0xff=0x6"');
    case 'fragment':
      return done(`${random.pick(['! ', '! ', ''])}-f`);
    case 'connlimit':
      return done(`-m connlimit --connlimit-${random.pick(['above', 'upto'])} 1000`);
    default:
      return done(`${not(c)}-p ${random.pick(['tcp', 'udp', v4 ? 'icmp' : 'ipv6-icmp'])}`);
  }
};

/** What no product that this knows writes, and people do. */
const seldomMatch = (c: RuleContext, hook: Hook | undefined, tracked: boolean): string => {
  const { random } = c;
  const incoming = hook === 'PREROUTING' || hook === 'INPUT' || hook === 'FORWARD';
  return random.pick([
    `-m string --algo bm --string ${random.pick(['kd-is-not-in-it', '....'])} --from 0 --to 200`,
    `-m time --timestart 00:00 --timestop ${random.pick(['23:59', '00:01'])}`,
    `-m tos ${not(c)}--tos ${random.pick(['0x00/0xff', '0x10', '0x20/0x3f'])}`,
    '-m quota --quota 100000000',
    '-m cpu --cpu 0',
    `-m ecn ${not(c)}--ecn-ip-ect 0`,
    ...(incoming ? [`-m devgroup --src-group ${random.pick(['0x0', '0x5'])}`] : []),
    ...(tracked
      ? [
          '-m helper --helper ftp',
          `-m connbytes --connbytes ${random.pick(['0:', '1:', '1:1000000'])} --connbytes-dir both --connbytes-mode packets`,
        ]
      : []),
    ...(c.family === 4 && hook && hook !== 'PREROUTING' ? [`-m realm ${not(c)}--realm 0`] : []),
    ...(hook === 'OUTPUT' || hook === 'POSTROUTING' ? [`-m cgroup ${not(c)}--cgroup 0`] : []),
  ]);
};

const conntrackOption = (c: RuleContext, flow: KernelFlow | undefined): string => {
  const { random } = c;
  const some = () => address(c, flow, 'dst');
  const option = random.pick([
    'ctorigdst',
    'ctorigsrc',
    'ctreplsrc',
    'ctrepldst',
    'ctdir',
    'ctstatus',
    'ctproto',
    'ctorigdstport',
    'ctorigsrcport',
    'ctreplsrcport',
    'ctexpire',
  ] as const);
  switch (option) {
    case 'ctdir':
      return `--ctdir ${random.pick(['ORIGINAL', 'REPLY'])}`;
    case 'ctstatus':
      return `${not(c)}--ctstatus ${random.pick(['SEEN_REPLY', 'CONFIRMED', 'NONE', 'SEEN_REPLY,CONFIRMED', 'EXPECTED'])}`;
    case 'ctproto':
      return `${not(c)}--ctproto ${random.pick(['6', '17', c.family === 4 ? '1' : '58'])}`;
    case 'ctorigdstport':
    case 'ctreplsrcport':
      return `${not(c)}--${option} ${random.pick([String(flow?.dport || 80), '80:9000'])}`;
    case 'ctorigsrcport':
      return `${not(c)}--${option} 20000:${random.pick([25000, 40000])}`;
    case 'ctexpire':
      return '--ctexpire 1:1000000';
    default:
      return `${not(c)}--${option} ${some()}`;
  }
};

const randomTarget = (
  c: RuleContext,
  table: Table,
  hook: Hook | undefined,
  proto: KernelFlow['proto'] | undefined,
  users: readonly string[],
): string => {
  const { random } = c;
  const user = (): string => (users.length > 0 ? `-${random.chance(0.15) ? 'g' : 'j'} ${random.pick(users)}` : '');
  const common: readonly (readonly [number, string])[] = [
    [users.length > 0 ? 3 : 0, user()],
    [0.8, '-j RETURN'],
    [1, '-j ACCEPT'],
    [0.4, ''],
  ];
  switch (table) {
    case 'raw':
      return random.weighted([
        ...common,
        [2, random.pick(['-j NOTRACK', '-j CT --notrack'])],
        [0.3, '-j DROP'],
        [0.6, `-j CT ${random.pick(['--zone 5', '--zone-orig 5', '--zone-reply 5'])}`],
      ]);
    case 'mangle':
      return random.weighted([
        ...common,
        [
          5,
          `-j MARK ${random.pick(['--set-xmark 0x1/0xffffffff', '--set-mark 0x2', '--or-mark 0x4000', '--and-mark 0xffffbfff', '--set-xmark 0x10/0xff', '--xor-mark 0x1'])}`,
        ],
        [
          2,
          `-j CONNMARK ${random.pick(['--set-mark 0x1', '--save-mark', '--restore-mark', '--restore-mark --nfmask 0xff --ctmask 0xff', '--set-xmark 0x10/0xff', '--save-mark --mask 0x4000'])}`,
        ],
        [0.4, '-j DROP'],
        // A datagram's proxy would have to answer by a socket of its own.
        [hook === 'PREROUTING' && proto === 'tcp' ? 0.6 : 0, tproxy(c)],
        // Never more hops than before: what goes round must come to an end.
        [hook ? 0.3 : 0, `-j ${c.family === 4 ? 'TTL --ttl' : 'HL --hl'}-${random.pick(['dec 1', 'set 1'])}`],
        [0.3, '-j DSCP --set-dscp 0x08'],
        [0.2, '-j LOG --log-prefix "kd "'],
        [0.3, random.pick(['-j TOS --set-tos 0x10/0xff', '-j TOS --set-tos 0x20'])],
        [hook === 'POSTROUTING' ? 0.5 : 0, random.pick(['-j CLASSIFY --set-class 1:1', '-j CHECKSUM --checksum-fill'])],
        [
          proto === 'tcp' ? 0.5 : 0,
          c.family === 4 && random.chance(0.5)
            ? '-j ECN --ecn-tcp-remove'
            : '-j TCPOPTSTRIP --strip-options sack-permitted',
        ],
        [
          0.4,
          `-j SET ${random.pick(['--add-set', '--add-set', '--del-set'])} ${COLLECTING}${c.family} ${random.pick(['src', 'dst'])}`,
        ],
      ]);
    case 'filter':
    case 'security':
      return random.weighted([
        ...common,
        [1, '-j DROP'],
        [table === 'filter' ? 1.6 : 0, reject(c, proto)],
        [0.3, '-j LOG --log-prefix "kd "'],
        [0.2, '-j NFLOG --nflog-group 5'],
        [0.2, '-j AUDIT --type accept'],
        // Nobody reads the queue.
        [0.2, '-j NFQUEUE --queue-num 3 --queue-bypass'],
      ]);
    default:
      return natTarget(c, hook, proto, common);
  }
};

/** A transparent proxy as a mesh sets it up; its mark is one that routing rules ask for. */
const tproxy = ({ random, family }: RuleContext): string =>
  `-j TPROXY --on-port ${random.pick([...OPEN_PORTS, 9999])}${random.pick(['', family === 4 ? ' --on-ip 127.0.0.1' : ' --on-ip ::1'])} --tproxy-mark 0x1/0x1`;

const reject = (c: RuleContext, proto: KernelFlow['proto'] | undefined): string => {
  const { random } = c;
  if (proto === 'tcp' && random.chance(0.5)) return '-j REJECT --reject-with tcp-reset';
  const kinds =
    c.family === 4
      ? [
          'icmp-port-unreachable',
          'icmp-net-unreachable',
          'icmp-host-unreachable',
          'icmp-proto-unreachable',
          'icmp-net-prohibited',
          'icmp-host-prohibited',
          'icmp-admin-prohibited',
        ]
      : ['icmp6-port-unreachable', 'icmp6-no-route', 'icmp6-adm-prohibited', 'icmp6-addr-unreachable'];
  return `-j REJECT --reject-with ${random.pick(kinds)}`;
};

const natTarget = (
  c: RuleContext,
  hook: Hook | undefined,
  proto: KernelFlow['proto'] | undefined,
  common: readonly (readonly [number, string])[],
): string => {
  const { random } = c;
  const ports = proto === 'tcp' || proto === 'udp';
  const bracket = (a: string): string => (c.family === 6 && ports ? `[${a}]` : a);
  const backend = random.weighted([
    [6, mainAddress(random.pick(c.topology.pods), c.family)],
    [2, mainAddress(random.pick(c.topology.nodes), c.family)],
    [0.5, c.family === 4 ? '127.0.0.1' : '::1'],
    [0.5, random.pick(c.family === 4 ? c.topology.vips : c.topology.vips6)],
  ]);
  const toPort = ports && random.chance(0.7) ? `:${random.pick(OPEN_PORTS)}` : '';
  const destination = toPort ? `${bracket(backend)}${toPort}` : backend;
  const own = c.host.devices.flatMap((d) => (c.family === 4 ? d.v4 : d.v6)).map((a) => a.split('/')[0] as string);
  const source =
    own.length > 0 && random.chance(0.85)
      ? random.pick(own)
      : random.pick(c.family === 4 ? c.topology.vips : c.topology.vips6);
  const sourcePorts = ports && random.chance(0.12) ? ':40000-50000' : '';
  const mark: readonly [number, string] = [1.2, '-j MARK --set-xmark 0x4000/0x4000'];
  const choice = random.pick(['', '', ' --persistent', ' --random']);
  const backends =
    c.family === 4 ? random.pick(['10.244.1.2-10.244.1.3', '10.244.2.1-10.244.2.9']) : 'fd44:1::2-fd44:1::3';
  const portRange = ports ? random.pick(['', ':8080-8082', ':53-80', ':8080-8083/9000']) : '';
  const pool =
    c.family === 4
      ? random.pick(['192.168.10.1-192.168.10.2', '203.0.113.10-203.0.113.14', '10.244.1.1-10.244.2.3'])
      : random.pick(['fd10::1-fd10::2', 'fd44:1::1-fd44:2::3']);
  const dnat: readonly (readonly [number, string])[] = [
    [0.5, `-j DNAT --to-destination ${portRange ? `${bracket(backends)}${portRange}` : backends}${choice}`],
    [6, `-j DNAT --to-destination ${destination}`],
    [
      1.5,
      ports && random.chance(0.7) ? `-j REDIRECT --to-ports ${random.pick([...OPEN_PORTS, NODE_PORT])}` : '-j REDIRECT',
    ],
    [0.3, c.family === 4 ? '-j NETMAP --to 10.244.2.0/24' : '-j NETMAP --to fd44:2::/64'],
  ];
  const snat: readonly (readonly [number, string])[] = [
    [4, `-j MASQUERADE${random.pick(['', '', ' --random-fully'])}`],
    [3, `-j SNAT --to-source ${sourcePorts ? `${bracket(source)}${sourcePorts}` : source}`],
    [0.5, `-j SNAT --to-source ${pool}${choice}`],
  ];
  if (hook === undefined) return random.weighted([...common, mark]);
  if (hook === 'PREROUTING' || hook === 'OUTPUT') return random.weighted([...common, mark, ...dnat]);
  if (hook === 'POSTROUTING') return random.weighted([...common, mark, ...snat]);
  return random.weighted([...common, mark, [2, `-j SNAT --to-source ${source}`]]);
};
