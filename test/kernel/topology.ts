import type { Random } from './random.ts';

/** A device as the generator makes it. Addresses carry their prefix length. */
export interface Device {
  readonly name: string;
  readonly kind: 'veth' | 'bridge' | 'vxlan' | 'loopback';
  readonly mac: string;
  readonly v4: string[];
  readonly v6: string[];
  /** Bytes; Ethernet's 1500 where it is not given. */
  mtu?: number;
  master?: string;
  hairpin?: boolean;
  peer?: { readonly host: string; readonly device: string };
  vxlan?: { readonly id: number; readonly port: number; readonly local: string };
}

/** One network namespace: a node's own, a pod's, or a switch that no capture shows. */
export interface Host {
  readonly key: string;
  /** The node that it belongs to in the network; the same as the key for a node's own namespace. */
  readonly node: string;
  readonly kind: 'node' | 'pod' | 'switch';
  readonly devices: Device[];
  /** `ip -batch` lines that come after the addresses. */
  readonly routes: string[];
  readonly routes6: string[];
  readonly neighbours: string[];
  readonly fdb: string[];
  /** Path under /proc/sys to value: what every state starts from. */
  readonly sysctls: Map<string, string>;
  readonly listeners: Listener[];
}

export interface Listener {
  readonly proto: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly v6only: boolean;
}

export interface Topology {
  readonly title: string;
  readonly hosts: readonly Host[];
  readonly nodes: readonly Host[];
  readonly pods: readonly Host[];
  /** Virtual addresses that services use; some are held by a device. */
  readonly vips: readonly string[];
  readonly vips6: readonly string[];
}

class Builder {
  readonly hosts: Host[] = [];
  #macs = 0;

  mac(): string {
    this.#macs += 1;
    return `02:6b:00:00:${(this.#macs >> 8).toString(16).padStart(2, '0')}:${(this.#macs & 255).toString(16).padStart(2, '0')}`;
  }

  host(key: string, node: string, kind: Host['kind']): Host {
    const host: Host = {
      key,
      node,
      kind,
      devices: [{ name: 'lo', kind: 'loopback', mac: '', v4: [], v6: [] }],
      routes: [],
      routes6: [],
      neighbours: [],
      fdb: [],
      sysctls: new Map(),
      listeners: [],
    };
    this.hosts.push(host);
    return host;
  }

  device(host: Host, name: string, kind: Device['kind'], v4: string[], v6: string[]): Device {
    const device: Device = { name, kind, mac: this.mac(), v4, v6 };
    host.devices.push(device);
    return device;
  }

  cable(a: Host, aName: string, b: Host, bName: string): readonly [Device, Device] {
    const one = this.device(a, aName, 'veth', [], []);
    const other = this.device(b, bName, 'veth', [], []);
    one.peer = { host: b.key, device: bName };
    other.peer = { host: a.key, device: aName };
    return [one, other];
  }
}

/** Two nodes with pods, joined in one of several ways. */
export const makeTopology = (random: Random): Topology => {
  const b = new Builder();
  const a = b.host('a', 'a', 'node');
  const z = b.host('b', 'b', 'node');
  const fabric = random.weighted([
    [4, 'cable'],
    [4, 'switch'],
    [3, 'router'],
  ] as const);
  const words: string[] = [fabric];
  uplinks(b, random, a, z, fabric, words);
  const overlay = random.chance(0.45);
  if (overlay) {
    words.push('vxlan');
    vxlanOverlay(b, random, a, z);
  }
  const attachA = random.pick(['routed', 'bridge', 'proxy'] as const);
  const attachB = random.pick(['routed', 'bridge', 'proxy'] as const);
  words.push(attachA, attachB);
  pod(b, random, a, 'c', 1, 2, attachA);
  if (random.chance(0.6)) pod(b, random, a, 'd', 1, 3, attachA);
  pod(b, random, z, 's', 2, 2, attachB);
  if (random.chance(0.3)) pod(b, random, z, 't', 2, 3, attachB);
  const vips = ['10.96.0.10', '10.96.0.20', '203.0.113.10'];
  const vips6 = ['fd96::10', 'fd96::20'];
  for (const node of [a, z])
    if (random.chance(0.5)) {
      const device =
        random.chance(0.7) && node.devices.every((d) => d.name !== 'vip0')
          ? b.device(node, 'vip0', 'bridge', [], [])
          : (node.devices[0] as Device);
      device.v4.push(...random.some(vips, 2).map((v) => `${v}/32`));
      if (random.chance(0.5)) device.v6.push(`${random.pick(vips6)}/128`);
      words.push(`vip:${node.key}/${device.name}`);
    }
  if (random.chance(0.35)) words.push(...smallerMtu(random, b.hosts));
  routesToPods(random, b.hosts, overlay, fabric);
  for (const host of b.hosts) {
    settings(host);
    listeners(random, host);
  }
  staticNeighbours(b.hosts);
  return {
    title: words.join(' '),
    hosts: b.hosts,
    nodes: b.hosts.filter((h) => h.kind === 'node'),
    pods: b.hosts.filter((h) => h.kind === 'pod'),
    vips,
    vips6,
  };
};

