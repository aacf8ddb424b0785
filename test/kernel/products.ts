import { mainAddress, NODE_PORT } from './flows.ts';
import type { RuleContext, Table } from './rules.ts';

/** What a product writes on a node: sets first, then rules by table and chain. */
export interface Written {
  readonly sets: readonly (readonly string[])[];
  readonly rules: readonly (readonly [table: Table, chain: string, text: string])[];
}

type Writer = (c: RuleContext) => Written;

const bits = (c: RuleContext): number => (c.family === 4 ? 32 : 128);
const host = (c: RuleContext, address: string): string => `${address}/${bits(c)}`;
const podNet = (c: RuleContext, n: number): string => (c.family === 4 ? `10.244.${n}.0/24` : `fd44:${n}::/64`);
const clusterNet = (c: RuleContext): string => (c.family === 4 ? '10.244.0.0/16' : 'fd44::/16');
const loopback = (c: RuleContext): string => (c.family === 4 ? '127.0.0.0/8' : '::1/128');
const withPort = (c: RuleContext, address: string, port: number): string =>
  c.family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
const podsOf = (c: RuleContext): string[] => c.topology.pods.map((p) => mainAddress(p, c.family));
const create = (c: RuleContext, name: string, type: string, members: readonly string[]): string[] => [
  `create ${name} ${type} ${c.family === 6 ? 'family inet6' : ''}`.trim(),
  ...[...new Set(members)].map((m) => `add ${name} ${m} -exist`),
];
const refused = (c: RuleContext): string =>
  `-j REJECT --reject-with ${c.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'}`;

/** A service that some flow asks for. */
const service = (c: RuleContext): { address: string; port: number; proto: string } => {
  const asked = c.flows.filter((f) => f.proto !== 'icmp');
  const vips = c.family === 4 ? c.topology.vips : c.topology.vips6;
  const toVips = asked.filter((f) => vips.includes(f.dst));
  const flow = toVips.length > 0 ? c.random.pick(toVips) : asked.length > 0 ? c.random.pick(asked) : undefined;
  return { address: flow?.dst ?? vips[0] ?? '', port: flow?.dport ?? 80, proto: flow?.proto ?? 'tcp' };
};

