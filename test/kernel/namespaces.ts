import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { KernelFlow } from './flows.ts';
import type { Host, Listener, Topology } from './topology.ts';

const run = promisify(execFile);

/** Why this machine cannot play cases; undefined where it can. */
export const whyNot = async (): Promise<string | undefined> => {
  if (process.getuid?.() !== 0) return 'not root';
  const name = `kdtry-${process.pid}`;
  try {
    await run('ip', ['netns', 'add', name]);
    await run('ip', [
      'netns',
      'exec',
      name,
      'sh',
      '-c',
      'iptables-legacy-save && iptables-nft-save && ipset list && conntrack -C',
    ]);
    await run(python(), ['-c', 'import asyncio']);
    return undefined;
  } catch (error) {
    return String((error as Error).message)
      .split('\n')
      .slice(0, 2)
      .join(' ');
  } finally {
    await run('ip', ['netns', 'del', name]).catch(() => undefined);
  }
};

/** Namespaces of runs that were killed: their maker's process is gone. */
export const sweep = async (): Promise<void> => {
  const { stdout } = await run('ip', ['netns', 'list']);
  for (const name of stdout.split('\n').map((line) => line.split(' ')[0] ?? '')) {
    const pid = /^kd(?:try-)?(\d+)/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) await run('ip', ['netns', 'del', name]).catch(() => undefined);
  }
};

/** A version manager's shim costs a tenth of a second for each start. */
const python = (): string => (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3');

export interface ShellAnswer {
  readonly rc: number;
  readonly out: string;
  readonly err: string;
}
/** What a flow's client saw: `ok`, `timeout` or an errno's name. */
export interface FlowResult {
  readonly n: number;
  readonly outcome: string;
  readonly local?: string | null;
  readonly why?: string;
}
/** A packet that was delivered to this namespace (it passed INPUT). */
export interface SeenPacket {
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: string;
  readonly type?: number;
  readonly code?: number;
  readonly id?: number;
  readonly tag?: string;
}

/** The helper process in one namespace. One request at a time. */
export class Agent {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string) => void)[] = [];
  #dead: string | undefined;
  #complaint = '';

  constructor(namespace: string, script: string) {
    this.#process = spawn('ip', ['netns', 'exec', namespace, python(), script], { stdio: 'pipe' });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#process.stderr.on('data', (data: Buffer) => {
      this.#complaint = (this.#complaint + data.toString()).slice(-2000);
    });
    this.#process.on('exit', (code) => {
      this.#dead = `agent of ${namespace} ended with ${code}: ${this.#complaint}`;
      for (const wake of this.#waiting.splice(0)) wake('{}');
    });
    this.#process.stdin.on('error', () => undefined);
  }

  async #ask<T>(request: object): Promise<T> {
    if (this.#dead) throw new Error(this.#dead);
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await answer;
    if (this.#dead) throw new Error(this.#dead);
    return JSON.parse(line) as T;
  }

  shell(script: string): Promise<ShellAnswer> {
    return this.#ask({ op: 'sh', script });
  }

  listen(sockets: readonly Listener[]): Promise<{ failed: string[] }> {
    return this.#ask({ op: 'listen', sockets });
  }

  /** Sends flows at the same time; `timeout` in seconds. */
  flows(flows: readonly KernelFlow[], timeout: number): Promise<{ results: FlowResult[] }> {
    return this.#ask({ op: 'flows', flows: flows.map((f) => ({ ...f, n: f.n % 100_000 })), timeout });
  }

  seen(): Promise<{ seen: SeenPacket[] }> {
    return this.#ask({ op: 'seen' });
  }

  end(): void {
    this.#process.stdin.end();
    this.#process.kill('SIGKILL');
  }
}

const SETTINGS_BEFORE_DEVICES: readonly (readonly [string, string])[] = [
  ['net/ipv4/conf/all/rp_filter', '0'],
  ['net/ipv4/conf/default/rp_filter', '0'],
  ['net/ipv4/conf/default/accept_redirects', '0'],
  // A redirect passes OUTPUT as part of the connection that it is about, and may mark it; how many are sent is a matter of time.
  ['net/ipv4/conf/all/send_redirects', '0'],
  ['net/ipv4/conf/default/send_redirects', '0'],
  ['net/ipv6/conf/default/accept_dad', '0'],
  ['net/ipv6/conf/all/accept_dad', '0'],
  ['net/ipv6/conf/default/accept_ra', '0'],
  ['net/ipv6/conf/default/router_solicitations', '0'],
  ['net/ipv6/conf/default/accept_redirects', '0'],
  ['net/ipv6/conf/all/accept_redirects', '0'],
  // No refusal is held back.
  ['net/ipv4/icmp_ratelimit', '0'],
  ['net/ipv4/icmp_msgs_per_sec', '100000'],
  ['net/ipv4/icmp_msgs_burst', '100000'],
  ['net/ipv6/icmp/ratelimit', '0'],
  ['net/ipv4/ping_group_range', '0 2147483647'],
  ['net/ipv4/tcp_synack_retries', '0'],
  ['net/ipv4/tcp_invalid_ratelimit', '0'],
];

const write = ([path, value]: readonly [string, string]): string => `echo '${value}' > /proc/sys/${path}`;

