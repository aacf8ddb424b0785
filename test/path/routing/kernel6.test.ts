import { afterAll, expect, test } from 'vitest';
import { inputRoute } from '../../../src/path/routing/input.ts';
import type { RouteAnswer, RouteQuestion } from '../../../src/path/routing/outcome.ts';
import { outputRoute } from '../../../src/path/routing/output.ts';
import { KernelNamespace, type Random, randomOf, whyNotHere } from './kernel.ts';

/* IPv6, as kernel4.test.ts does it for IPv4. */

const DEVICES = ['d0', 'd1', 'd2'];
const ADDRESSES = [
  'addr add 2001:db8:1::1/64 dev d0 nodad',
  'addr add fd00:1::1/64 dev d0 nodad',
  'addr add 2001:db8:2::1/64 dev d1 nodad',
  'addr add 2001:db8:2::f1/128 dev d1 nodad preferred_lft 0',
  'addr add fd00:96::1/128 dev d1 nodad',
  'addr add fd00:2::1/64 dev d2 nodad',
  'addr add 2001:db8:ff::7/128 dev lo nodad',
];
const LOCAL = ['2001:db8:1::1', 'fd00:1::1', '2001:db8:2::1', 'fd00:96::1', 'fd00:2::1', '2001:db8:ff::7'];
const GATEWAYS = ['2001:db8:1::fe', '2001:db8:2::fe', 'fd00:2::fe', 'fe80::1234 dev d0', 'fe80::1234 dev d2'];
const NETS = [
  '2001:db8::/32',
  '2001:db8:a::/48',
  '2001:db8:a:b::/64',
  '2001:db8:a:b::5/128',
  'fd00::/8',
  'fd00:a::/32',
  '::/0',
  '2600::/12',
];
const REMOTE = [
  '2001:db8:a::1',
  '2001:db8:a:b::5',
  '2001:db8:a:b::6',
  '2001:db8:9::9',
  'fd00:a::1',
  'fd77::1',
  '2600:1::1',
  '2002:1::1',
  '2001:db8:1::77',
  '2001:db8:2::77',
];
const HOSTS = [...REMOTE, ...LOCAL, '::1'];

const scenario = (r: Random): { commands: string[]; sysctls: Record<string, number> } => {
  const commands = [...ADDRESSES];
  for (let i = 0; i < 20; i += 1) {
    const table = r.pick(['main', 'main', '100', '200']);
    const tail = `${r.chance(0.4) ? ` metric ${1 + r.below(4)}` : ''} table ${table}`;
    const src = r.chance(0.2) ? ` src ${r.pick(LOCAL)}` : '';
    const net = r.pick(NETS);
    const kind = r.below(12);
    if (kind === 0)
      commands.push(`-6 route add ${r.pick(['blackhole', 'unreachable', 'prohibit', 'throw'])} ${net}${tail}`);
    else if (kind === 1)
      commands.push(`-6 route add ${net}${tail} nexthop via ${r.pick(GATEWAYS)} nexthop via ${r.pick(GATEWAYS)}`);
    else if (kind === 2) commands.push(`-6 route append ${net} via ${r.pick(GATEWAYS)}${tail}`);
    else if (kind <= 4) commands.push(`-6 route add ${net} dev ${r.pick(DEVICES)}${src}${tail}`);
    else commands.push(`-6 route add ${net} via ${r.pick(GATEWAYS)}${src}${tail}`);
  }
  if (r.chance(0.3)) commands.push('-6 route add local 2001:db8:a:b::/64 dev lo');
  for (let i = r.below(6); i > 0; i -= 1) {
    const what = [
      `from ${r.pick([...LOCAL, 'fd00::/8'])}`,
      `to ${r.pick(NETS)}`,
      `fwmark 0x${r.pick(['1', '2/0x3'])}`,
      `iif ${r.pick([...DEVICES, 'lo'])}`,
      `oif ${r.pick(DEVICES)}`,
      `not from ${r.pick(LOCAL)}`,
      'from all',
    ];
    const act = r.pick([
      'lookup 100',
      'lookup 200',
      'lookup 100',
      `lookup main suppress_prefixlength ${r.below(49)}`,
      'blackhole',
      'unreachable',
      'prohibit',
      'goto 32766',
    ]);
    commands.push(`-6 rule add pref ${100 + r.below(500)} ${r.pick(what)} ${act}`);
  }
  if (r.chance(0.3)) commands.push('link set d2 down');
  return { commands, sysctls: { 'net.ipv6.conf.all.forwarding': r.chance(0.7) ? 1 : 0 } };
};

