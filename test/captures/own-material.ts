/** Captures of our own by kind: members of the recorded bundles, single captures of test/fixtures, and a few lines that were written for what neither has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CaptureKind } from '../../src/records/capture.ts';
import { bundleMembers } from './recorded-members.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

const MEMBERS: Partial<Record<CaptureKind, readonly string[]>> = {
  'bridge-fdb': ['bridge_fdb.txt'],
  conntrack: ['conntrack_-L.txt', 'nf_conntrack.txt'],
  'conntrack-stats': ['conntrack_-S.txt'],
  counters: ['nstat_-az.txt', 'netstat_proc.txt'],
  date: ['date'],
  dmesg: ['dmesg.txt'],
  hostname: ['hostname'],
  'ip-addr': ['ip_addr.txt'],
  'ip-link': ['ip_link_stats.txt'],
  'ip-neigh': ['ip_neigh.txt'],
  'ip-route': ['ip_route.txt', 'ip_-6_route.txt'],
  'ip-rule': ['ip_rule.txt', 'ip_-6_rule.txt'],
  ipset: ['ipset_list.txt'],
  'iptables-save': ['iptables-save.txt', 'ip6tables-save.txt'],
  ipvsadm: ['ipvsadm_-Ln.txt', 'ipvsadm_-Ln_--stats.txt'],
  'ipvsadm-connections': ['ipvsadm_-Lnc.txt'],
  'nft-ruleset': ['nft_ruleset.txt'],
  'rt-cache': ['rt_cache.txt'],
  sockets: ['ss_-antp.txt', 'ss_-anu.txt'],
  sysctl: ['sysctl_-a.txt'],
  uname: ['uname'],
  'xfrm-policy': ['ip_xfrm_policy.txt'],
  'xfrm-stat': ['xfrm_stat.txt'],
  'xfrm-state': ['ip_xfrm_state.txt'],
};

/** Folder of test/fixtures, and which of its files. */
const FIXTURES: Partial<Record<CaptureKind, readonly [string, RegExp]>> = {
  ipset: ['ipset', /\.txt$/],
  'iptables-list': ['iptables', /list/],
  'iptables-save': ['iptables', /save|\.S\./],
  kubectl: ['kubectl', /\.txt$/],
  'nft-ruleset': ['nft', /\.txt$/],
  tcpdump: ['tcpdump', /\.txt$/],
};

const WRITTEN: Partial<Record<CaptureKind, string>> = {
  'bridge-link':
    '3: veth1@if2: <BROADCAST,UP,LOWER_UP> mtu 1500 master br0 state forwarding priority 32 cost 2\n    hairpin on guard off\n',
  counters:
    '#kernel\nIpInReceives                    100                0.0\nTcpExtListenDrops               0                  0.0\nIp:\n    12 total packets received\n',
  date: 'Fri Nov 20 16:18:42 UTC 2026\n',
  dmesg:
    '[    1.000000] nf_conntrack: table full, dropping packet\n[2.5] IPv4: martian source 10.0.0.1 from 10.0.0.2, on dev eth0\n',
  'ip-neigh': '10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE\nfe80::1 dev eth0 FAILED\n',
  'ipvsadm-timeout': 'Timeout (tcp tcpfin udp): 900 120 300\n',
  wireguard:
    'interface: wg0\n  public key: QmVydGhhIGhhcyBhIHB1YmxpYyBrZXkgb2YgMzIgYnl0ZXM=\n  private key: (hidden)\n  listening port: 51820\n\npeer: T3R0byBoYXMgYW5vdGhlciBvbmUgb2YgdGhlIHNhbWUgMzI=\n  endpoint: 192.0.2.7:51820\n  allowed ips: 10.9.0.2/32\n  latest handshake: 3 seconds ago\n  transfer: 1.50 KiB received, 92 B sent\n',
  probe:
    'PING 10.1.0.9 (10.1.0.9) 56(84) bytes of data.\nFrom 10.1.0.1 icmp_seq=1 Destination Host Unreachable\n\n--- 10.1.0.9 ping statistics ---\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1010ms\n\ncurl: (7) Failed to connect to 10.1.0.9 port 80 after 2 ms: Connection refused\n',
  uname: 'Linux node-1 5.10.0-8-amd64 #1 SMP Debian 5.10.46-4 (2021-08-03) x86_64 GNU/Linux\n',
};

let members: ReadonlyMap<string, readonly string[]> | undefined;
/** Texts of the recorded bundles by file name, those of packet captures by their folder; each text once. */
const membersByName = (): ReadonlyMap<string, readonly string[]> => {
  if (members) return members;
  const byName = new Map<string, Set<string>>();
  for (const { name, text } of bundleMembers({ has: () => true })) {
    const [folder = '', base = ''] = name.split('/').slice(-2);
    const key = folder === 'tcpdump' ? folder : base;
    byName.set(key, (byName.get(key) ?? new Set()).add(text));
  }
  members = new Map([...byName].map(([name, texts]) => [name, [...texts]]));
  return members;
};

/** The captures of a kind that are not empty. */
export const ownTexts = (kind: CaptureKind): readonly string[] => {
  const [folder, wanted] = FIXTURES[kind] ?? ['', /$^/];
  const files = folder === '' ? [] : readdirSync(join(fixtures, folder)).filter((file) => wanted.test(file));
  const names = kind === 'tcpdump' ? ['tcpdump'] : (MEMBERS[kind] ?? []);
  return [
    ...names.flatMap((name) => membersByName().get(name) ?? []),
    ...files.map((file) => readFileSync(join(fixtures, folder, file), 'utf8')),
    WRITTEN[kind] ?? '',
  ].filter((text) => text !== '');
};