/** kube-proxy in iptables mode, with session affinity now and then, and IPVS mode's set for hairpins. */
const kubeProxy: Writer = (c) => {
  const { random } = c;
  const { address, port, proto } = service(c);
  const other = service(c);
  const ends = [random.pick(podsOf(c)), random.pick(podsOf(c))];
  const to = random.pick([80, 8080, 53]);
  const sticky = random.chance(0.3);
  const recent = (n: number, what: string) =>
    `-m recent --name KUBE-SEP-${n} ${what} --mask ${c.family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'} --rsource`;
  const say = (text: string) => `-m comment --comment "${text}"`;
  const p = `-p ${proto}`;
  const m = `-m ${proto}`;
  const rules: [Table, string, string][] = [
    ['nat', 'PREROUTING', `${say('kubernetes service portals')} -j KUBE-SERVICES`],
    ['nat', 'OUTPUT', `${say('kubernetes service portals')} -j KUBE-SERVICES`],
    ['nat', 'POSTROUTING', `${say('kubernetes postrouting rules')} -j KUBE-POSTROUTING`],
    [
      'nat',
      'KUBE-SERVICES',
      `-d ${host(c, address)} ${p} ${say('shop/web:http cluster IP')} ${m} --dport ${port} -j KUBE-SVC-1`,
    ],
    ['nat', 'KUBE-SERVICES', `${say('node ports; must be last')} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`],
    ['nat', 'KUBE-NODEPORTS', `${p} ${say('shop/web:http')} ${m} --dport ${NODE_PORT} -j KUBE-EXT-1`],
    ['nat', 'KUBE-EXT-1', `${say('masquerade traffic for shop/web')} -j KUBE-MARK-MASQ`],
    ['nat', 'KUBE-EXT-1', '-j KUBE-SVC-1'],
    [
      'nat',
      'KUBE-SVC-1',
      `! -s ${clusterNet(c)} -d ${host(c, address)} ${p} ${say('shop/web:http cluster IP')} ${m} --dport ${port} -j KUBE-MARK-MASQ`,
    ],
    ...(sticky
      ? ([['nat', 'KUBE-SVC-1', `${recent(1, '--rcheck --seconds 10800 --reap')} -j KUBE-SEP-1`]] as [
          Table,
          string,
          string,
        ][])
      : []),
    [
      'nat',
      'KUBE-SVC-1',
      `${say('shop/web:http -> first')} -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1`,
    ],
    ['nat', 'KUBE-SVC-1', `${say('shop/web:http -> second')} -j KUBE-SEP-2`],
    ...ends.flatMap((end, i): [Table, string, string][] => [
      ['nat', `KUBE-SEP-${i + 1}`, `-s ${host(c, end)} ${say('shop/web:http')} -j KUBE-MARK-MASQ`],
      [
        'nat',
        `KUBE-SEP-${i + 1}`,
        `${p} ${sticky ? `${recent(i + 1, '--set')} ` : ''}${m} -j DNAT --to-destination ${withPort(c, end, to)}`,
      ],
    ]),
    ['nat', 'KUBE-MARK-MASQ', '-j MARK --or-mark 0x4000'],
    ['nat', 'KUBE-POSTROUTING', '-m mark ! --mark 0x4000/0x4000 -j RETURN'],
    ['nat', 'KUBE-POSTROUTING', '-j MARK --xor-mark 0x4000'],
    ['nat', 'KUBE-POSTROUTING', `${say('service traffic requiring SNAT')} -j MASQUERADE --random-fully`],
    ['filter', 'INPUT', `-m conntrack --ctstate NEW ${say('load balancer firewall')} -j KUBE-SERVICES`],
    ['filter', 'INPUT', '-j KUBE-FIREWALL'],
    ['filter', 'FORWARD', `${say('forwarding rules')} -j KUBE-FORWARD`],
    ['filter', 'FORWARD', `-m conntrack --ctstate NEW ${say('service portals')} -j KUBE-SERVICES`],
    ['filter', 'OUTPUT', `-m conntrack --ctstate NEW ${say('service portals')} -j KUBE-SERVICES`],
    ['filter', 'OUTPUT', '-j KUBE-FIREWALL'],
    [
      'filter',
      'KUBE-SERVICES',
      `-d ${host(c, other.address)} -p ${other.proto} ${say('shop/old has no endpoints')} -m ${other.proto} --dport ${other.port} ${refused(c)}`,
    ],
    [
      'filter',
      'KUBE-FIREWALL',
      `! -s ${loopback(c)} -d ${loopback(c)} ${say('block incoming localnet connections')} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`,
    ],
    ['filter', 'KUBE-FIREWALL', '-m mark --mark 0x8000/0x8000 -j DROP'],
    ['filter', 'KUBE-FORWARD', '-m conntrack --ctstate INVALID -j DROP'],
    ['filter', 'KUBE-FORWARD', `${say('forwarding rules')} -m mark --mark 0x4000/0x4000 -j ACCEPT`],
    [
      'filter',
      'KUBE-FORWARD',
      `${say('forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ],
  ];
  const loop = `KUBE-LOOP-BACK${c.family}`;
  const sets = random.chance(0.5)
    ? [
        create(
          c,
          loop,
          'hash:ip,port,ip',
          ends.map((end) => `${end},${proto}:${to},${end}`),
        ),
      ]
    : [];
  if (sets.length > 0) rules.push(['nat', 'KUBE-POSTROUTING', `-m set --match-set ${loop} dst,dst,src -j MASQUERADE`]);
  return { sets, rules };
};

/** kube-router: the pods' policy chains, its own masquerade, the marks and the MSS of DSR services. */
const kubeRouter: Writer = (c) => {
  const { random } = c;
  const pod = random.pick(podsOf(c));
  const { address, port } = service(c);
  const name = (of: string) => `${of}${c.family}`;
  const subnets = name('kube-router-pod-subnets');
  const nodes = name('kube-router-node-ips');
  const services = name('kube-router-svip-prt');
  const from = name('KUBE-SRC-A');
  const to = name('KUBE-DST-A');
  const marked = '-m mark --mark 0x10000/0x10000';
  const unmarked = '-m mark ! --mark 0x10000/0x10000';
  const fw = 'KUBE-POD-FW-A';
  const sets = [
    create(c, subnets, 'hash:net', [podNet(c, 1), podNet(c, 2)]),
    create(
      c,
      nodes,
      'hash:ip',
      c.topology.nodes.map((n) => mainAddress(n, c.family)).filter((a) => a !== ''),
    ),
    create(c, services, 'hash:ip,port', [`${address},tcp:${port}`]),
    create(c, from, 'hash:ip', random.some(podsOf(c), 2)),
    create(c, to, 'hash:ip', [pod]),
  ];
  return {
    sets,
    rules: [
      [
        'nat',
        'POSTROUTING',
        `-m set --match-set ${subnets} src -m set ! --match-set ${subnets} dst -m set ! --match-set ${nodes} dst -j MASQUERADE --random-fully`,
      ],
      [
        'mangle',
        'PREROUTING',
        `-d ${host(c, address)} -p tcp -m tcp --dport ${port} -j MARK --set-xmark 0x3c1a/0xffffffff`,
      ],
      [
        'mangle',
        'PREROUTING',
        `-s ${host(c, pod)} -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss ${c.family === 4 ? 1440 : 1400}`,
      ],
      ['filter', 'INPUT', '-m comment --comment "kube-router netpol" -j KUBE-ROUTER-INPUT'],
      ['filter', 'KUBE-ROUTER-INPUT', `-m set --match-set ${services} dst,dst -j RETURN`],
      [
        'filter',
        'KUBE-ROUTER-INPUT',
        '-p tcp -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN',
      ],
      ['filter', 'FORWARD', '-j KUBE-ROUTER-FORWARD'],
      ['filter', 'KUBE-ROUTER-FORWARD', `-d ${host(c, pod)} -m comment --comment "traffic destined to POD" -j ${fw}`],
      ['filter', 'KUBE-ROUTER-FORWARD', `-d ${host(c, pod)} -m physdev --physdev-is-bridged -j ${fw}`],
      ['filter', 'KUBE-ROUTER-FORWARD', `-s ${host(c, pod)} -m physdev --physdev-is-bridged -j ${fw}`],
      ['filter', fw, '-m conntrack --ctstate INVALID -j DROP'],
      ['filter', fw, '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
      ['filter', fw, `-d ${host(c, pod)} -m addrtype --src-type LOCAL -j ACCEPT`],
      ['filter', fw, `-d ${host(c, pod)} -j KUBE-NWPLCY-A`],
      ['filter', fw, `${unmarked} -m limit --limit 10/min --limit-burst 10 -j NFLOG --nflog-group 100`],
      ['filter', fw, `${unmarked} ${refused(c)}`],
      ['filter', fw, '-j MARK --set-xmark 0x0/0x10000'],
      ['filter', fw, '-j MARK --set-xmark 0x20000/0x20000'],
      [
        'filter',
        'KUBE-NWPLCY-A',
        `-p tcp -m set --match-set ${from} src -m set --match-set ${to} dst -m tcp --dport 80 -j MARK --set-xmark 0x10000/0x10000`,
      ],
      ['filter', 'KUBE-NWPLCY-A', `${marked} -j RETURN`],
      ['filter', 'KUBE-NWPLCY-A', `-m set --match-set ${from} src -j MARK --set-xmark 0x10000/0x10000`],
    ],
  };
};

const flannel: Writer = (c) => {
  const multicast = c.family === 4 ? '224.0.0.0/4' : 'ff00::/8';
  const all = clusterNet(c);
  return {
    sets: [],
    rules: [
      ['nat', 'POSTROUTING', '-m comment --comment "flanneld masq" -j FLANNEL-POSTRTG'],
      ['nat', 'FLANNEL-POSTRTG', '-m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN'],
      ['nat', 'FLANNEL-POSTRTG', `-s ${podNet(c, 1)} -d ${all} -m comment --comment "flanneld masq" -j RETURN`],
      ['nat', 'FLANNEL-POSTRTG', `-s ${all} -d ${podNet(c, 1)} -m comment --comment "flanneld masq" -j RETURN`],
      ['nat', 'FLANNEL-POSTRTG', `! -s ${all} -d ${podNet(c, 1)} -m comment --comment "flanneld masq" -j RETURN`],
      [
        'nat',
        'FLANNEL-POSTRTG',
        `-s ${all} ! -d ${multicast} -m comment --comment "flanneld masq" -j MASQUERADE --random-fully`,
      ],
      [
        'nat',
        'FLANNEL-POSTRTG',
        `! -s ${all} -d ${all} -m comment --comment "flanneld masq" -j MASQUERADE --random-fully`,
      ],
      ['filter', 'FORWARD', '-m comment --comment "flanneld forward" -j FLANNEL-FWD'],
      ['filter', 'FLANNEL-FWD', `-s ${all} -m comment --comment "flanneld forward" -j ACCEPT`],
      ['filter', 'FLANNEL-FWD', `-d ${all} -m comment --comment "flanneld forward" -j ACCEPT`],
    ],
  };
};

/** Submariner's route agent and Globalnet. */
const submariner: Writer = (c) => {
  const pod = c.random.pick(podsOf(c));
  const vips = c.family === 4 ? c.topology.vips : c.topology.vips6;
  const own = mainAddress(c.host, c.family) || mainAddress(c.topology.nodes[0] ?? c.host, c.family);
  const name = (of: string) => `${of}${c.family}`;
  const local = name('SUBMARINER-LOCALCIDRS');
  const remote = name('SUBMARINER-REMOTECIDRS');
  const egress = name('SM-GN-A');
  const gn = '-m mark --mark 0xc0000/0xc0000';
  return {
    sets: [
      create(c, local, 'hash:net', [podNet(c, 1)]),
      create(c, remote, 'hash:net', [podNet(c, 2)]),
      create(c, egress, 'hash:ip', c.random.some(podsOf(c), 2)),
    ],
    rules: [
      ['nat', 'PREROUTING', '-j SUBMARINER-GN-INGRESS'],
      ['nat', 'SUBMARINER-GN-INGRESS', `-d ${host(c, c.random.pick(vips))} -j DNAT --to-destination ${pod}`],
      ['nat', 'POSTROUTING', '-j SUBMARINER-POSTROUTING'],
      ['nat', 'SUBMARINER-POSTROUTING', '-j SUBMARINER-GN-EGRESS'],
      ['nat', 'SUBMARINER-GN-EGRESS', `${gn} -m set --match-set ${egress} src -j SNAT --to-source ${own}`],
      ['nat', 'SUBMARINER-POSTROUTING', `-s ${podNet(c, 1)} -d ${podNet(c, 2)} -j ACCEPT`],
      ['mangle', 'PREROUTING', '-j SUBMARINER-GN-MARK'],
      ['mangle', 'SUBMARINER-GN-MARK', `-d ${podNet(c, 2)} -j MARK --set-xmark 0xc0000/0xc0000`],
      ['mangle', 'POSTROUTING', '-j SUBMARINER-POSTROUTING'],
      [
        'mangle',
        'SUBMARINER-POSTROUTING',
        `-p tcp -m set --match-set ${local} src -m set --match-set ${remote} dst -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`,
      ],
      [
        'mangle',
        'SUBMARINER-POSTROUTING',
        `-p tcp -m set --match-set ${local} dst -m set --match-set ${remote} src -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1300`,
      ],
      ['filter', 'INPUT', '-p udp -m udp --dport 4800 -j ACCEPT'],
      ['filter', 'FORWARD', '-j SUBMARINER-FORWARD'],
      ['filter', 'SUBMARINER-FORWARD', `-s ${podNet(c, 1)} -d ${podNet(c, 2)} -j ACCEPT`],
      ['filter', 'SUBMARINER-FORWARD', `-s ${podNet(c, 2)} -d ${podNet(c, 1)} -j ACCEPT`],
    ],
  };
};

/** Docker, with a bridge's published port, and the portmap plugin's chains for the same. */
const docker: Writer = (c) => {
  const { random } = c;
  const pod = random.pick(podsOf(c));
  const bridge = random.pick(c.host.devices.filter((d) => !d.master)).name;
  const published = `-p tcp -m tcp --dport ${NODE_PORT}`;
  const rules: [Table, string, string][] = [
    ['nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -j DOCKER'],
    ['nat', 'OUTPUT', `! -d ${loopback(c)} -m addrtype --dst-type LOCAL -j DOCKER`],
    ['nat', 'POSTROUTING', `-s ${podNet(c, 1)} ! -o ${bridge} -j MASQUERADE`],
    ['nat', 'POSTROUTING', `-s ${host(c, pod)} -d ${host(c, pod)} -p tcp -m tcp --dport 80 -j MASQUERADE`],
    ['nat', 'DOCKER', `-i ${bridge} -j RETURN`],
    ['nat', 'DOCKER', `! -i ${bridge} ${published} -j DNAT --to-destination ${withPort(c, pod, 80)}`],
    ['filter', 'FORWARD', '-j DOCKER-USER'],
    ['filter', 'FORWARD', '-j DOCKER-ISOLATION-STAGE-1'],
    ['filter', 'FORWARD', `-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`],
    ['filter', 'FORWARD', `-o ${bridge} -j DOCKER`],
    ['filter', 'FORWARD', `-i ${bridge} ! -o ${bridge} -j ACCEPT`],
    ['filter', 'DOCKER', `-d ${host(c, pod)} ! -i ${bridge} -o ${bridge} -p tcp -m tcp --dport 80 -j ACCEPT`],
    ['filter', 'DOCKER-ISOLATION-STAGE-1', `-i ${bridge} ! -o ${bridge} -j DOCKER-ISOLATION-STAGE-2`],
    ['filter', 'DOCKER-ISOLATION-STAGE-1', '-j RETURN'],
    ['filter', 'DOCKER-ISOLATION-STAGE-2', `-o ${bridge} -j DROP`],
    ['filter', 'DOCKER-ISOLATION-STAGE-2', '-j RETURN'],
    ['filter', 'DOCKER-USER', '-j RETURN'],
    ['nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT'],
    [
      'nat',
      'CNI-HOSTPORT-DNAT',
      `-p udp -m comment --comment "dnat name: net" -m multiport --dports ${NODE_PORT} -j CNI-DN-A`,
    ],
    ['nat', 'CNI-DN-A', `-s ${podNet(c, 1)} -p udp -m udp --dport ${NODE_PORT} -j CNI-HOSTPORT-SETMARK`],
    ['nat', 'CNI-DN-A', `-p udp -m udp --dport ${NODE_PORT} -j DNAT --to-destination ${withPort(c, pod, 53)}`],
    ['nat', 'CNI-HOSTPORT-SETMARK', '-m comment --comment "CNI portfwd masquerade mark" -j MARK --or-mark 0x2000'],
    ['nat', 'POSTROUTING', '-m mark --mark 0x2000/0x2000 -j MASQUERADE'],
  ];
  if (random.chance(0.3)) rules.push(['raw', 'PREROUTING', `-d ${host(c, pod)} ! -i ${bridge} -j DROP`]);
  if (random.chance(0.3))
    rules.push(['raw', 'PREROUTING', `-d ${host(c, service(c).address)} -p udp -m udp --dport 53 -j CT --notrack`]);
  return { sets: [], rules };
};

export const PRODUCTS: Readonly<Record<string, Writer>> = {
  'kube-proxy': kubeProxy,
  'kube-router': kubeRouter,
  flannel,
  submariner,
  docker,
};

/** Chains that products and the generator make: no targets. */
export const OWN_CHAIN = /^(?:KD|KUBE|FLANNEL|SUBMARINER|CNI|DOCKER)(?:-|$)/;
