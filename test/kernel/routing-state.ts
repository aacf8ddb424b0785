import { type KernelFlow, mainAddress } from './flows.ts';
import type { Random } from './random.ts';
import type { Ingredient } from './state.ts';
import type { Host, Topology } from './topology.ts';

/** Marks that rules set and routing rules ask for. */
export const MARKS = ['0x1', '0x2', '0x4000/0x4000', '0x10/0xff'] as const;

/** Sysctls that decide about packets, away from what the topology starts with. */
export const settingsFor = (random: Random, host: Host): Ingredient[] => {
  const made: Ingredient[] = [];
  const set = (path: string, value: string): void => {
    made.push({ kind: 'sysctl', host: host.key, path, value });
  };
  const devices = host.devices.filter((d) => d.kind !== 'loopback' && !d.master).map((d) => d.name);
  const device = () => random.pick(devices);
  if (host.kind === 'node') {
    if (random.chance(0.3)) set('net/ipv4/conf/all/rp_filter', random.pick(['1', '2']));
    if (random.chance(0.35)) set(`net/ipv4/conf/${device()}/rp_filter`, random.pick(['1', '2', '1']));
    if (random.chance(0.25)) set('net/ipv4/conf/all/send_redirects', '1');
    if (random.chance(0.05)) set('net/ipv4/ip_forward', '0');
    if (random.chance(0.05)) set(`net/ipv4/conf/${device()}/forwarding`, '0');
    if (random.chance(0.05)) set('net/ipv6/conf/all/forwarding', '0');
    if (random.chance(0.15)) set(`net/ipv4/conf/${random.pick(['all', device()])}/accept_local`, '1');
    if (random.chance(0.15)) set(`net/ipv4/conf/${random.pick(['all', device()])}/route_localnet`, '1');
    if (random.chance(0.15)) set(`net/ipv4/conf/${random.pick(['all', device()])}/src_valid_mark`, '1');
    if (random.chance(0.3)) set('net/bridge/bridge-nf-call-iptables', '0');
    if (random.chance(0.2)) set('net/bridge/bridge-nf-call-ip6tables', '0');
    if (random.chance(0.12)) set('net/ipv4/conf/all/arp_ignore', random.pick(['1', '2']));
    if (random.chance(0.12)) set('net/ipv4/conf/all/arp_announce', random.pick(['1', '2']));
  } else if (random.chance(0.15)) set('net/ipv4/conf/all/rp_filter', random.pick(['1', '2']));
  return made;
};

/** Routes and rules of one host: more specific ways, dead ends, tables by mark, source and device. */
export const policyRouting = (
  random: Random,
  topology: Topology,
  host: Host,
  flows: readonly KernelFlow[],
): Ingredient[] => {
  const made: Ingredient[] = [];
  const ip = (family: 4 | 6, add: string, remove: string): void => {
    made.push({ kind: 'ip', host: host.key, family, add, remove });
  };
  const family = random.chance(0.8) ? 4 : 6;
  const count = random.between(1, 3);
  for (let i = 0; i < count; i++) {
    const table = random.weighted([
      [3, 'main'],
      [4, '100'],
      [2, '200'],
    ] as const);
    const prefix = prefixFor(random, topology, flows, family);
    const metric = random.chance(0.15) ? ` metric ${random.pick([5, 50, 2000])}` : '';
    const spec = routeTo(random, topology, host, family);
    if (!spec) continue;
    const second = random.chance(0.12) ? routeTo(random, topology, host, family) : undefined;
    if (second && isHop(second) && isHop(spec) && second.words !== spec.words) {
      const ways = `${prefix} table ${table} metric 6 nexthop ${spec.words} nexthop ${second.words}`;
      ip(family, `route add ${ways}`, `route del ${prefix} table ${table} metric 6`);
      continue;
    }
    const text = spec.type ? `${spec.type} ${prefix}` : `${prefix} ${spec.words}`;
    ip(
      family,
      `route add ${text} table ${table}${metric || (table === 'main' ? ' metric 7' : '')}`,
      `route del ${text} table ${table}${metric || (table === 'main' ? ' metric 7' : '')}`,
    );
    if (table !== 'main' && random.chance(0.75)) {
      const rule = ruleFor(random, host, flows, family);
      const priority = random.between(1000, 30000);
      ip(family, `rule add pref ${priority} ${rule} lookup ${table}`, `rule del pref ${priority}`);
    }
  }
  if (random.chance(0.12)) {
    const priority = random.between(1000, 30000);
    const action = random.pick(['blackhole', 'unreachable', 'prohibit']);
    ip(
      family,
      `rule add pref ${priority} ${ruleFor(random, host, flows, family)} ${action}`,
      `rule del pref ${priority}`,
    );
  }
  if (random.chance(0.08)) {
    const priority = random.between(500, 999);
    ip(
      family,
      `rule add pref ${priority} lookup main suppress_prefixlength ${random.pick([0, 8, 16])}`,
      `rule del pref ${priority}`,
    );
  }
  if (random.chance(0.1)) {
    const priority = random.between(500, 990);
    ip(
      family,
      `rule add pref ${priority} ${ruleFor(random, host, flows, family)} goto 32766`,
      `rule del pref ${priority}`,
    );
  }
  return made;
};