/** One cable whose ends, or one of them, take less than the others. A switch's own are left alone: no capture shows them. */
const smallerMtu = (random: Random, hosts: readonly Host[]): string[] => {
  const find = (key: string) => hosts.find((h) => h.key === key);
  const ends = hosts.flatMap((host) =>
    host.devices.flatMap((device) => {
      const far = find(device.peer?.host ?? '');
      const other = far?.devices.find((d) => d.name === device.peer?.device);
      return other && host.kind !== 'switch' && far?.kind !== 'switch' ? [{ host, device, other }] : [];
    }),
  );
  if (ends.length === 0) return [];
  const { host, device, other } = random.pick(ends);
  const mtu = random.pick([1280, 1300, 1400]);
  device.mtu = mtu;
  if (random.chance(0.7)) other.mtu = mtu;
  return [`mtu ${mtu} at ${host.key}/${device.name}${other.mtu ? ' and its peer' : ''}`];
};

const uplinks = (b: Builder, random: Random, a: Host, z: Host, fabric: string, words: string[]): void => {
  if (fabric === 'cable') {
    const [one, other] = b.cable(a, 'eth0', z, 'eth0');
    one.v4.push('192.168.10.1/24');
    other.v4.push('192.168.10.2/24');
    one.v6.push('fd10::1/64');
    other.v6.push('fd10::2/64');
  } else if (fabric === 'switch') {
    const f = b.host('f', 'f', 'switch');
    b.device(f, 'br0', 'bridge', [], []);
    const join = (host: Host, n: number): void => {
      const [port, uplink] = b.cable(f, `p${n}`, host, 'eth0');
      port.master = 'br0';
      uplink.v4.push(`192.168.10.${n}/24`);
      uplink.v6.push(`fd10::${n}/64`);
    };
    join(a, 1);
    join(z, 2);
    if (random.chance(0.7)) {
      const e = b.host('e', 'e', 'node');
      join(e, 3);
      e.routes.push('route add default via 192.168.10.1 dev eth0');
      e.routes6.push('route add default via fd10::1 dev eth0');
      words.push('outsider');
    }
  } else {
    const r = b.host('r', 'r', 'node');
    const [one, left] = b.cable(a, 'eth0', r, 'eth0');
    const [right, other] = b.cable(r, 'eth1', z, 'eth0');
    one.v4.push('192.168.10.1/24');
    left.v4.push('192.168.10.254/24');
    right.v4.push('192.168.30.254/24');
    other.v4.push('192.168.30.2/24');
    one.v6.push('fd10::1/64');
    left.v6.push('fd10::254/64');
    right.v6.push('fd30::254/64');
    other.v6.push('fd30::2/64');
    a.routes.push('route add default via 192.168.10.254 dev eth0');
    z.routes.push('route add default via 192.168.30.254 dev eth0');
    a.routes6.push('route add default via fd10::254 dev eth0');
    z.routes6.push('route add default via fd30::254 dev eth0');
  }
  if (random.chance(0.4)) {
    words.push('two uplinks');
    const [one, other] = b.cable(a, 'eth1', z, 'eth1');
    one.v4.push('192.168.20.1/24');
    other.v4.push('192.168.20.2/24');
    one.v6.push('fd20::1/64');
    other.v6.push('fd20::2/64');
  }
};

const addressOf = (host: Host, device: string, family: 4 | 6): string | undefined => {
  const found = host.devices.find((d) => d.name === device);
  return (family === 4 ? found?.v4 : found?.v6)?.[0]?.split('/')[0];
};

/** flannel's way: a device per node whose neighbours and fdb entries are written by hand. */
const vxlanOverlay = (b: Builder, random: Random, a: Host, z: Host): void => {
  const port = random.pick([8472, 4789]);
  const ends = [a, z].map((host, i) => {
    const device = b.device(host, 'flannel.1', 'vxlan', [`10.244.${i + 1}.0/32`], [`fd44:${i + 1}::f/128`]);
    device.vxlan = { id: 1, port, local: addressOf(host, 'eth0', 4) ?? '' };
    device.mtu = 1450;
    return { host, device, i };
  });
  for (const [near, far] of [ends, [...ends].reverse()] as const) {
    if (!near || !far) continue;
    near.host.neighbours.push(
      `neigh add 10.244.${far.i + 1}.0 lladdr ${far.device.mac} dev flannel.1 nud permanent`,
      `neigh add fd44:${far.i + 1}::f lladdr ${far.device.mac} dev flannel.1 nud permanent`,
    );
    near.host.fdb.push(`fdb append ${far.device.mac} dev flannel.1 dst ${far.device.vxlan?.local}`);
  }
};