/** The namespaces of one topology, with a helper in each. */
export class Lab {
  readonly topology: Topology;
  readonly agents = new Map<string, Agent>();
  readonly #prefix: string;

  constructor(topology: Topology, prefix: string) {
    this.topology = topology;
    this.#prefix = prefix;
  }

  namespace(key: string): string {
    return `${this.#prefix}${key}`;
  }

  agent(key: string): Agent {
    const agent = this.agents.get(key);
    if (!agent) throw new Error(`no agent in ${key}`);
    return agent;
  }

  async start(script: string): Promise<void> {
    const { hosts } = this.topology;
    for (const host of hosts) await run('ip', ['netns', 'add', this.namespace(host.key)]);
    for (const host of hosts) this.agents.set(host.key, new Agent(this.namespace(host.key), script));
    await this.#everywhere(() => SETTINGS_BEFORE_DEVICES.map(write).join('\n'), true);
    await batch(hosts.flatMap((host) => this.#cables(host)));
    await this.#everywhere((host) => deviceScript(host));
    await Promise.all(
      hosts.map(async (host) => {
        const { failed } = await this.agent(host.key).listen(host.listeners);
        if (failed.length > 0) throw new Error(`${host.key}: ${failed.join(', ')}`);
      }),
    );
  }

  async #everywhere(script: (host: Host) => string, lenient = false): Promise<void> {
    await Promise.all(
      this.topology.hosts.map(async (host) => {
        const done = await this.agent(host.key).shell(script(host));
        if (!lenient && (done.rc !== 0 || done.err !== ''))
          throw new Error(`${this.topology.title}: ${host.key}: ${done.err}`);
      }),
    );
  }

  #cables(host: Host): string[] {
    return host.devices.flatMap((device) => {
      const { peer } = device;
      if (!peer || `${peer.host}/${peer.device}` < `${host.key}/${device.name}`) return [];
      const far = this.topology.hosts.find((h) => h.key === peer.host)?.devices.find((d) => d.name === peer.device);
      return [
        `link add dev ${device.name} netns ${this.namespace(host.key)} address ${device.mac} type veth peer name ${peer.device} netns ${this.namespace(peer.host)} address ${far?.mac}`,
      ];
    });
  }

  async stop(): Promise<void> {
    for (const agent of this.agents.values()) agent.end();
    this.agents.clear();
    for (const host of this.topology.hosts)
      await run('ip', ['netns', 'del', this.namespace(host.key)]).catch(() => undefined);
  }
}

const batch = (lines: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = execFile('ip', ['-batch', '-'], (error, _out, err) =>
      error ? reject(new Error(`${err}\n${lines.join('\n')}`)) : resolve(),
    );
    child.stdin?.end(`${lines.join('\n')}\n`);
  });

const heredoc = (command: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${command} <<'EOT'\n${lines.join('\n')}\nEOT`;

/** Everything of a host that its states have in common. */
const deviceScript = (host: Host): string => {
  const links = host.devices.flatMap((d) => {
    const lines: string[] = [];
    if (d.kind === 'bridge') lines.push(`link add ${d.name} address ${d.mac} type bridge mcast_snooping 0`);
    // Without a checksum outside: one of an unfinished packet inside is spoilt by NAT of the outer addresses, as no wire would (inet_proto_csum_replace4).
    if (d.vxlan)
      lines.push(
        `link add ${d.name} address ${d.mac} type vxlan id ${d.vxlan.id} local ${d.vxlan.local} dstport ${d.vxlan.port} nolearning noudpcsum`,
      );
    return lines;
  });
  const masters = host.devices.flatMap((d) =>
    d.master
      ? [
          `link set ${d.name} master ${d.master}`,
          ...(d.hairpin ? [`link set ${d.name} type bridge_slave hairpin on`] : []),
        ]
      : [],
  );
  const up = host.devices.map((d) => `link set ${d.name} up${d.mtu ? ` mtu ${d.mtu}` : ''}`);
  const addresses = host.devices.flatMap((d) => [
    ...d.v4.map((a) => `addr add ${a} dev ${d.name}`),
    ...d.v6.map((a) => `addr add ${a} dev ${d.name} nodad`),
  ]);
  return [
    heredoc('ip -batch -', [...links, ...masters, ...up, ...addresses]),
    [...host.sysctls]
      .filter(([path]) => path.endsWith('forward') || path.endsWith('forwarding'))
      .map(write)
      .join('\n'),
    [...host.sysctls]
      .filter(([path]) => !path.endsWith('forward') && !path.endsWith('forwarding'))
      .map(write)
      .join('\n'),
    heredoc('ip -batch -', [...host.routes, ...host.neighbours]),
    heredoc('ip -6 -batch -', host.routes6),
    heredoc('bridge -batch -', host.fdb),
    // A neighbour that is not there is given up within the flow's patience.
    ...host.devices.flatMap((d) => [4, 6].map((v) => write([`net/ipv${v}/neigh/${d.name}/retrans_time_ms`, '60']))),
    // A proxy answers at once, not within the usual 0.8 s.
    ...host.devices.flatMap((d) => [4, 6].map((v) => write([`net/ipv${v}/neigh/${d.name}/proxy_delay`, '0']))),
  ]
    .filter((part) => part !== '')
    .join('\n');
};