const question = (r: Random, over: Partial<RouteQuestion>): RouteQuestion => ({
  family: 6,
  dst: r.pick(HOSTS),
  src: undefined,
  iif: undefined,
  oif: undefined,
  mark: r.pick([0, 0, 1, 2, 3]),
  proto: undefined,
  sport: undefined,
  dport: undefined,
  uid: 0,
  tos: undefined,
  ...over,
});

const words = (q: RouteQuestion): string[] => [
  '-6',
  'route',
  'get',
  q.dst,
  ...(q.src ? ['from', q.src] : []),
  ...(q.iif ? ['iif', q.iif] : []),
  ...(q.oif ? ['oif', q.oif] : []),
  ...(q.mark ? ['mark', String(q.mark)] : []),
];

const ERRORS: Readonly<Record<string, string>> = {
  blackhole: 'Invalid argument',
  unreachable: 'No route to host',
  prohibit: 'Permission denied',
  none: 'Network is unreachable',
};
const modelOutput = (a: RouteAnswer): string => {
  if (a.type in ERRORS)
    return a.type === 'unreachable' && !a.route ? 'Network is unreachable' : (ERRORS[a.type] as string);
  return `${a.type} dev ${a.type === 'local' ? 'lo' : a.dev} via ${a.via} src ${a.prefSrc}`;
};
const kernelOutput = (k: Record<string, unknown> | string, src: string | undefined): string =>
  typeof k === 'string'
    ? k
    : `${k.type ?? 'unicast'} dev ${k.type === 'local' ? 'lo' : k.dev} via ${k.gateway} src ${src ?? k.prefsrc}`;

const why = whyNotHere();
if (why) console.warn(`SKIPPED: the comparison with this machine's kernel (${why})`);
const open: KernelNamespace[] = [];
afterAll(() => {
  for (const ns of open) ns.remove();
});

test.skipIf(why !== undefined).each([1, 2, 3, 4, 5, 6])(
  'IPv6 as the kernel routes it, tables of seed %i',
  (seed) => {
    const r = randomOf(seed);
    const kernel = new KernelNamespace(`v6-${seed}`, DEVICES);
    open.push(kernel);
    const { commands, sysctls } = scenario(r);
    kernel.run(commands);
    kernel.sysctl(sysctls);
    const ns = kernel.captured();
    const wrong: string[] = [];
    for (let i = 0; i < 50; i += 1) {
      const q = question(r, {
        src: r.chance(0.4) ? r.pick(LOCAL) : undefined,
        oif: r.chance(0.2) ? r.pick(DEVICES) : undefined,
      });
      const said = kernelOutput(kernel.get(words(q)), q.src);
      const answers = outputRoute(ns, q).map(modelOutput);
      if (!answers.includes(said))
        wrong.push(`output ${words(q).join(' ')}\n  kernel: ${said}\n  model:  ${answers.join(' | ')}`);
    }
    for (let i = 0; i < 50; i += 1) {
      const q = question(r, { src: r.pick(REMOTE), iif: r.pick(DEVICES.slice(0, 2)) });
      const got = kernel.get(words(q));
      const said =
        typeof got === 'string' ? got : got.type === 'local' ? 'local' : `route dev ${got.dev} via ${got.gateway}`;
      const answers = inputRoute(ns, q, q.iif ?? '').map((result) => {
        const { answer } = result;
        if (result.reason === 'martian-destination') return ERRORS.none;
        if (result.decision === 'local' || !answer) return result.decision;
        // `ip route get` looks up and does not forward.
        return answer.type === 'unicast' ? `route dev ${answer.dev} via ${answer.via}` : modelOutput(answer);
      });
      if (!answers.includes(said))
        wrong.push(`input ${words(q).join(' ')}\n  kernel: ${said}\n  model:  ${answers.join(' | ')}`);
    }
    expect(wrong.join('\n')).toBe('');
  },
  60_000,
);
