import type { KernelFlow } from '../kernel/flows.ts';
import { Random } from '../kernel/random.ts';

/** One state of the lab's two nodes and the flow that is sent in it. */
export interface LabCase {
  readonly n: number;
  readonly kind: 'ipvs' | 'xfrm' | 'both';
  /** What is varied, in words. */
  readonly about: readonly string[];
  /** Shell commands that make the state. */
  readonly apply: string;
  readonly flow: KernelFlow & { readonly namespace: string };
}

/** Two nodes on one segment, two pods each, and a client outside. `still`: namespaces that no case changes; `tracking`: those that track connections. */
export const TOPOLOGY = {
  hosts: ['a', 'b', 'x', 'pa1', 'pa2', 'pb1', 'pb2'],
  still: ['pa1', 'pa2', 'pb1', 'pb2'],
  tracking: ['a', 'b'],
  nodeOf: { a: 'a', b: 'b', x: 'x', pa1: 'a', pa2: 'a', pb1: 'b', pb2: 'b' } as Readonly<Record<string, string>>,
  setup: `fabric wan
node a wan 10.9.0.1/24; node b wan 10.9.0.2/24; node x wan 10.9.0.9/24
pod a pa1 10.60.1.1; pod a pa2 10.60.1.2; pod b pb1 10.60.2.1; pod b pb2 10.60.2.2
ip -n a route add 10.60.2.0/24 via 10.9.0.2; ip -n b route add 10.60.1.0/24 via 10.9.0.1; ip -n x route add 10.60.1.0/24 via 10.9.0.1
ip -n x route add 10.96.0.0/16 via 10.9.0.1
for n in a b; do ip -n $n link add kube-ipvs0 type dummy; sysc $n net.ipv4.conf.all.arp_ignore=1; sysc $n net.ipv4.conf.all.arp_announce=2
  on $n iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; done`,
  clean: `for n in a b; do ip netns exec $n ipvsadm -C; ip -n $n addr flush dev kube-ipvs0; ip -n $n xfrm state flush; ip -n $n xfrm policy flush
  for t in raw mangle nat filter; do ip netns exec $n iptables -t $t -F; done; ip netns exec $n iptables -P INPUT ACCEPT; ip netns exec $n iptables -P FORWARD ACCEPT
  ip netns exec $n iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  ip netns exec $n sysctl -qw net.ipv4.vs.conntrack=1; ip netns exec $n conntrack -F; done
ip -n x route del 10.60.2.0/24; true`,
} as const;

const OPEN = { tcp: 80, udp: 53 } as const;
const POD = { pa1: '10.60.1.1', pa2: '10.60.1.2', pb1: '10.60.2.1', pb2: '10.60.2.2' } as const;
const on = (node: string, command: string): string => `ip netns exec ${node} ${command}`;

/** The case of a seed and a number: always the same one. */
export const caseOf = (seed: number, n: number): LabCase => {
  const random = new Random(seed, n);
  const kind = random.weighted([
    [5, 'ipvs' as const],
    [4, 'xfrm' as const],
    [2, 'both' as const],
  ]);
  const proto = random.weighted([
    [3, 'tcp' as const],
    [1, 'udp' as const],
  ]);
  const about: string[] = [kind, proto];
  const lines: string[] = [];
  const service = kind === 'xfrm' ? undefined : ipvs(random, kind, proto, lines, about);
  if (kind !== 'ipvs') xfrm(random, lines, about);
  const from = service?.from ?? random.pick(['pa1', 'pa1', 'a']);
  about.push(`from ${from}`);
  const port = 20_000 + (n % 20_000);
  return {
    n,
    kind,
    about,
    apply: lines.join('\n'),
    flow: {
      n,
      family: 4,
      proto,
      from,
      namespace: from,
      src: undefined,
      likelySource: '',
      sport: port,
      dst: service?.address ?? POD.pb1,
      dport: service?.port ?? (random.chance(0.15) ? 4444 : OPEN[proto]),
    },
  };
};