const pod = (b: Builder, random: Random, node: Host, key: string, net: number, n: number, attach: string): void => {
  const host = b.host(key, node.key, 'pod');
  const [inside, outside] = b.cable(host, 'eth0', node, `veth${key}`);
  const v4 = `10.244.${net}.${n}`;
  const v6 = `fd44:${net}::${n}`;
  const gw4 = `10.244.${net}.1`;
  const gw6 = `fd44:${net}::1`;
  if (attach === 'bridge') {
    if (!node.devices.some((d) => d.name === 'cni0')) b.device(node, 'cni0', 'bridge', [`${gw4}/24`], [`${gw6}/64`]);
    outside.master = 'cni0';
    outside.hairpin = random.chance(0.35);
    inside.v4.push(`${v4}/24`);
    inside.v6.push(`${v6}/64`);
    host.routes.push(`route add default via ${gw4} dev eth0`);
  } else if (attach === 'routed') {
    outside.v4.push(`${gw4}/32`);
    inside.v4.push(`${v4}/24`);
    inside.v6.push(`${v6}/128`);
    outside.v6.push(`${gw6}/128`);
    node.routes.push(`route add ${v4}/32 dev ${outside.name} scope link`);
    node.routes6.push(`route add ${v6}/128 dev ${outside.name}`);
    host.routes.push(`route add default via ${gw4} dev eth0`);
    host.routes6.push(`route add ${gw6}/128 dev eth0`);
    // The other pods of the subnet are behind the node.
    host.routes.push(
      `route del 10.244.${net}.0/24 dev eth0`,
      `route add ${gw4}/32 dev eth0 scope link`,
      `route add default via ${gw4} dev eth0`,
    );
    host.routes.shift();
  } else {
    inside.v4.push(`${v4}/32`);
    inside.v6.push(`${v6}/128`);
    host.routes.push('route add 169.254.1.1 dev eth0 scope link', 'route add default via 169.254.1.1 dev eth0');
    host.neighbours.push(`neigh add 169.254.1.1 lladdr ${outside.mac} dev eth0 nud permanent`);
    outside.v6.push(`${gw6}/128`);
    host.routes6.push(`route add ${gw6}/128 dev eth0`);
    node.routes.push(`route add ${v4}/32 dev ${outside.name} scope link`);
    node.routes6.push(`route add ${v6}/128 dev ${outside.name}`);
    node.sysctls.set(`net/ipv4/conf/${outside.name}/proxy_arp`, '1');
    if (random.chance(0.5)) host.neighbours.pop();
  }
  host.routes6.push(`route add default via ${gw6} dev eth0`);
};

const routesToPods = (random: Random, hosts: readonly Host[], overlay: boolean, fabric: string): void => {
  const by = (key: string) => hosts.find((h) => h.key === key);
  const a = by('a');
  const z = by('b');
  const r = by('r');
  const e = by('e');
  const gateway = (from: Host, to: Host, family: 4 | 6): string | undefined => {
    const towards = r ? r : to;
    const device = r ? (from === a ? 'eth0' : 'eth1') : 'eth0';
    return addressOf(towards, device, family);
  };
  if (!a || !z) return;
  for (const [from, to, net] of [
    [a, z, 2],
    [z, a, 1],
  ] as const) {
    if (overlay) {
      from.routes.push(`route add 10.244.${net}.0/24 via 10.244.${net}.0 dev flannel.1 onlink`);
      from.routes6.push(
        `route add fd44:${net}::f/128 dev flannel.1`,
        `route add fd44:${net}::/64 via fd44:${net}::f dev flannel.1`,
      );
    } else {
      const second = fabric !== 'router' && from.devices.some((d) => d.name === 'eth1') && random.chance(0.3);
      const dev = second ? 'eth1' : 'eth0';
      const via4 = second ? addressOf(to, 'eth1', 4) : gateway(from, to, 4);
      const via6 = second ? addressOf(to, 'eth1', 6) : gateway(from, to, 6);
      from.routes.push(`route add 10.244.${net}.0/24 via ${via4} dev ${dev}`);
      from.routes6.push(`route add fd44:${net}::/64 via ${via6} dev ${dev}`);
    }
    if (fabric !== 'router' && random.chance(0.6)) {
      from.routes.push(`route add default via ${addressOf(to, 'eth0', 4)} dev eth0`);
      from.routes6.push(`route add default via ${addressOf(to, 'eth0', 6)} dev eth0`);
    }
  }
  for (const [node, key, dev] of [
    [a, 1, 'eth0'],
    [z, 2, 'eth1'],
  ] as const) {
    if (r) {
      r.routes.push(`route add 10.244.${key}.0/24 via ${addressOf(node, 'eth0', 4)} dev ${dev}`);
      r.routes6.push(`route add fd44:${key}::/64 via ${addressOf(node, 'eth0', 6)} dev ${dev}`);
    }
    if (e && random.chance(0.7)) {
      e.routes.push(`route add 10.244.${key}.0/24 via ${addressOf(node, 'eth0', 4)} dev eth0`);
      e.routes6.push(`route add fd44:${key}::/64 via ${addressOf(node, 'eth0', 6)} dev eth0`);
    }
  }
};

