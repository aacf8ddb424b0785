import { type KernelFlow, mainAddress } from './flows.ts';
import type { Random } from './random.ts';
import type { Ingredient } from './state.ts';
import type { Host, Topology } from './topology.ts';

/** Commands that print a host's policies; asked for only where there are some. */
export const XFRM_CAPTURES = [
  ['xfrm_policy', 'ip xfrm policy; ip xfrm policy getdefault'],
  ['xfrm_state', 'ip xfrm state'],
] as const;

const DEFAULTS = 'xfrm policy setdefault in accept fwd accept out accept';

/** Policies of a host without a single SA: what is blocked, what may pass, what must have come by a tunnel, and what may have. */
export const xfrmPolicies = (
  random: Random,
  topology: Topology,
  host: Host,
  flows: readonly KernelFlow[],
): Ingredient[] => {
  const made: Ingredient[] = [];
  const add = (line: string, remove: string): void => {
    made.push({ kind: 'ip', host: host.key, family: 4, add: line, remove });
  };
  for (let n = random.between(1, 3); n > 0; n--) {
    const flow = random.pick(flows);
    const isAnswer = random.chance(0.3);
    const ends = [prefixOf(random, flow.likelySource), prefixOf(random, flow.dst)] as const;
    const [src, dst] = isAnswer ? [ends[1], ends[0]] : ends;
    const direction = random.weighted([
      [3, 'in'],
      [3, 'out'],
      [host.kind === 'node' ? 4 : 0, 'fwd'],
    ] as const);
    const words = [
      `src ${src} dst ${dst}`,
      random.chance(0.4) ? protocolOf(random, flow, isAnswer) : '',
      `dir ${direction}`,
      random.chance(0.15) ? `mark ${random.pick(['0x1 mask 0x1', '0x2', '0x4000 mask 0x4000'])}` : '',
      random.chance(0.06) ? 'if_id 0x7' : '',
      random.chance(0.5) ? 'action block' : '',
      `priority ${random.pick([0, 5, 5, 1000])}`,
    ];
    if (random.chance(0.4)) words.push(templateOf(random, topology, flow.family));
    add(`xfrm policy add ${words.filter((w) => w !== '').join(' ')}`, 'xfrm policy flush');
  }
  if (random.chance(0.1)) add(`xfrm policy setdefault ${random.pick(['in', 'fwd', 'out'])} block`, DEFAULTS);
  const set = (path: string): void => {
    made.push({ kind: 'sysctl', host: host.key, path: `net/ipv4/conf/${path}`, value: '1' });
  };
  const device = random.pick(host.devices.filter((d) => d.kind !== 'loopback')).name;
  if (random.chance(0.15)) set(`${random.pick(['all', device])}/disable_policy`);
  if (random.chance(0.15)) set(`${random.pick(['all', device])}/disable_xfrm`);
  return made;
};

const prefixOf = (random: Random, address: string): string => {
  const [all, wide, exact] = address.includes(':')
    ? ['::/0', `${address.split('::')[0] || '::1'}${address.startsWith('::') ? '' : '::'}/64`, `${address}/128`]
    : ['0.0.0.0/0', `${address.split('.').slice(0, 3).join('.')}.0/24`, `${address}/32`];
  return random.pick([all, wide, wide, exact, exact, exact]);
};

const protocolOf = (random: Random, flow: KernelFlow, isAnswer: boolean): string => {
  if (flow.proto === 'icmp') {
    const [proto, question, answer] = flow.family === 4 ? ['icmp', 8, 0] : ['ipv6-icmp', 128, 129];
    return `proto ${proto}${random.pick(['', ` type ${isAnswer ? answer : question} code 0`])}`;
  }
  return `proto ${flow.proto}${random.pick(['', ` ${isAnswer ? 's' : 'd'}port ${flow.dport}`])}`;
};

const templateOf = (random: Random, topology: Topology, family: 4 | 6): string => {
  const [near, far] = topology.nodes;
  const ends = `src ${near ? mainAddress(near, family) : ''} dst ${far ? mainAddress(far, family) : ''}`;
  return `tmpl ${random.chance(0.7) ? `${ends} proto esp mode tunnel` : 'proto esp mode transport'} level ${random.pick(['required', 'use'])}`;
};