const ipvs = (random: Random, kind: 'ipvs' | 'both', proto: 'tcp' | 'udp', lines: string[], about: string[]) => {
  const isNodePort = random.chance(0.25);
  const address = isNodePort ? '10.9.0.1' : `10.96.${random.int(9)}.${random.between(1, 250)}`;
  const port = isNodePort ? random.between(30_000, 32_767) : random.pick([80, 443, 53, 8080]);
  about.push(isNodePort ? 'node port' : 'virtual address');
  if (!isNodePort) {
    lines.push(`ip -n a addr add ${address}/32 dev kube-ipvs0`);
    if (random.chance(0.5)) {
      lines.push(`ip -n b addr add ${address}/32 dev kube-ipvs0`);
      about.push('address on both nodes');
    }
  }
  const flag = proto === 'tcp' ? '-t' : '-u';
  const scheduler = random.pick(['rr', 'wrr', 'sh']);
  const persistence = random.chance(0.15) ? ' -p 300' : '';
  lines.push(on('a', `ipvsadm -A ${flag} ${address}:${port} -s ${scheduler}${persistence}`));
  about.push(scheduler, ...(persistence ? ['persistent'] : []));
  const servers = random.chance(0.08)
    ? []
    : random.some(kind === 'both' ? (['pb1', 'pb2'] as const) : (['pa2', 'pb1', 'pb2'] as const), 2);
  about.push(`${servers.length} servers`);
  const target = random.chance(0.12) ? 4444 : OPEN[proto];
  if (target === 4444) about.push('closed port');
  for (const server of servers) {
    const weight = random.weighted([
      [6, 1],
      [2, 3],
      [1, 0],
    ]);
    if (weight === 0) about.push('weight 0');
    lines.push(on('a', `ipvsadm -a ${flag} ${address}:${port} -r ${POD[server]}:${target} -m -w ${weight}`));
  }
  if (random.chance(0.2)) {
    lines.push(on('a', 'sysctl -qw net.ipv4.vs.conntrack=0'));
    about.push('vs.conntrack=0');
  }
  const masquerade = random.pick(['none', 'all', 'outside'] as const);
  about.push(`masquerade ${masquerade}`);
  if (masquerade !== 'none') {
    const sources = masquerade === 'all' ? '' : '! -s 10.60.0.0/16 ';
    for (const chain of ['PREROUTING', 'OUTPUT'])
      lines.push(
        on(
          'a',
          `iptables -t nat -A ${chain} ${sources}-d ${address}/32 -p ${proto} --dport ${port} -j MARK --set-xmark 0x4000/0x4000`,
        ),
      );
    lines.push(on('a', 'iptables -t nat -A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE'));
  }
  if (random.chance(0.12)) {
    lines.push(on('a', 'iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'));
    lines.push(on('a', 'iptables -P INPUT DROP'));
    about.push('INPUT drops');
  }
  if (random.chance(0.1)) {
    lines.push(on('b', 'iptables -P FORWARD DROP'));
    about.push('FORWARD drops');
  }
  if (random.chance(0.5)) lines.push('ip -n x route add 10.60.2.0/24 via 10.9.0.2');
  const from = random.pick(kind === 'both' ? ['a', 'pa1'] : ['a', 'pa1', 'pa1', 'x', 'pa2']);
  return { address, port, from };
};

const KEYS = [`0x${'11'.repeat(20)}`, `0x${'a5'.repeat(20)}`] as const;

const xfrm = (random: Random, lines: string[], about: string[]): void => {
  const ends = { a: '10.9.0.1', b: '10.9.0.2' } as const;
  const nets = { a: '10.60.1.0/24', b: '10.60.2.0/24' } as const;
  const missing = (what: string, chance: number) => {
    const isMissing = random.chance(chance);
    if (isMissing) about.push(`no ${what}`);
    return isMissing;
  };
  for (const [from, to, spi, key] of [
    ['a', 'b', '0x501', KEYS[0]],
    ['b', 'a', '0x502', KEYS[1]],
  ] as const)
    for (const node of ['a', 'b'] as const) {
      if (missing(`state ${spi} on ${node}`, 0.06)) continue;
      const reqid = node === to && random.chance(0.06) ? 7 : 1;
      if (reqid === 7) about.push('other reqid');
      lines.push(
        `ip -n ${node} xfrm state add src ${ends[from]} dst ${ends[to]} proto esp spi ${spi} reqid ${reqid} mode tunnel replay-window 32 aead 'rfc4106(gcm(aes))' ${key} 128`,
      );
    }
  for (const [node, peer] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const)
    for (const dir of ['out', 'in', 'fwd'] as const) {
      if (missing(`${dir} policy on ${node}`, 0.08)) continue;
      const [src, dst] = dir === 'out' ? [node, peer] : [peer, node];
      lines.push(
        `ip -n ${node} xfrm policy add src ${nets[src]} dst ${nets[dst]} dir ${dir} priority 2000 tmpl src ${ends[src]} dst ${ends[dst]} proto esp reqid 1 mode tunnel`,
      );
    }
  if (random.chance(0.08)) {
    const dir = random.pick(['out', 'fwd']);
    const [src, dst] = dir === 'out' ? [nets.a, POD.pb1] : [POD.pb1, nets.a];
    lines.push(
      `ip -n a xfrm policy add src ${src} dst ${dst} dir ${dir} action block priority ${random.pick([100, 5000])}`,
    );
    about.push(`block policy ${dir}`);
  }
  if (random.chance(0.25)) {
    if (random.chance(0.5)) {
      lines.push(on('a', 'iptables -t nat -A POSTROUTING -s 10.60.1.0/24 -d 10.60.2.0/24 -j RETURN'));
      about.push('tunnel exempt from masquerade');
    }
    lines.push(on('a', 'iptables -t nat -A POSTROUTING -s 10.60.1.0/24 ! -d 10.60.1.0/24 -j MASQUERADE'));
    about.push('masquerade before the tunnel');
  }
};