/** Words that may stand behind `nexthop`. */
const isHop = (spec: { readonly type?: string; readonly words: string }): boolean =>
  !spec.type && spec.words.startsWith('via ') && !spec.words.includes(' src ');

const prefixFor = (random: Random, topology: Topology, flows: readonly KernelFlow[], family: 4 | 6): string => {
  const own = flows.filter((f) => f.family === family && !f.dst.startsWith('127.') && f.dst !== '::1');
  const flow = own.length > 0 ? random.pick(own) : undefined;
  const address = flow
    ? random.chance(0.65)
      ? flow.dst
      : flow.likelySource
    : ((family === 4 ? topology.vips : topology.vips6)[0] ?? '');
  if (random.chance(0.12)) return 'default';
  if (family === 6)
    return random.chance(0.6) ? `${address}/128` : `${address.split('::')[0]}::/${random.pick([64, 48])}`;
  const words = address.split('.');
  return random.weighted([
    [5, `${address}/32`],
    [3, `${words.slice(0, 3).join('.')}.0/24`],
    [1, `${words.slice(0, 2).join('.')}.0.0/16`],
  ]);
};

const routeTo = (
  random: Random,
  topology: Topology,
  host: Host,
  family: 4 | 6,
): { type?: string; words: string } | undefined => {
  const type = random.weighted([
    [12, undefined],
    [1, 'blackhole'],
    [1, 'unreachable'],
    [1, 'prohibit'],
    [0.7, 'throw'],
  ] as const);
  if (type) return { type, words: '' };
  const neighbours = topology.hosts.filter((h) => h !== host && h.kind !== 'switch');
  const candidates = host.devices.filter(
    (d) => d.kind !== 'loopback' && !d.master && (family === 4 ? d.v4 : d.v6).length > 0,
  );
  if (candidates.length === 0) return undefined;
  const device = random.pick(candidates);
  const onLink = neighbours.flatMap((h) =>
    h.devices
      .filter((d) => sharesNet(device, d, family))
      .map((d) => (family === 4 ? d.v4 : d.v6)[0]?.split('/')[0] ?? ''),
  );
  const words: string[] = [];
  const gateway = onLink.length > 0 && random.chance(0.85) ? random.pick(onLink) : undefined;
  if (gateway) words.push(`via ${gateway}`);
  words.push(`dev ${device.name}`);
  if (gateway && random.chance(0.15)) words.push('onlink');
  if (!gateway && random.chance(0.25)) {
    const far = random.pick(topology.nodes.filter((n) => n !== host));
    return { words: `via ${mainAddress(far, family)} dev ${device.name} onlink` };
  }
  if (random.chance(0.2)) {
    const own = host.devices.flatMap((d) => (family === 4 ? d.v4 : d.v6)).map((a) => a.split('/')[0] as string);
    words.push(`src ${random.pick(own)}`);
  }
  return { words: words.join(' ') };
};

const sharesNet = (
  a: { readonly v4: readonly string[]; readonly v6: readonly string[] },
  b: typeof a,
  family: 4 | 6,
): boolean => {
  const net = (text: string | undefined): string | undefined => {
    if (!text) return undefined;
    const [address, length] = text.split('/');
    if (family === 4) return length === '24' ? address?.split('.').slice(0, 3).join('.') : undefined;
    return length === '64' ? address?.split('::')[0] : undefined;
  };
  const one = net((family === 4 ? a.v4 : a.v6)[0]);
  return one !== undefined && one === net((family === 4 ? b.v4 : b.v6)[0]);
};

const ruleFor = (random: Random, host: Host, flows: readonly KernelFlow[], family: 4 | 6): string => {
  const own = flows.filter((f) => f.family === family);
  const flow = own.length > 0 ? random.pick(own) : undefined;
  const device = random.pick(host.devices.filter((d) => !d.master)).name;
  const mark = random.pick(MARKS);
  const words: string[] = [];
  if (random.chance(0.06)) words.push('not');
  const kinds = random.some(['fwmark', 'from', 'to', 'iif', 'oif', 'ipproto', 'dport', 'uid', 'tos'] as const, 2);
  for (const kind of kinds) {
    if (kind === 'fwmark') words.push(`fwmark ${mark}`);
    else if (kind === 'from' && flow) words.push(`from ${random.chance(0.7) ? flow.likelySource : flow.dst}`);
    else if (kind === 'to' && flow) words.push(`to ${random.chance(0.7) ? flow.dst : flow.likelySource}`);
    else if (kind === 'iif') words.push(`iif ${device}`);
    else if (kind === 'oif' && random.chance(0.3)) words.push(`oif ${device}`);
    else if (kind === 'ipproto' && flow)
      words.push(`ipproto ${flow.proto === 'icmp' ? (family === 4 ? 'icmp' : 'ipv6-icmp') : flow.proto}`);
    else if (kind === 'dport' && flow && flow.dport > 0 && !words.some((w) => w.startsWith('ipproto')))
      words.push(`ipproto ${flow.proto} dport ${flow.dport}`);
    else if (kind === 'uid' && random.chance(0.3)) words.push('uidrange 0-0');
  }
  return words.filter((w) => w !== 'not').length > 0 ? words.join(' ') : `fwmark ${mark}`;
};
