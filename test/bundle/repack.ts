import type { TarMember } from './archive.ts';
import { tar, tree } from './archive.ts';

/** One node of a recorded bundle: its captures by their recorded names, and those of its pods. */
export interface RecordedNode {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

type Texts = Record<string, string>;
type Names = Readonly<Record<string, string>>;

/** The captures that a collector takes, under the names that it gives them. */
const renamed = (files: ReadonlyMap<string, string>, names: Names, folder = ''): Texts => {
  const texts: Texts = {};
  for (const [recorded, name] of Object.entries(names)) {
    const text = files.get(recorded);
    if (text !== undefined) texts[`${folder}${name}`] = text;
  }
  return texts;
};

const under = (folder: string, texts: Texts): Texts =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${folder}/${name}`, text]));

const merged = (parts: readonly Texts[]): Texts => Object.assign({}, ...parts);

/** What a file holds when its lines were written through a terminal or by a tool of Windows. */
const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

// sos 4.8: sos_commands/<plugin>/<mangled command>, and copies of /proc.
const SOS: Names = {
  hostname: 'sos_commands/host/hostname',
  uname: 'sos_commands/kernel/uname_-a',
  date: 'sos_commands/date/date',
  'sysctl_-a.txt': 'sos_commands/kernel/sysctl_-a',
  'dmesg.txt': 'sos_commands/kernel/dmesg',
  'ip_addr.txt': 'sos_commands/networking/ip_-d_address',
  'ip_link_stats.txt': 'sos_commands/networking/ip_-s_-d_link',
  'ip_route.txt': 'sos_commands/networking/ip_route_show_table_all',
  'ip_-6_route.txt': 'sos_commands/networking/ip_-6_route_show_table_all',
  'ip_rule.txt': 'sos_commands/networking/ip_-4_rule_list',
  'ip_-6_rule.txt': 'sos_commands/networking/ip_-6_rule_list',
  'ip_neigh.txt': 'sos_commands/networking/ip_-s_-s_neigh_show',
  'bridge_fdb.txt': 'sos_commands/networking/bridge_-s_-s_-d_-t_fdb_show',
  'ss_-antp.txt': 'sos_commands/networking/ss_-peaonmi',
  'nstat_-az.txt': 'sos_commands/networking/nstat_-zas',
  'nft_ruleset.txt': 'sos_commands/firewall_tables/nft_-a_list_ruleset',
  'ipvsadm_-Ln.txt': 'sos_commands/ipvs/ipvsadm_-Ln',
  'ipvsadm_-Ln_--stats.txt': 'sos_commands/ipvs/ipvsadm_-Ln_--stats',
  'ipvsadm_-Lnc.txt': 'sos_commands/ipvs/ipvsadm_-Ln_--connection',
  'conntrack_-L.txt': 'sos_commands/conntrack/conntrack_-L_-o_extended',
  'conntrack_-S.txt': 'sos_commands/conntrack/conntrack_-S',
  'ip_xfrm_state.txt': 'sos_commands/libreswan/ip_xfrm_state',
  'ip_xfrm_policy.txt': 'sos_commands/libreswan/ip_xfrm_policy',
  'nf_conntrack.txt': 'proc/4242/net/nf_conntrack',
  'xfrm_stat.txt': 'proc/4242/net/xfrm_stat',
  'netstat_proc.txt': 'proc/4242/net/netstat',
};
const SOS_NS: Names = {
  'ip_addr.txt': 'ip_-d_address_show',
  'ip_route.txt': 'ip_route_show_table_all',
  'ip_neigh.txt': 'ip_-s_-s_neigh_show',
  'ip_rule.txt': 'ip_-4_rule_list',
  'ip_-6_rule.txt': 'ip_-6_rule_list',
  'iptables-save.txt': 'iptables-save',
  'ss_-antp.txt': 'ss_-peaonmi',
  'nstat_-az.txt': 'nstat_-zas',
  'sysctl_-a.txt': 'sysctl_-a',
};

const sosRoot = (node: RecordedNode): string => `sosreport-${node.name}-2026-11-20-qwertyu`;
const sosFiles = (node: RecordedNode): Texts =>
  under(
    sosRoot(node),
    merged([
      {
        'version.txt': 'sosreport: 4.8.1\n',
        'sos_reports/manifest.json': '{}',
        'sos_logs/ui.log': 'Running plugins\n',
      },
      renamed(node.files, SOS),
      ...[...node.pods].flatMap(([pod, files]) => [
        renamed(files, SOS_NS, `sos_commands/networking/namespaces/${pod}/ip_netns_exec_${pod}_`),
        renamed(
          files,
          { 'conntrack_-L.txt': 'conntrack_-L_-o_extended' },
          `sos_commands/conntrack/ip_netns_exec_${pod}_`,
        ),
      ]),
      { 'etc/sysconfig/iptables': '*filter\n:INPUT DROP [0:0]\nCOMMIT\n' },
    ]),
  );
const sosLinks = (node: RecordedNode): readonly TarMember[] =>
  (
    [
      ['hostname', 'sos_commands/host/hostname'],
      ['ip_addr', 'sos_commands/networking/ip_-d_address'],
      ['ip_route', 'sos_commands/networking/ip_route_show_table_all'],
      ['proc/self', '4242'],
      ['proc/net', 'self/net'],
    ] as const
  ).map(([name, linkname]) => ({ name: `${sosRoot(node)}/${name}`, type: 'symlink', linkname }));

const SUBCTL: Readonly<Record<string, readonly [string, string]>> = {
  'ip_addr.txt': ['ip-a', 'ip -d a'],
  'ip_link_stats.txt': ['ip-l', 'ip -d l'],
  ip_route_main: ['ip-routes', 'ip route show'],
  ip_route_150: ['ip-routes-table150', 'ip route show table 150'],
  ip_route_100: ['ip-routes-table100', 'ip route show table 100'],
  'ip_rule.txt': ['ip-rules', 'ip rule list'],
  'sysctl_-a.txt': ['sysctl-a', 'sysctl -a'],
  'ipset_list.txt': ['ipset-list', 'ipset list'],
  'iptables-save.txt': ['iptables-save', 'iptables-save -c'],
  'ip_xfrm_policy.txt': ['ip-xfrm-policy', 'ip xfrm policy'],
  'ip_xfrm_state.txt': ['ip-xfrm-state', 'ip xfrm state'],
};

const withRoutesPerTable = (node: RecordedNode): ReadonlyMap<string, string> => {
  const files = new Map(node.files);
  const lines = (files.get('ip_route.txt') ?? '').split('\n');
  const of = (table: string): string =>
    lines
      .filter((line) => line.includes(` table ${table} `))
      .map((line) => `${line.replace(` table ${table}`, '')}\n`)
      .join('');
  files.set('ip_route_main', `${lines.filter((line) => line !== '' && !line.includes(' table ')).join('\n')}\n`);
  for (const table of ['100', '150']) if (of(table) !== '') files.set(`ip_route_${table}`, of(table));
  return files;
};

const subctlFiles = (node: RecordedNode): Texts => {
  const files = withRoutesPerTable(node);
  const texts: Texts = {};
  for (const [recorded, [name, command]] of Object.entries(SUBCTL)) {
    const text = files.get(recorded);
    if (text !== undefined && text !== '') texts[`${node.name}_${name}.log`] = `${command}\n${text}`;
  }
  return texts;
};

const RANCHER: Names = {
  'iptables-save.txt': 'networking/iptablessave',
  'ip6tables-save.txt': 'networking/ip6tablessave',
  'nft_ruleset.txt': 'networking/nft_ruleset',
  'ipvsadm_-Ln.txt': 'networking/ipvsadm',
  'xfrm_stat.txt': 'networking/procnetxfrmstat',
  'ip_addr.txt': 'networking/ipaddrshow',
  'ip_route.txt': 'networking/iproute',
  'ip_rule.txt': 'networking/iprule',
  'ip_neigh.txt': 'networking/ipneighbour',
  'ip_link_stats.txt': 'networking/iplinkshow',
  'ip_-6_route.txt': 'networking/ipv6route',
  'ip_-6_rule.txt': 'networking/ipv6rule',
  'ss_-antp.txt': 'networking/ssanp',
  'ss_-anu.txt': 'networking/ssuapn',
  'conntrack_-S.txt': 'systeminfo/conntrack',
  hostname: 'systeminfo/hostname',
  date: 'systeminfo/date',
  uname: 'systeminfo/uname',
  'sysctl_-a.txt': 'systeminfo/sysctla',
  'dmesg.txt': 'systeminfo/dmesg',
};

const EKS: Names = {
  'iptables-save.txt': 'networking/iptables-save.txt',
  'ip_route.txt': 'networking/iproute.txt',
  'ip_-6_route.txt': 'networking/ip6route.txt',
  'ip_rule.txt': 'networking/iprule.txt',
  'ip_-6_rule.txt': 'networking/ip6rule.txt',
  'sysctl_-a.txt': 'sysctls/sysctl_all.txt',
  uname: 'kernel/uname.txt',
  'ss_-antp.txt': 'system/netstat.txt',
};

/** `ifconfig` of net-tools out of `ip addr`. */
const ifconfig = (text: string): string =>
  text
    .split(/^(?=\d+: )/m)
    .map((block) => {
      const head = /^\d+: (?<name>[^:@\s]+)\S*: <(?<flags>[^>]*)> mtu (?<mtu>\d+)/.exec(block)?.groups;
      if (!head) return '';
      const inet = [...block.matchAll(/^ {4}inet (?<address>[\d.]+)\/(?<length>\d+)/gm)]
        .slice(0, 1)
        .map(({ groups }) => {
          const bits = (0xffffffff << (32 - Number(groups?.length))) >>> 0;
          const mask = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
          return `        inet ${groups?.address}  netmask ${mask}  broadcast 0.0.0.0\n`;
        });
      const mac = /link\/ether (?<mac>\S+)/.exec(block)?.groups?.mac;
      return `${head.name}: flags=4163<${head.flags?.replace('LOWER_UP', 'RUNNING')}>  mtu ${head.mtu}\n${inet.join('')}${mac ? `        ether ${mac}  txqueuelen 1000  (Ethernet)\n` : ''}        RX packets 10  bytes 1000 (1000.0 B)\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets 10  bytes 1000 (1000.0 B)\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n`;
    })
    .join('');

const MUST_GATHER: Names = {
  'ip_addr.txt': 'addresses',
  'ip_route.txt': 'routes',
  'ip_neigh.txt': 'arp',
  'iptables-save.txt': 'iptables',
  'sysctl_-a.txt': 'sysctl',
  'conntrack_-L.txt': 'conntrack-l',
  'nft_ruleset.txt': 'nftables',
};

const TROUBLESHOOT: Names = {
  'iptables-save.txt': 'iptables-save.txt',
  'ipvsadm_-Ln.txt': 'ipvsadm.txt',
  'ip_route.txt': 'ip-route-table.txt',
  'ip_neigh.txt': 'ip-neighbor-show.txt',
  'ip_addr.txt': 'ip-address-stats.txt',
  'ip_link_stats.txt': 'ip-interface-stats.txt',
  'sysctl_-a.txt': 'sysctl-all.txt',
  uname: 'uname.txt',
};

const CILIUM: Names = {
  'iptables-save.txt': 'iptables-save--c.md',
  'ipset_list.txt': 'ipset-list.md',
  'ip_xfrm_state.txt': 'ip--s-xfrm-state.md',
  'ip_xfrm_policy.txt': 'ip--s-xfrm-policy.md',
  'xfrm_stat.txt': 'cat--proc-net-xfrm_stat.md',
  'ip_addr.txt': 'ip-a.md',
  'ip_link_stats.txt': 'ip--d--s-l.md',
  ip_route_main: 'ip--4-r.md',
  ip_route_150: 'ip--4-route-show-table-150.md',
  'ip_-6_route.txt': 'ip--6-r.md',
  'ip_rule.txt': 'ip-rule.md',
  'ip_neigh.txt': 'ip--4-n.md',
  'ss_-antp.txt': 'ss--t--p--a--i--s.md',
  'sysctl_-a.txt': 'sysctl--a.md',
  uname: 'uname--a.md',
  hostname: 'hostname.md',
};

const CALICO: Names = {
  'iptables-save.txt': 'iptables-nft-save.txt',
  'nft_ruleset.txt': 'nft-ruleset.txt',
  'ipset_list.txt': 'ipset-list.txt',
  'ip_addr.txt': 'ip-addr.txt',
  'ip_link_stats.txt': 'ip-link.txt',
  'ip_route.txt': 'ip-route.txt',
  'ip_-6_route.txt': 'ip-route-v6.txt',
  'ip_rule.txt': 'ip-rule.txt',
  'ip_neigh.txt': 'ip-neigh.txt',
  'conntrack_-L.txt': 'conntrack-list.txt',
};

const ANTREA: Names = {
  'iptables-save.txt': 'iptables',
  'ipset_list.txt': 'ipset',
  'nft_ruleset.txt': 'nftables',
  'ip_rule.txt': 'rule',
  ip_route_main: 'route',
  'ip_route.txt': 'route-table-all',
  'ip_link_stats.txt': 'link',
  'ip_addr.txt': 'address',
};

/** Bodies of a collector that writes one text with a header before each command. */
const COMMANDS: Readonly<Record<string, string>> = {
  hostname: 'hostname',
  date: 'date',
  uname: 'uname -a',
  'ip_addr.txt': 'ip -d addr',
  'ip_link_stats.txt': 'ip -s link',
  'ip_route.txt': 'ip route show table all',
  'ip_-6_route.txt': 'ip -6 route show table all',
  'ip_rule.txt': 'ip rule show',
  'ip_-6_rule.txt': 'ip -6 rule show',
  'ip_neigh.txt': 'ip neigh',
  'bridge_fdb.txt': 'bridge fdb',
  'iptables-save.txt': 'iptables-save -c',
  'ipset_list.txt': 'ipset list',
  'ipvsadm_-Ln.txt': 'ipvsadm -Ln',
  'ipvsadm_-Lnc.txt': 'ipvsadm -Lnc',
  'conntrack_-L.txt': 'conntrack -L',
  'ip_xfrm_state.txt': 'ip xfrm state',
  'ip_xfrm_policy.txt': 'ip xfrm policy',
  'xfrm_stat.txt': 'cat /proc/net/xfrm_stat',
  'netstat_proc.txt': 'cat /proc/net/netstat',
  'ss_-antp.txt': 'ss -antp',
  'ss_-anu.txt': 'ss -anu',
  'nstat_-az.txt': 'nstat -az',
  'sysctl_-a.txt': 'sysctl -a',
  'dmesg.txt': 'dmesg',
  'tcpdump/any.txt': 'tcpdump -nni any',
  'tcpdump/eth0.txt': 'tcpdump -nni eth0',
  'tcpdump/lo.txt': 'tcpdump -nni lo',
};
const PACKETS: readonly string[] = ['tcpdump/any.txt', 'tcpdump/eth0.txt', 'tcpdump/lo.txt'];

const sections = (
  files: ReadonlyMap<string, string>,
  wrap: (command: string, text: string) => string,
  only: readonly string[] = Object.keys(COMMANDS).filter((name) => !PACKETS.includes(name)),
): string =>
  only
    .flatMap((name) => {
      const text = files.get(name);
      return text === undefined ? [] : [wrap(COMMANDS[name] ?? name, text)];
    })
    .join('');

const suse = (command: string, text: string): string =>
  `#==[ Command ]======================================#\n# /usr/sbin/${command}\n${text}\n`;
const ack = (command: string, text: string): string =>
  `\n-----------------run ${command}------------------\n${text}------------End of ${command.split(' ')[0]}----------------\n`;

const supportconfig = (node: RecordedNode): Texts =>
  merged([
    {
      'basic-environment.txt': sections(node.files, suse, ['date', 'uname']),
      'env.txt': sections(node.files, suse, ['sysctl_-a.txt']),
      'network.txt': `#==[ Verification ]=================================#\n# rpm -V iproute2\n# Verification Status: Passed\n\n${sections(
        node.files,
        suse,
        Object.keys(COMMANDS).filter((name) => !['date', 'uname', 'sysctl_-a.txt', ...PACKETS].includes(name)),
      )}`,
    },
    Object.fromEntries(
      [...node.pods].map(([pod, files]) => [
        `network-${pod}.txt`,
        `#==[ Network namespace ${pod} ]===============================#\n${sections(files, (command, text) => suse(`ip netns exec ${pod} ${command}`, text))}`,
      ]),
    ),
  ]);

/** How a person pastes: a prompt of the node before each command, and the pods by `ip netns exec`. */
const pasted = (node: RecordedNode): string => {
  const prompt =
    (lead: string) =>
    (command: string, text: string): string =>
      `[root@${node.name} ~]# ${lead}${command}\n${text}`;
  return `${sections(node.files, prompt(''), Object.keys(COMMANDS))}${[...node.pods]
    .map(([pod, files]) => sections(files, prompt(`ip netns exec ${pod} `), Object.keys(COMMANDS)))
    .join('')}[root@${node.name} ~]# exit\n`;
};

const banners = (node: RecordedNode): string => {
  const banner = (command: string, text: string): string => `===== ${command} =====\n${text}\n`;
  return sections(node.files, banner);
};

const barf = (node: RecordedNode): string =>
  `${sections(node.files, (command, text) => `+ _________________________ ${command.replaceAll(' ', '-')}\n+ ${command}\n${text}`)}+ _________________________ date\n+ date\n`;

const flat = (texts: Texts): readonly TarMember[] => tree(texts);

/** A recorded bundle as each collector would have taken it. */
export const LAYOUTS: Readonly<Record<string, (nodes: readonly RecordedNode[]) => Promise<readonly TarMember[]>>> = {
  sos: async (nodes) => nodes.flatMap((node) => [...flat(sosFiles(node)), ...sosLinks(node)]),
  'sos collect': async (nodes) =>
    Promise.all(
      nodes.map(async (node) => ({
        name: `sos-collector-2026-11-20-abcde/sosreport-${node.name}-2026-11-20-qwertyu.tar`,
        text: await tar([...flat(sosFiles(node)), ...sosLinks(node)]),
      })),
    ),
  'subctl gather': async (nodes) =>
    nodes.flatMap((node) => flat(under('submariner-20261120164853/cluster1', subctlFiles(node)))),
  Rancher: async (nodes) =>
    Promise.all(
      nodes.map(async (node) => ({
        name: `${node.name}-2026-11-20_16_48_53.tar`,
        text: await tar(flat(under(`./${node.name}-2026-11-20_16_48_53`, renamed(node.files, RANCHER)))),
      })),
    ),
  'must-gather': async (nodes) => [
    { name: 'must-gather.local.4242/event-filter.html', text: '<html></html>\n' },
    { name: 'must-gather.local.4242/timestamp', text: '2026-11-20 16:48:53.000000 +0000 UTC\n' },
    ...nodes.flatMap((node) =>
      flat(under(`must-gather.local.4242/quay-io-sha256-1/nodes/${node.name}`, renamed(node.files, MUST_GATHER))),
    ),
  ],
  'ACK diagnose_k8s': async (nodes) =>
    Promise.all(
      nodes.map(async (node, at) => ({
        name: `diagnose_${1795193333 + at}.tar`,
        text: await tar(
          flat(
            under(`tmp/diagnose_${1795193333 + at}`, {
              network_info: sections(node.files, ack, [
                'ip_addr.txt',
                'ip_link_stats.txt',
                'ip_route.txt',
                'iptables-save.txt',
                'conntrack_-L.txt',
                'ipvsadm_-Ln.txt',
                'ip_rule.txt',
              ]),
              system_info: sections(node.files, ack, ['uname', 'sysctl_-a.txt']),
              system_status: sections(node.files, ack, ['ss_-antp.txt']),
            }),
          ),
        ),
      })),
    ),
  EKS: async (nodes) =>
    Promise.all(
      nodes.map(async (node, at) => ({
        name: `eks_i-0123456789abcdef${at}_2026-11-20_1648-UTC_0.7.9.tar`,
        text: await tar(
          flat(
            under(
              '.',
              merged([
                renamed(node.files, EKS),
                {
                  'system/instance-id.txt': `i-0123456789abcdef${at}\n`,
                  'networking/ipvsadm.txt': `-A -t ${node.name}:http -s rr\n\n${node.files.get('ipvsadm_-Ln.txt') ?? ''}\n${node.files.get('ipvsadm_-Ln_--stats.txt') ?? ''}`,
                  'networking/ifconfig.txt': ifconfig(node.files.get('ip_addr.txt') ?? ''),
                  'networking/ipset.txt': `${node.files.get('ipset_list.txt') ?? ''}\n`,
                  'networking/conntrack.txt': `*** Output of conntrack -S *** \n${node.files.get('conntrack_-S.txt') ?? ''}*** Output of conntrack -L ***\n${node.files.get('conntrack_-L.txt') ?? ''}`,
                },
              ]),
            ),
          ),
        ),
      })),
    ),
  supportconfig: async (nodes) =>
    nodes.flatMap((node) => flat(under(`scc_${node.name}_261120_1648`, supportconfig(node)))),
  'Replicated troubleshoot': async (nodes) => [
    {
      name: 'support-bundle-2026-11-20T16_48_53/version.yaml',
      text: 'apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n',
    },
    ...nodes.flatMap((node) =>
      flat(
        under(
          `support-bundle-2026-11-20T16_48_53/host-collectors/run-host/${node.name}`,
          renamed(node.files, TROUBLESHOOT),
        ),
      ),
    ),
  ],
  'Cilium sysdump': async (nodes) =>
    nodes.flatMap((node) =>
      flat(
        under(
          `cilium-sysdump-20261120-164853/cilium-bugtool-cilium-${node.name}-20261120-164853/cmd`,
          renamed(withRoutesPerTable(node), CILIUM),
        ),
      ),
    ),
  'Calico diags': async (nodes) =>
    nodes.flatMap((node) =>
      flat(
        under(
          `calico-diagnostics-20261120_164853/nodes/${node.name}`,
          Object.fromEntries(Object.entries(renamed(node.files, CALICO)).map(([name, text]) => [name, crlf(text)])),
        ),
      ),
    ),
  Antrea: async (nodes) =>
    Promise.all(
      nodes.map(async (node) => ({
        name: `support-bundles_20261120T164853Z/agent_${node.name}.tar`,
        text: await tar(flat({ agentinfo: 'name: agent\n', ...renamed(withRoutesPerTable(node), ANTREA) })),
      })),
    ),
  'pasted, a file per node': async (nodes) => nodes.map((node) => ({ name: `${node.name}.txt`, text: pasted(node) })),
  'pasted, one file': async (nodes) => [{ name: 'ticket.txt', text: nodes.map(pasted).join('') }],
  'banners, a file per node': async (nodes) => nodes.map((node) => ({ name: `${node.name}.log`, text: banners(node) })),
  'ipsec barf': async (nodes) => nodes.map((node) => ({ name: `barf-${node.name}.txt`, text: barf(node) })),
  'flat names': async (nodes) =>
    nodes.flatMap((node) =>
      [...node.files].map(([name, text]) => ({ name: `${node.name}-${name.replace(/\.txt$/, '')}.txt`, text })),
    ),
};
