import type { KernelFlow } from './flows.ts';
import type { FlowResult, Lab, SeenPacket, ShellAnswer } from './namespaces.ts';
import { OWN_CHAIN } from './products.ts';
import type { Chain } from './rules.ts';
import type { Ingredient, State } from './state.ts';
import type { Host } from './topology.ts';
import { XFRM_CAPTURES } from './xfrm-state.ts';

/** What really happened: each flow's end, each namespace's deliveries, and its state as the tools print it. */
export interface Played {
  readonly results: ReadonlyMap<number, FlowResult>;
  readonly seen: ReadonlyMap<string, readonly SeenPacket[]>;
  /** Capture texts by host and name. */
  readonly captures: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** What a tool refused of the state; such a state is not compared. */
  readonly refused: readonly string[];
}

const heredoc = (command: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${command} <<'EOT'\n${lines.join('\n')}\nEOT`;

const tool = (chain: Pick<Chain, 'backend' | 'family'>, action: 'save' | 'restore'): string =>
  `ip${chain.family === 6 ? '6' : ''}tables-${chain.backend}-${action}`;

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Rule files of a host: one iptables-restore input for each backend and family. */
const restores = (ingredients: readonly Ingredient[]): { readonly command: string; readonly lines: string[] }[] => {
  const files = new Map<string, Map<string, { chains: Map<string, string>; rules: string[] }>>();
  for (const one of ingredients) {
    if (one.kind !== 'rule' && one.kind !== 'policy') continue;
    const { chain } = one;
    const command = tool(chain, 'restore');
    const tables = files.get(command) ?? new Map<string, { chains: Map<string, string>; rules: string[] }>();
    files.set(command, tables);
    const table = tables.get(chain.table) ?? {
      chains: new Map((BUILT_IN[chain.table] ?? []).map((name) => [name, 'ACCEPT'])),
      rules: [],
    };
    tables.set(chain.table, table);
    if (one.kind === 'policy') table.chains.set(chain.name, 'DROP');
    else {
      if (!table.chains.has(chain.name)) table.chains.set(chain.name, '-');
      const jump = /-[jg] ([A-Z0-9-]+)/.exec(one.text)?.[1];
      if (jump && OWN_CHAIN.test(jump) && !table.chains.has(jump)) table.chains.set(jump, '-');
      table.rules.push(`-A ${chain.name} ${one.text}`);
    }
  }
  return [...files].map(([command, tables]) => ({
    command,
    lines: [...tables].flatMap(([name, { chains, rules }]) => [
      `*${name}`,
      ...[...chains].map(([chain, policy]) => `:${chain} ${policy} [0:0]`),
      ...rules,
      'COMMIT',
    ]),
  }));
};

/** The script that brings a host from its topology's own state to the case's. */
export const applyScript = (host: Host, ingredients: readonly Ingredient[]): string => {
  const own = ingredients.filter((one) => one.host === host.key);
  const sysctls = own.flatMap((one) => (one.kind === 'sysctl' ? [`echo ${one.value} > /proc/sys/${one.path}`] : []));
  const ip = (family: 4 | 6) => own.flatMap((one) => (one.kind === 'ip' && one.family === family ? [one.add] : []));
  const sets = own.flatMap((one) => (one.kind === 'set' ? one.lines : []));
  return [
    ...sysctls,
    heredoc('ip -force -batch - 2>/dev/null', ip(4)),
    heredoc('ip -6 -force -batch - 2>/dev/null', ip(6)),
    heredoc('ipset restore', sets),
    ...restores(own).map(({ command, lines }) => heredoc(command, lines)),
    ...own.flatMap((one) => (one.kind === 'nft' ? [heredoc('nft -f -', one.lines)] : [])),
  ]
    .filter((part) => part !== '')
    .join('\n');
};

/** And back. Devices' forwarding follows ip_forward, so that is written first. */
export const resetScript = (host: Host, ingredients: readonly Ingredient[]): string => {
  const own = ingredients.filter((one) => one.host === host.key);
  const ip = (family: 4 | 6) =>
    own.flatMap((one) => (one.kind === 'ip' && one.family === family ? [one.remove] : [])).reverse();
  const commands = new Map(
    restores(own).map(({ command, lines }) => [command, lines.filter((l) => l.startsWith('*')).map((l) => l.slice(1))]),
  );
  const empty = [...commands].map(([command, tables]) =>
    command.includes('nft')
      ? ''
      : heredoc(
          command,
          tables.flatMap((t) => [`*${t}`, ...(BUILT_IN[t] ?? []).map((c) => `:${c} ACCEPT [0:0]`), 'COMMIT']),
        ),
  );
  const forwardingPaths = [...host.sysctls].filter(
    ([path]) => path.endsWith('/ip_forward') || path.endsWith('/all/forwarding'),
  );
  const touched = own.flatMap((one) => (one.kind === 'sysctl' ? [one.path] : []));
  const others = touched
    .filter((path) => !forwardingPaths.some(([p]) => p === path))
    .map((path) => [path, host.sysctls.get(path) ?? baseOf(host, path)] as const);
  return [
    ...empty,
    [...commands.keys()].some((c) => c.includes('nft')) || own.some((one) => one.kind === 'nft')
      ? 'nft flush ruleset'
      : '',
    own.some((one) => one.kind === 'set')
      ? 'for i in 1 2 3 4 5 6; do ipset flush; ipset destroy 2>/dev/null && break; sleep 0.03; done'
      : '',
    heredoc('ip -force -batch - 2>/dev/null', ip(4)),
    heredoc('ip -6 -force -batch - 2>/dev/null', ip(6)),
    ...(touched.some((p) => p.endsWith('forwarding') || p.endsWith('ip_forward'))
      ? forwardingPaths.map(
          ([path, value]) => `echo ${1 - Number(value)} > /proc/sys/${path}; echo ${value} > /proc/sys/${path}`,
        )
      : []),
    ...others.map(([path, value]) => `echo ${value} > /proc/sys/${path}`),
    host.kind === 'switch' ? '' : 'conntrack -F >/dev/null 2>&1',
    host.kind === 'switch' ? '' : 'ip -4 neigh flush all; ip -6 neigh flush all',
    // What was learned of a path's MTU.
    host.kind === 'switch' ? '' : 'ip -4 route flush cache; ip -6 route flush cache',
    'true',
  ]
    .filter((part) => part !== '')
    .join('\n');
};

const baseOf = (host: Host, path: string): string =>
  path.endsWith('/forwarding') ? (host.kind === 'node' ? '1' : '0') : '0';

/** The captures, by the name that the walk's reader knows them by, and the commands that make them. */
export const CAPTURES: readonly (readonly [name: string, command: string])[] = [
  ['uname', 'uname -a'],
  ['ip_addr', 'ip -d addr'],
  ['ip_route', 'ip route show table all'],
  ['ip_-6_route', 'ip -6 route show table all'],
  ['ip_rule', 'ip rule'],
  ['ip_-6_rule', 'ip -6 rule'],
  ['ip_neigh', 'ip neigh'],
  ['bridge_fdb', 'bridge fdb show'],
  ['iptables-legacy-save', 'iptables-legacy-save -c'],
  ['ip6tables-legacy-save', 'ip6tables-legacy-save -c'],
  ['iptables-nft-save', 'iptables-nft-save -c'],
  ['ip6tables-nft-save', 'ip6tables-nft-save -c'],
  ['ipset_list', 'ipset list'],
  ['ss_-ant', 'ss -ant'],
  ['ss_-anu', 'ss -anu'],
  [
    'sysctl',
    "sysctl -a -r '^net\\.(ipv4\\.(conf|ip_forward)|ipv6\\.conf\\.[^.]*\\.(forwarding|disable_ipv6|accept)|bridge|netfilter\\.nf_conntrack_(count|max|tcp))'",
  ],
  ['conntrack', 'conntrack -L -o extended 2>/dev/null'],
];

const MARK = '@@@@ ';

/** Asked for only where something wrote tables of nftables' own: every command takes its time. */
const NFT_RULESET = ['nft_ruleset', 'nft list ruleset'] as const;

const isXfrm = (one: Ingredient): boolean => one.kind === 'ip' && one.add.startsWith('xfrm ');

const captureScript = (own: readonly Ingredient[]): string =>
  [
    ...CAPTURES,
    ...(own.some((one) => one.kind === 'nft') ? [NFT_RULESET] : []),
    ...(own.some(isXfrm) ? XFRM_CAPTURES : []),
  ]
    .map(([name, command]) => `echo '${MARK}${name}'\n{ ${command}; } 2>/dev/null`)
    .join('\n');

const splitCaptures = (text: string): Map<string, string> => {
  const found = new Map<string, string>();
  for (const part of text.split(MARK).slice(1)) {
    const newline = part.indexOf('\n');
    found.set(part.slice(0, newline), part.slice(newline + 1));
  }
  return found;
};

const everywhere = async <T>(lab: Lab, work: (host: Host) => Promise<T>): Promise<Map<string, T>> =>
  new Map(
    await Promise.all(
      lab.topology.hosts.filter((h) => h.kind !== 'switch').map(async (host) => [host.key, await work(host)] as const),
    ),
  );

/** Applies the state, sends its flows, captures, and takes the state away again. */
export const play = async (lab: Lab, state: State, timeout: number): Promise<Played> => {
  const { ingredients, flows } = state;
  try {
    const applied = await everywhere(lab, (host) => lab.agent(host.key).shell(applyScript(host, ingredients)));
    const refused = [...applied].flatMap(([key, done]: [string, ShellAnswer]) =>
      done.err.trim() === '' ? [] : [`${key}: ${done.err.trim()}`],
    );
    if (refused.length > 0) return { results: new Map(), seen: new Map(), captures: new Map(), refused };
    await everywhere(lab, (host) => lab.agent(host.key).seen());
    const bySender = new Map<string, KernelFlow[]>();
    for (const flow of flows) bySender.set(flow.from, [...(bySender.get(flow.from) ?? []), flow]);
    const answers = await Promise.all([...bySender].map(([key, own]) => lab.agent(key).flows(own, timeout)));
    const results = new Map(answers.flatMap((answer) => answer.results.map((result) => [result.n, result] as const)));
    const captured = await everywhere(lab, (host) =>
      lab.agent(host.key).shell(captureScript(ingredients.filter((one) => one.host === host.key))),
    );
    const seen = await everywhere(lab, async (host) => (await lab.agent(host.key).seen()).seen);
    return {
      results,
      seen,
      captures: new Map([...captured].map(([key, done]) => [key, splitCaptures(done.out)])),
      refused: [],
    };
  } finally {
    await everywhere(lab, (host) => lab.agent(host.key).shell(resetScript(host, ingredients)));
  }
};
