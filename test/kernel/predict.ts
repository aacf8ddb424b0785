import { readText } from '../../src/captures/read-text.ts';
import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import { walkFlow } from '../../src/path/walk.ts';
import type { WalkedFlow } from '../../src/path/walk-result.ts';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';
import type { KernelFlow } from './flows.ts';
import type { Topology } from './topology.ts';

const KINDS: Readonly<Record<string, CaptureKind>> = {
  uname: 'uname',
  ip_addr: 'ip-addr',
  ip_route: 'ip-route',
  'ip_-6_route': 'ip-route',
  ip_rule: 'ip-rule',
  'ip_-6_rule': 'ip-rule',
  ip_neigh: 'ip-neigh',
  bridge_fdb: 'bridge-fdb',
  'iptables-legacy-save': 'iptables-save',
  'ip6tables-legacy-save': 'iptables-save',
  'iptables-nft-save': 'iptables-save',
  'ip6tables-nft-save': 'iptables-save',
  nft_ruleset: 'nft-ruleset',
  ipset_list: 'ipset',
  'ss_-ant': 'sockets',
  'ss_-anu': 'sockets',
  sysctl: 'sysctl',
  conntrack: 'conntrack',
  ipvsadm: 'ipvsadm',
  xfrm_state: 'xfrm-state',
  xfrm_policy: 'xfrm-policy',
};

const COMMANDS: Readonly<Record<string, string>> = {
  'ip_-6_route': 'ip -6 route show table all',
  'ip_-6_rule': 'ip -6 rule',
  'ss_-ant': 'ss -ant',
  'ss_-anu': 'ss -anu',
  'iptables-legacy-save': 'iptables-legacy-save -c',
  'ip6tables-legacy-save': 'ip6tables-legacy-save -c',
  'iptables-nft-save': 'iptables-nft-save -c',
  'ip6tables-nft-save': 'ip6tables-nft-save -c',
};

export interface HostCaptures {
  readonly key: string;
  readonly captures: readonly Capture[];
}

/** Reads one host's texts with the capture modules. */
export const readCaptures = (key: string, texts: ReadonlyMap<string, string>): HostCaptures => ({
  key,
  captures: [...texts].flatMap(([name, text]) => {
    const kind = KINDS[name];
    if (!kind) return [];
    const family = name.includes('-6') || name.startsWith('ip6') ? 6 : undefined;
    return [
      readText(
        { kind, file: `${key}/${name}`, firstLine: 1, command: COMMANDS[name], family, device: undefined },
        text,
      ),
    ];
  }),
});

/** The network out of the captures: a node's host namespace is '', a pod's has the name that `ip netns` knows. */
export const networkOf = (
  topology: Topology,
  captures: readonly HostCaptures[],
  withConntrack: boolean,
  nameOf: (key: string) => string,
): Network =>
  buildNetwork({
    nodes: topology.nodes.map((node) => ({
      name: node.key,
      namespaces: topology.hosts
        .filter((host) => host.node === node.key && host.kind !== 'switch')
        .map((host) => ({
          name: host.kind === 'node' ? '' : nameOf(host.key),
          captures: (captures.find((c) => c.key === host.key)?.captures ?? []).filter(
            (c) => withConntrack || c.kind !== 'conntrack',
          ),
        })),
    })),
  });

const PAYLOAD = 8;
/** Bytes of the first packet: a SYN with Linux' usual options, a datagram or an echo. */
const lengthOf = (flow: KernelFlow): number => {
  const header = flow.family === 4 ? 20 : 40;
  return flow.proto === 'tcp' ? header + 40 : header + 8 + (flow.payload ?? PAYLOAD);
};

export const walkCase = (
  network: Network,
  topology: Topology,
  flow: KernelFlow,
  nameOf: (key: string) => string,
): WalkedFlow => {
  const host = topology.hosts.find((h) => h.key === flow.from);
  return walkFlow(network, {
    proto: flow.proto,
    src: flow.src ?? '',
    sport: flow.sport,
    dst: flow.dst,
    dport: flow.proto === 'icmp' ? undefined : flow.dport,
    start: host?.kind === 'pod' ? `${host.node}/${nameOf(host.key)}` : flow.from,
    length: lengthOf(flow),
  });
};
