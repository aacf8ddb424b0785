import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import { walkFlow } from '../../src/path/walk.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import { read } from '../captures/fixture.ts';

/** A node with one pod behind its bridge, as its tools print it. */

export const HOST = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
    inet6 ::1/128 scope host
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
    inet 192.168.10.1/24 scope global eth0
3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff
    bridge forward_delay 1500
    inet 10.244.1.1/24 scope global cni0
    inet6 fd44:1::1/64 scope global
4: vethd@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master cni0 state UP group default
    link/ether 02:00:00:00:00:04 brd ff:ff:ff:ff:ff:ff link-netns d
    veth
    bridge_slave state forwarding hairpin off
5: vip0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group default
    link/ether 02:00:00:00:00:05 brd ff:ff:ff:ff:ff:ff
    bridge forward_delay 1500
    inet 203.0.113.10/32 scope global vip0
`;
export const POD = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
2: eth0@if4: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:00:00:00:00:12 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    veth
    inet 10.244.1.3/24 scope global eth0
    inet6 fd44:1::3/64 scope global
`;
export const HOST_ROUTES = `10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
9.9.9.9 via 203.0.113.1 dev vip0 onlink
local 10.244.1.1 dev cni0 table local proto kernel scope host src 10.244.1.1
local 192.168.10.1 dev eth0 table local proto kernel scope host src 192.168.10.1
local 203.0.113.10 dev vip0 table local proto kernel scope host src 203.0.113.10
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
`;
export const HOST_ROUTES6 = `fd44:1::/64 dev cni0 proto kernel metric 256 pref medium
local ::1 dev lo table local proto kernel metric 0 pref medium
local fd44:1::1 dev cni0 table local proto kernel metric 0 pref medium
`;
export const POD_ROUTES = `default via 10.244.1.1 dev eth0
10.244.1.0/24 dev eth0 proto kernel scope link src 10.244.1.3
local 10.244.1.3 dev eth0 table local proto kernel scope host src 10.244.1.3
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
`;
export const POD_ROUTES6 = `default via fd44:1::1 dev eth0 metric 1024 pref medium
fd44:1::/64 dev eth0 proto kernel metric 256 pref medium
local fd44:1::3 dev eth0 table local proto kernel metric 0 pref medium
`;
export const RULES = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n';
export const RULES6 = '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n';
export const LISTENING =
  'State  Recv-Q Send-Q Local Address:Port Peer Address:Port\nLISTEN 0      128          0.0.0.0:80        0.0.0.0:*\nLISTEN 0      128             [::]:80           [::]:*\n';

export type Text = readonly [kind: CaptureKind, text: string, family?: 4 | 6];

export const namespace = (name: string, texts: readonly Text[]) => ({
  name,
  captures: texts.map(([kind, text, family], i) =>
    read(kind, text, { file: `a/${name}${kind}${i}`, ...(family ? { family } : {}) }),
  ),
});

const HOOKS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** A table of iptables with its built-in chains and these rules. */
export const table = (name: string, family: 4 | 6, ...rules: string[]): Text => [
  'iptables-save',
  [`*${name}`, ...(HOOKS[name] ?? []).map((hook) => `:${hook} ACCEPT [0:0]`), ...rules, 'COMMIT', ''].join('\n'),
  family,
];
export const nat = (family: 4 | 6, ...rules: string[]): Text => table('nat', family, ...rules);

/** One node with a pod behind its bridge. */
export const node = (settings: string, rules: readonly Text[], pod: readonly Text[] = [], host = HOST): Network =>
  buildNetwork({
    nodes: [
      {
        name: 'a',
        namespaces: [
          namespace('', [
            ['ip-addr', host],
            ['ip-route', HOST_ROUTES, 4],
            ['ip-route', HOST_ROUTES6, 6],
            ['ip-rule', RULES, 4],
            ['ip-rule', RULES6, 6],
            ['sysctl', `net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n${settings}`],
            ['sockets', LISTENING],
            ...rules,
          ]),
          namespace('d', [
            ['ip-addr', POD],
            ['ip-route', POD_ROUTES, 4],
            ['ip-route', POD_ROUTES6, 6],
            ['ip-rule', RULES, 4],
            ['ip-rule', RULES6, 6],
            ['sockets', LISTENING],
            ...pod,
          ]),
        ],
      },
    ],
  });

export const walk = (network: Network, over: Partial<Parameters<typeof walkFlow>[1]>) => {
  const question = { proto: 'tcp', src: '', sport: 20001, dst: '10.96.0.10', dport: 80, start: 'a/d', ...over };
  const { branches } = walkFlow(network, question);
  const [first] = branches;
  if (!first) throw new Error('no branch');
  return first;
};

export const ON = 'net.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-ip6tables = 1\n';
export const OFF = 'net.bridge.bridge-nf-call-iptables = 0\nnet.bridge.bridge-nf-call-ip6tables = 0\n';