/** Names under /proc/sys: the dots of a device name are part of it there. */
const settings = (host: Host): void => {
  const forwards = host.kind === 'node' ? '1' : '0';
  const set = (path: string, value: string): void => {
    if (!host.sysctls.has(path)) host.sysctls.set(path, value);
  };
  set('net/ipv4/ip_forward', forwards);
  set('net/ipv6/conf/all/forwarding', forwards);
  set('net/ipv4/conf/all/rp_filter', '0');
  set('net/ipv4/conf/all/accept_local', '0');
  set('net/ipv4/conf/all/route_localnet', '0');
  set('net/ipv4/conf/all/accept_redirects', '0');
  set('net/ipv4/conf/all/arp_ignore', '0');
  set('net/ipv4/conf/all/arp_announce', '0');
  set('net/ipv4/conf/all/src_valid_mark', '0');
  for (const device of host.devices) {
    if (device.kind === 'loopback') continue;
    for (const key of [
      'rp_filter',
      'accept_local',
      'route_localnet',
      'accept_redirects',
      'arp_ignore',
      'src_valid_mark',
    ])
      set(`net/ipv4/conf/${device.name}/${key}`, '0');
    set(`net/ipv4/conf/${device.name}/proxy_arp`, '0');
  }
  if (host.kind === 'switch')
    for (const key of ['iptables', 'ip6tables', 'arptables']) host.sysctls.set(`net/bridge/bridge-nf-call-${key}`, '0');
  else for (const key of ['iptables', 'ip6tables']) set(`net/bridge/bridge-nf-call-${key}`, '1');
};

/** TCP and UDP ports that somebody listens on, in most namespaces. */
export const OPEN_PORTS = [80, 8080, 53] as const;
export const CLOSED_PORTS = [81, 9999] as const;

const listeners = (random: Random, host: Host): void => {
  if (host.kind === 'switch') return;
  const own = host.devices.flatMap((d) => d.v4.map((a) => a.split('/')[0] as string));
  for (const proto of ['tcp', 'udp'] as const)
    for (const port of OPEN_PORTS) {
      if (!random.chance(host.kind === 'pod' ? 0.9 : 0.6)) continue;
      const dual = proto === 'tcp' && random.chance(0.3);
      const narrow = random.chance(0.12);
      if (dual) host.listeners.push({ proto, address: '::', port, v6only: false });
      else {
        const address = narrow ? random.pick([...own, '127.0.0.1']) : '0.0.0.0';
        host.listeners.push({ proto, address, port, v6only: true });
        if (random.chance(0.85)) host.listeners.push({ proto, address: '::', port, v6only: true });
      }
    }
};

/** IPv6 neighbours are written down, so that no rule of a case stands in neighbour discovery's way. */
const staticNeighbours = (hosts: readonly Host[]): void => {
  for (const host of hosts)
    for (const device of host.devices) {
      if (host.kind === 'switch' || device.kind === 'loopback' || device.kind === 'vxlan' || device.master) continue;
      for (const other of segment(hosts, host, device))
        for (const address of other.v6)
          host.neighbours.push(
            `neigh add ${address.split('/')[0]} lladdr ${other.mac} dev ${device.name} nud permanent`,
          );
    }
};

/** Devices that a frame from this device reaches. */
const segment = (hosts: readonly Host[], host: Host, device: Device): Device[] => {
  const find = (at: { readonly host: string; readonly device: string } | undefined) => {
    const owner = hosts.find((h) => h.key === at?.host);
    const found = owner?.devices.find((d) => d.name === at?.device);
    return owner && found ? { owner, found } : undefined;
  };
  const onBridge = (owner: Host, bridge: string): Device[] => [
    ...owner.devices.filter((d) => d.name === bridge),
    ...owner.devices.filter((d) => d.master === bridge).flatMap((port) => find(port.peer)?.found ?? []),
  ];
  if (device.kind === 'bridge') return onBridge(host, device.name).filter((d) => d !== device);
  const far = find(device.peer);
  if (!far) return [];
  const reached = far.found.master ? onBridge(far.owner, far.found.master) : [far.found];
  return reached.filter((d) => d !== device);
};
