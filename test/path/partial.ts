import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import { walkFlow } from '../../src/path/walk.ts';
import type { FlowQuestion, WalkedFlow } from '../../src/path/walk-result.ts';
import { namespace, RULES, type Text } from './one-node.ts';

/** Bundles that hold little: each node with the texts that it is given, and nothing else. */
export const bundle = (nodes: Readonly<Record<string, readonly Text[]>>): Network => {
  const names = [...new Set(Object.keys(nodes).map((id) => id.split('/')[0] ?? id))];
  return buildNetwork({
    nodes: names.map((name) => ({
      name,
      namespaces: Object.entries(nodes)
        .filter(([id]) => id === name || id.startsWith(`${name}/`))
        .map(([id, texts]) => namespace(id.slice(name.length + 1), texts)),
    })),
  });
};

/** `ip addr` of devices with one address each. */
export const addresses = (...devices: readonly (readonly [name: string, address: string])[]): Text => [
  'ip-addr',
  [['lo', '127.0.0.1/8'] as const, ...devices]
    .map(
      ([name, address], i) =>
        `${i + 1}: ${name}: <${name === 'lo' ? 'LOOPBACK' : 'BROADCAST,MULTICAST'},UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default\n` +
        `${name === 'lo' ? '' : `    link/ether 02:00:00:00:00:0${i} brd ff:ff:ff:ff:ff:ff\n`}${/dummy|ipvs/.test(name) ? '    dummy\n' : ''}` +
        `    inet ${address} scope ${name === 'lo' ? 'host' : 'global'} ${name}\n`,
    )
    .join(''),
];

export const routes = (text: string): readonly Text[] => [
  ['ip-route', text, 4],
  ['ip-rule', RULES, 4],
];

export const FORWARDING: Text = ['sysctl', 'net.ipv4.ip_forward = 1\n'];

/** A SYN as tcpdump -i any prints it. */
export const syn = (device: string, way: 'In' | 'Out', src: string, dst: string, second = 1): string =>
  `12:00:0${second}.000000 ${device}  ${way}  IP ${src} > ${dst}: Flags [S], seq 1, win 64240, options [mss 1460], length 0\n`;

export const flow = (over: Partial<FlowQuestion>): FlowQuestion => ({
  proto: 'tcp',
  src: '10.1.0.5',
  sport: 40_000,
  dst: '198.51.100.7',
  dport: 443,
  start: undefined,
  ...over,
});

export const walked = (network: Network, over: Partial<FlowQuestion>): WalkedFlow => walkFlow(network, flow(over));
