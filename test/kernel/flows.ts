import type { Random } from './random.ts';
import { CLOSED_PORTS, type Host, OPEN_PORTS, type Topology } from './topology.ts';

/** What one flow of a case sends. */
export interface KernelFlow {
  /** Number of the case, unique in a run. */
  readonly n: number;
  readonly family: 4 | 6;
  readonly proto: 'tcp' | 'udp' | 'icmp';
  /** Key of the host that sends. */
  readonly from: string;
  /** Undefined where the kernel chooses the source. */
  readonly src: string | undefined;
  /** The source that it most likely has. */
  readonly likelySource: string;
  /** Source port; the echo's id. */
  readonly sport: number;
  readonly dst: string;
  readonly dport: number;
  /** Bytes behind the UDP or ICMP header; eight where not given. */
  readonly payload?: number;
}

/** Bytes of whole IP packets around the MTUs of the topologies. */
const LENGTHS = [1280, 1284, 1285, 1300, 1304, 1305, 1400, 1404, 1405, 1450, 1451, 1500] as const;

export const NODE_PORT = 30080;

export const plainAddresses = (host: Host, family: 4 | 6): string[] =>
  host.devices.flatMap((d) => (family === 4 ? d.v4 : d.v6).map((a) => a.split('/')[0] as string));

/** The address by which others know a host. */
export const mainAddress = (host: Host, family: 4 | 6): string => {
  const device = host.devices.find((d) => d.name === 'eth0');
  return (family === 4 ? device?.v4 : device?.v6)?.[0]?.split('/')[0] ?? '';
};

const UNOWNED = {
  4: ['10.244.2.99', '192.168.10.77', '8.8.8.8', '10.244.1.88'],
  6: ['fd44:2::99', 'fd10::77', '2001:db8::1'],
} as const;

export const flowsFor = (random: Random, topology: Topology, count: number, firstPort: number): KernelFlow[] => {
  const senders = [...topology.pods, ...topology.pods, ...topology.nodes];
  return Array.from({ length: count }, (_, i) => {
    const from = random.pick(senders);
    const family = random.chance(0.22) ? 6 : 4;
    const proto = random.weighted([
      [5, 'tcp'],
      [3, 'udp'],
      [2, 'icmp'],
    ] as const);
    const dst = destination(random, topology, from, family);
    const own = plainAddresses(from, family);
    const likelySource = mainAddress(from, family);
    const long = proto !== 'tcp' && random.chance(0.15) ? random.pick(LENGTHS) : undefined;
    return {
      ...(long === undefined ? {} : { payload: long - (family === 4 ? 28 : 48) }),
      n: firstPort + i,
      family,
      proto,
      from: from.key,
      src: random.chance(0.5) ? undefined : random.chance(0.75) || own.length === 0 ? likelySource : random.pick(own),
      likelySource,
      sport: 20000 + ((firstPort + i) % 12000),
      dst,
      dport:
        proto === 'icmp'
          ? 0
          : random.weighted([
              [6, random.pick(OPEN_PORTS)],
              [1, random.pick(CLOSED_PORTS)],
              [1, NODE_PORT],
            ]),
    };
  });
};

const destination = (random: Random, topology: Topology, from: Host, family: 4 | 6): string => {
  const others = topology.pods.filter((p) => p !== from);
  const kind = random.weighted([
    [9, 'pod'],
    [6, 'vip'],
    [4, 'node'],
    [1, 'any address of a node'],
    [0.7, 'unowned'],
    [0.7, 'own'],
    [0.4, 'loopback'],
  ] as const);
  switch (kind) {
    case 'pod':
      return mainAddress(random.pick(others), family);
    case 'vip':
      return random.pick(family === 4 ? topology.vips : topology.vips6);
    case 'node':
      return mainAddress(random.pick(topology.nodes), family);
    case 'any address of a node': {
      const all = plainAddresses(random.pick(topology.nodes), family);
      return all.length > 0 ? random.pick(all) : random.pick(UNOWNED[family]);
    }
    case 'own':
      return mainAddress(from, family);
    case 'loopback':
      return family === 4 ? '127.0.0.1' : '::1';
    default:
      return random.pick(UNOWNED[family]);
  }
};
