import { describe, expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { captureList, noteCodes, readBytes, readTree, tar, tree, zip } from './archive.ts';
import * as s from './samples.ts';

const expectCaptures = (bundle: Bundle, captures: readonly string[]): void => {
  expect(captureList(bundle)).toEqual([...captures].sort());
};

test('generic: a folder per node, namespaces below it, one folder around', async () => {
  const bundle = await readTree({
    'case-4711/gw-a/ip_-6_route.txt': s.IP_ROUTE,
    'case-4711/gw-a/ipvsadm_-Lnc.txt': s.IPVS_CONN,
    'case-4711/gw-a/netns/web-0/ip_addr.txt': s.IP_ADDR,
    'case-4711/gw-a/tcpdump/any.txt': s.TCPDUMP,
    'case-4711/gw-b/conntrack_-L.txt': s.CONNTRACK,
    'case-4711/README': 'what we did\n',
  });
  expectCaptures(bundle, [
    'gw-a ip-route gw-a/ip_-6_route.txt',
    'gw-a ipvsadm-connections gw-a/ipvsadm_-Lnc.txt',
    'gw-a tcpdump gw-a/tcpdump/any.txt',
    'gw-a/web-0 ip-addr gw-a/netns/web-0/ip_addr.txt',
    'gw-b conntrack gw-b/conntrack_-L.txt',
  ]);
  expect(bundle.layout).toBe('generic');
  expect(bundle.ignored).toEqual([{ file: 'README', why: 'unknown' }]);
  const packets = bundle.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'tcpdump');
  expect(packets?.data.packets?.device).toBe('any');
});

describe('one node', () => {
  test('captures at the top: named by hostname', async () => {
    const bundle = await readTree({
      hostname: 'n7.example.com\n',
      'ip_addr.txt': s.IP_ADDR,
      'netns/p/ip_route.txt': s.IP_ROUTE,
    });
    expectCaptures(bundle, [
      'n7.example.com hostname hostname',
      'n7.example.com ip-addr ip_addr.txt',
      'n7.example.com/p ip-route netns/p/ip_route.txt',
    ]);
  });
  test('without hostname by uname, without uname by the archive', async () => {
    expect((await readTree({ 'uname.txt': s.UNAME('n8'), 'ip_addr.txt': s.IP_ADDR })).nodes[0]?.name).toBe('n8');
    expect((await readTree({ 'ip_addr.txt': s.IP_ADDR })).nodes[0]?.name).toBe('stdin');
  });
  test('the only folder is the node where it bears its name, or no name is told', async () => {
    const told = await readTree({ 'all/gw-a/hostname': 'gw-a\n', 'all/gw-a/ip_addr.txt': s.IP_ADDR });
    expectCaptures(told, ['gw-a hostname gw-a/hostname', 'gw-a ip-addr gw-a/ip_addr.txt']);
    const silent = await readTree({ 'gw-a/ip_rule.txt': s.IP_RULE, 'gw-a/ip_addr.txt': s.IP_ADDR });
    expectCaptures(silent, ['gw-a ip-addr gw-a/ip_addr.txt', 'gw-a ip-rule gw-a/ip_rule.txt']);
  });
  test('the only folder is a wrapper where the captures name another machine', async () => {
    const bundle = await readTree({ 'output/hostname': 'gw-a\n', 'output/ip_addr.txt': s.IP_ADDR });
    expectCaptures(bundle, ['gw-a hostname hostname', 'gw-a ip-addr ip_addr.txt']);
  });
});

test('flat: the node stands in the file name, before or behind the tool', async () => {
  const bundle = await readTree({
    'node1-conntrack.txt': s.CONNTRACK,
    'node1-ipvsadm-ln.txt': s.IPVS,
    'ip-10-0-0-2.ec2-conntrack-L.txt': s.CONNTRACK,
    'ip_xfrm_state_ip-10-0-0-2.ec2.txt': s.XFRM_STATE,
    'kubectl_get_svc.json': s.SERVICES,
  });
  expectCaptures(bundle, [
    'ip-10-0-0-2.ec2 conntrack ip-10-0-0-2.ec2-conntrack-L.txt',
    'ip-10-0-0-2.ec2 xfrm-state ip_xfrm_state_ip-10-0-0-2.ec2.txt',
    'node1 conntrack node1-conntrack.txt',
    'node1 ipvsadm node1-ipvsadm-ln.txt',
    'node1 kubectl kubectl_get_svc.json',
  ]);
});

test('packet captures: the device and the node in the name', async () => {
  const bundle = await readTree({
    'n1/ip_rule.txt': s.IP_RULE,
    'n2/ip_rule.txt': s.IP_RULE,
    'tcpdump/n1-eth0.txt': s.TCPDUMP,
    'tcpdump_any_n2.txt': s.TCPDUMP,
    'n2/tcpdump/vxlan.calico.txt': s.TCPDUMP,
    'n2/tcpdump/eth0.100.txt': s.TCPDUMP,
  });
  const packets = bundle.nodes.flatMap((n) =>
    n.namespaces.flatMap((ns) =>
      ns.captures.flatMap((c) => (c.data.packets ? [`${n.name} ${c.data.packets.device}`] : [])),
    ),
  );
  expect(packets.sort()).toEqual(['n1 eth0', 'n2 any', 'n2 eth0.100', 'n2 vxlan.calico']);
});

test('before and after are no nodes', async () => {
  const bundle = await readTree({
    hostname: 'n1\n',
    'conntrack-before.txt': s.CONNTRACK,
    'conntrack-after.txt': s.CONNTRACK,
  });
  expect(bundle.nodes.map((n) => n.name)).toEqual(['n1']);
});

test('a file is what its lines are where its name says nothing or something else', async () => {
  const bundle = await readTree({
    'n1/output.txt': s.IPSET,
    'n1/ip_route.txt': s.IP_RULE,
    'n2/iptables.txt': s.IPTABLES_SAVE,
    'n2/iptables2.log': s.IPTABLES_LIST,
  });
  expectCaptures(bundle, [
    'n1 ipset n1/output.txt',
    'n1 ip-rule n1/ip_route.txt',
    'n2 iptables-save n2/iptables.txt',
    'n2 iptables-list n2/iptables2.log',
  ]);
});

const SOS = {
  'version.txt': 'sosreport: 4.8.1\n',
  'sos_reports/manifest.json': '{}',
  'sos_commands/ipvs/ipvsadm_-Ln': s.IPVS,
  'sos_commands/ipvs/ipvsadm_-Ln_--connection': s.IPVS_CONN,
  'sos_commands/firewall_tables/iptables_-t_filter_-nvL': s.IPTABLES_LIST,
  'sos_commands/firewall_tables/nft_-a_list_ruleset': s.NFT,
  'sos_commands/networking/namespaces/cni-1/ip_netns_exec_cni-1_iptables-save': s.IPTABLES_SAVE,
  'sos_commands/networking/namespaces/cni-1/ip_netns_exec_cni-1_ip_-d_address_show': s.IP_ADDR,
  'sos_commands/networking/ip_netns_exec_old-2_ip_route_show_table_all': s.IP_ROUTE,
  'sos_commands/conntrack/ip_netns_exec_cni-1_conntrack_-L_-o_extended': s.CONNTRACK,
  'sos_commands/conntrack/conntrack_-S': s.CONNTRACK_STATS,
  'sos_commands/libreswan/ip_xfrm_state': s.XFRM_STATE,
  'sos_commands/networking/ip_-d_address': s.IP_ADDR,
  'sos_commands/networking/ip_-s_-d_link': s.IP_LINK,
  'sos_commands/networking/ip_-s_-s_neigh_show': s.IP_NEIGH,
  'sos_commands/networking/bridge_-s_-s_-d_-t_fdb_show': s.FDB,
  'sos_commands/networking/ss_-peaonmi': s.SS,
  'sos_commands/networking/nstat_-zas': s.NSTAT,
  'sos_commands/kernel/sysctl_-a': s.SYSCTL,
  'sos_commands/kernel/uname_-a': s.UNAME('worker-9'),
  'sos_commands/host/hostname': 'worker-9.lab\n',
  'sos_commands/date/date': s.DATE,
  'sos_commands/kubernetes/cluster-info/kubectl_--kubeconfig_.etc.kubernetes.admin.conf_get_-o_json_--namespace_default_services':
    s.SERVICES,
  'sos_commands/kubernetes/cluster-info/kubectl_describe_pod': 'Name: x\n',
  'proc/4711/net/xfrm_stat': s.XFRM_STAT,
  'proc/4711/net/route': 'Iface\tDestination\n',
  'etc/sysconfig/iptables': s.IPTABLES_SAVE,
  'var/log/messages': s.IP_ROUTE,
};
const inFolder = (folder: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));

describe('sos', () => {
  test('every output of the node and of its namespaces; copies of configuration are none', async () => {
    const bundle = await readTree(inFolder('sosreport-worker-9-2026-11-20-abcdefg', SOS));
    expect(bundle.layout).toBe('sos');
    expectCaptures(bundle, [
      'worker-9.lab ipvsadm sos_commands/ipvs/ipvsadm_-Ln',
      'worker-9.lab ipvsadm-connections sos_commands/ipvs/ipvsadm_-Ln_--connection',
      'worker-9.lab iptables-list sos_commands/firewall_tables/iptables_-t_filter_-nvL',
      'worker-9.lab nft-ruleset sos_commands/firewall_tables/nft_-a_list_ruleset',
      'worker-9.lab/cni-1 iptables-save sos_commands/networking/namespaces/cni-1/ip_netns_exec_cni-1_iptables-save',
      'worker-9.lab/cni-1 ip-addr sos_commands/networking/namespaces/cni-1/ip_netns_exec_cni-1_ip_-d_address_show',
      'worker-9.lab/old-2 ip-route sos_commands/networking/ip_netns_exec_old-2_ip_route_show_table_all',
      'worker-9.lab/cni-1 conntrack sos_commands/conntrack/ip_netns_exec_cni-1_conntrack_-L_-o_extended',
      'worker-9.lab conntrack-stats sos_commands/conntrack/conntrack_-S',
      'worker-9.lab xfrm-state sos_commands/libreswan/ip_xfrm_state',
      'worker-9.lab ip-addr sos_commands/networking/ip_-d_address',
      'worker-9.lab ip-link sos_commands/networking/ip_-s_-d_link',
      'worker-9.lab ip-neigh sos_commands/networking/ip_-s_-s_neigh_show',
      'worker-9.lab bridge-fdb sos_commands/networking/bridge_-s_-s_-d_-t_fdb_show',
      'worker-9.lab sockets sos_commands/networking/ss_-peaonmi',
      'worker-9.lab counters sos_commands/networking/nstat_-zas',
      'worker-9.lab sysctl sos_commands/kernel/sysctl_-a',
      'worker-9.lab uname sos_commands/kernel/uname_-a',
      'worker-9.lab hostname sos_commands/host/hostname',
      'worker-9.lab date sos_commands/date/date',
      'worker-9.lab kubectl sos_commands/kubernetes/cluster-info/kubectl_--kubeconfig_.etc.kubernetes.admin.conf_get_-o_json_--namespace_default_services',
      'worker-9.lab xfrm-stat proc/4711/net/xfrm_stat',
    ]);
  });
  test('an output that was too long is read through its link, and said to be its end only', async () => {
    const root = 'sosreport-n1-2026-11-20-abcdefg';
    const bundle = await readBytes(
      await tar([
        { name: `${root}/sos_commands/host/hostname`, text: 'n1\n' },
        {
          name: `${root}/sos_commands/conntrack/conntrack_-L_-o_extended`,
          type: 'symlink',
          linkname: '../../sos_strings/conntrack/conntrack_-L_-o_extended.tailed',
        },
        {
          name: `${root}/sos_strings/conntrack/conntrack_-L_-o_extended.tailed`,
          text: `rt=443 [ASSURED]\n${s.CONNTRACK}`,
        },
        { name: `${root}/hostname`, type: 'symlink', linkname: 'sos_commands/host/hostname' },
        { name: `${root}/sos_commands/ipvs/ipvsadm_-Ln`, type: 'symlink', linkname: '/nowhere' },
      ]),
    );
    const conntrack = bundle.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'conntrack');
    expect(conntrack).toMatchObject({ partial: true, records: 1 });
    expect(noteCodes(bundle)).toEqual(['dead-link', 'tailed']);
    expect(captureList(bundle)).toHaveLength(2);
  });
  test('sos collect: every inner report is a node', async () => {
    const report = (host: string) =>
      tar(
        tree(
          inFolder(`sosreport-${host}-2026-11-20-abcdefg`, {
            'sos_commands/host/hostname': `${host}\n`,
            'sos_commands/networking/ip_-d_address': s.IP_ADDR,
          }),
        ),
      );
    const bundle = await readBytes(
      await tar([
        { name: 'sos-collector-2026-11-20-abcde/sosreport-a.tar', text: await report('a') },
        { name: 'sos-collector-2026-11-20-abcde/sosreport-b.tar', text: await report('b') },
        { name: 'sos-collector-2026-11-20-abcde/sos_logs/ui.log', text: 'collecting\n' },
      ]),
    );
    expect(bundle.nodes.map((n) => [n.name, n.namespaces[0]?.captures.length])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });
  test('sos clean is seen by the addresses that it gives', async () => {
    const bundle = await readTree(
      inFolder('sosreport-host0-2026-11-20-abcdefg', {
        'sos_commands/networking/ip_-s_-d_link': s.IP_LINK.replace('52:54:00:12:34:56', '53:4f:53:11:22:33'),
      }),
    );
    expect(bundle.notes).toMatchObject([{ code: 'obfuscated', values: { by: 'sos clean' } }]);
    expect(bundle.nodes[0]?.name).toBe('host0');
  });
});

test('insights, core3 form', async () => {
  const bundle = await readTree(
    inFolder('insights-n1-20261120164853', {
      'insights_archive.txt': '',
      'meta_data/insights.specs.ip_addr.json': '{"name":"ip_addr"}',
      'data/insights_commands/ip_route_show_table_all': s.IP_ROUTE,
      'data/insights_commands/hostname': 'n1\n',
      'data/etc/sysconfig/iptables': s.IPTABLES_SAVE,
    }),
  );
  expect(bundle.layout).toBe('insights');
  expectCaptures(bundle, [
    'n1 hostname data/insights_commands/hostname',
    'n1 ip-route data/insights_commands/ip_route_show_table_all',
  ]);
});

test('subctl gather: a folder per cluster, the node in the name, the command in the first line', async () => {
  const files = {
    'cluster1/gw1_ip-a.log': `ip -d a\n${s.IP_ADDR}`,
    'cluster1/gw1_ip-routes-table150.log': `ip route show table 150\n${s.IP_ROUTE}`,
    'cluster1/gw1_ip-xfrm-policy.log': `ip xfrm policy\n${s.XFRM_POLICY}`,
    'cluster1/gw1_iptables-nat.log': `iptables -L -n -v --line-numbers -t nat\n${s.IPTABLES_LIST}`,
    'cluster1/gw1_ipset-list.log': `ipset list\n${s.IPSET}`,
    'cluster1/endpoints_submariner-operator_x.yaml': 'apiVersion: submariner.io/v1\nkind: Endpoint\n',
    'cluster1/submariner-gateway-x.log': s.IP_ROUTE,
    'cluster1/summary.html': '<html>',
    'cluster2/gw1_ip-a.log': `ip -d a\n${s.IP_ADDR}`,
    'cluster2/w2_sysctl-a.log': `sysctl -a\n${s.SYSCTL}`,
  };
  const bundle = await readTree(inFolder('submariner-20261120164853', files));
  expect(bundle.layout).toBe('subctl');
  expectCaptures(bundle, [
    'cluster1/gw1 ip-addr cluster1/gw1_ip-a.log:2',
    'cluster1/gw1 ip-route cluster1/gw1_ip-routes-table150.log:2',
    'cluster1/gw1 xfrm-policy cluster1/gw1_ip-xfrm-policy.log:2',
    'cluster1/gw1 iptables-list cluster1/gw1_iptables-nat.log:2',
    'cluster1/gw1 ipset cluster1/gw1_ipset-list.log:2',
    'cluster2/gw1 ip-addr cluster2/gw1_ip-a.log:2',
    'w2 sysctl cluster2/w2_sysctl-a.log:2',
  ]);
  const captures = bundle.nodes.flatMap((n) => n.namespaces.flatMap((ns) => ns.captures));
  expect(captures.find((c) => c.kind === 'ip-route')?.data.routes?.map((r) => r.table)).toEqual(['150', '150']);
  expect(captures.reduce((sum, c) => sum + c.unread, 0)).toBe(0);
});

test('subctl 0.13: the cluster in front of the node', async () => {
  const bundle = await readTree({
    'submariner-20221120164853/west_gw1_ip-a.log': `ip -d a\n${s.IP_ADDR}`,
    'submariner-20221120164853/west_gw1_ip-l.log': `ip -d l\n${s.IP_LINK}`,
  });
  expect(bundle.nodes.map((n) => n.name)).toEqual(['gw1']);
});

test('Rancher', async () => {
  const bundle = await readTree(
    inFolder('./rke2-w1-2026-11-20_16_48_53', {
      'networking/iptablessave': s.IPTABLES_SAVE,
      'networking/iptablesnat': s.IPTABLES_LIST,
      'networking/ipvsadm': s.IPVS,
      'networking/procnetxfrmstat': s.XFRM_STAT,
      'networking/ipaddrshow': s.IP_ADDR,
      'networking/ipv6neighbour': s.IP_NEIGH,
      'networking/ssanp': s.SS,
      'systeminfo/conntrack': s.CONNTRACK_STATS,
      'systeminfo/hostname': 'rke2-w1\n',
      'systeminfo/date': s.DATE,
      'systeminfo/sysctla': s.SYSCTL,
      'rke2/kubectl/services':
        'NAMESPACE   NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR\ndefault     web    ClusterIP   10.43.0.9    <none>        80/TCP    1d    app=web\n',
      'rke2/kubectl/version': 'v1\n',
      'journald/kubelet': s.IP_ROUTE,
    }),
  );
  expect(bundle.layout).toBe('rancher');
  expectCaptures(bundle, [
    'rke2-w1 iptables-save networking/iptablessave',
    'rke2-w1 iptables-list networking/iptablesnat',
    'rke2-w1 ipvsadm networking/ipvsadm',
    'rke2-w1 xfrm-stat networking/procnetxfrmstat',
    'rke2-w1 ip-addr networking/ipaddrshow',
    'rke2-w1 ip-neigh networking/ipv6neighbour',
    'rke2-w1 sockets networking/ssanp',
    'rke2-w1 conntrack-stats systeminfo/conntrack',
    'rke2-w1 hostname systeminfo/hostname',
    'rke2-w1 date systeminfo/date',
    'rke2-w1 sysctl systeminfo/sysctla',
    'rke2-w1 kubectl rke2/kubectl/services',
  ]);
});

test('must-gather: the xfrm dumps are those of the node that runs the pod', async () => {
  const image = 'must-gather.local.42/quay-io-ocp-sha256-1';
  const bundle = await readTree({
    'must-gather.local.42/event-filter.html': '<html>',
    'must-gather.local.42/timestamp': '2026-11-20 16:48:53\n',
    [`${image}/network_logs/ipsec/xfrm/ovn-ipsec-host-abc_state.log`]: s.XFRM_STATE,
    [`${image}/network_logs/ipsec/xfrm/ovn-ipsec-host-abc_policy.log`]: s.XFRM_POLICY,
    [`${image}/network_logs/ipsec/status/ovn-ipsec-host-abc.log`]: '000 using kernel interface\n',
    [`${image}/namespaces/openshift-ovn-kubernetes/pods/ovn-ipsec-host-abc/ovn-ipsec-host-abc.yaml`]: s.POD(
      'ovn-ipsec-host-abc',
      'master-0',
    ),
    [`${image}/namespaces/default/core/services.yaml`]: 'apiVersion: v1\nitems: []\nkind: ServiceList\n',
    [`${image}/namespaces/default/core/configmaps.yaml`]: 'apiVersion: v1\nkind: ConfigMapList\n',
    [`${image}/cluster-scoped-resources/core/nodes/master-0.yaml`]:
      'apiVersion: v1\nkind: Node\nmetadata:\n  name: master-0\n',
    [`${image}/nodes/worker-1/iptables`]: s.IPTABLES_SAVE,
    [`${image}/nodes/worker-1/conntrack-l`]: s.CONNTRACK,
    [`${image}/nodes/worker-1/dmesg`]: '[    1.000000] x\n',
  });
  expect(bundle.layout).toBe('must-gather');
  const list = captureList(bundle).map((line) => line.replace(/ \S+$/, ''));
  expect(list).toEqual(
    expect.arrayContaining([
      'master-0 xfrm-state',
      'master-0 xfrm-policy',
      'worker-1 iptables-save',
      'worker-1 conntrack',
    ]),
  );
  expect(list.filter((line) => line.endsWith('kubectl'))).toHaveLength(3);
  expect(list).toHaveLength(7);
});

const ackRun = (command: string, output: string): string =>
  `\n-----------------run ${command}------------------\n${output}------------End of ${command.split(' ')[0]}----------------\n`;

test('ACK diagnose_k8s: sections between run and End of, the moment in the folder', async () => {
  const bundle = await readTree(
    inFolder('tmp/diagnose_1795193333', {
      network_info:
        ackRun('ip --details ad show', s.IP_ADDR) +
        ackRun('iptables-save', s.IPTABLES_SAVE) +
        ackRun('cat /proc/net/nf_conntrack', `ipv4     2 ${s.CONNTRACK}`) +
        ackRun('ip route show', s.IP_ROUTE),
      system_info:
        ackRun('uname -a', s.UNAME('iZbp1')) + ackRun('sysctl -a', s.SYSCTL) + ackRun('lsmod', 'Module Size\n'),
      'varlogmessage.log': s.IP_ROUTE,
    }),
  );
  expect(bundle.layout).toBe('ack');
  expectCaptures(bundle, [
    'iZbp1 ip-addr network_info:3',
    'iZbp1 iptables-save network_info:10',
    'iZbp1 conntrack network_info:21',
    'iZbp1 ip-route network_info:25',
    'iZbp1 uname system_info:3',
    'iZbp1 sysctl system_info:7',
  ]);
  expect(bundle.times.map((t) => t.epoch)).toContain(1795193333);
});

test('Replicated troubleshoot', async () => {
  const bundle = await readTree(
    inFolder('support-bundle-2026-11-20T16_48_53', {
      'version.yaml': 'apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n',
      'host-collectors/run-host/n1/iptables-save.txt': s.IPTABLES_SAVE,
      'host-collectors/run-host/n1/ipvsadm.txt': s.IPVS,
      'host-collectors/run-host/n1/ipvsadm-info.json': '{"command":"ipvsadm"}',
      'host-collectors/run-host/n2/netstat-route-table.txt':
        'Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n0.0.0.0         10.0.0.1        0.0.0.0         UG        0 0          0 eth0\n',
      'cluster-resources/services/default.json': s.SERVICES,
      'cluster-resources/events/default.json': '{"kind":"EventList","apiVersion":"v1","items":[]}',
      'sysctl/n1': '/proc/sys/net/ipv4/ip_forward = 1\n',
    }),
  );
  expect(bundle.layout).toBe('troubleshoot');
  expectCaptures(bundle, [
    'n1 iptables-save host-collectors/run-host/n1/iptables-save.txt',
    'n1 ipvsadm host-collectors/run-host/n1/ipvsadm.txt',
    'n2 ip-route host-collectors/run-host/n2/netstat-route-table.txt',
    'n1 kubectl cluster-resources/services/default.json',
    'n1 sysctl sysctl/n1',
  ]);
});

test('EKS log collector', async () => {
  const bundle = await readTree({
    './networking/iptables-save.txt': s.IPTABLES_SAVE,
    './networking/conntrack.txt': `*** Output of conntrack -S *** \n${s.CONNTRACK_STATS}*** Output of conntrack -L ***\n${s.CONNTRACK}`,
    './networking/iproute.txt': s.IP_ROUTE,
    './networking/ipset.txt': s.IPSET,
    './sysctls/sysctl_all.txt': s.SYSCTL,
    './system/instance-id.txt': 'i-0abc\n',
    './kernel/uname.txt': s.UNAME('ip-10-0-0-9.ec2.internal'),
    './var_log/messages': s.IP_ROUTE,
  });
  expect(bundle.layout).toBe('eks');
  expectCaptures(bundle, [
    'ip-10-0-0-9.ec2.internal iptables-save networking/iptables-save.txt',
    'ip-10-0-0-9.ec2.internal conntrack-stats networking/conntrack.txt:2',
    'ip-10-0-0-9.ec2.internal conntrack networking/conntrack.txt:4',
    'ip-10-0-0-9.ec2.internal ip-route networking/iproute.txt',
    'ip-10-0-0-9.ec2.internal ipset networking/ipset.txt',
    'ip-10-0-0-9.ec2.internal sysctl sysctls/sysctl_all.txt',
    'ip-10-0-0-9.ec2.internal uname kernel/uname.txt',
  ]);
});

const suse = (command: string, output: string): string =>
  `#==[ Command ]======================================#\n# ${command}\n${output}\n`;

test('supportconfig: headers in big files, a file per namespace', async () => {
  const bundle = await readTree(
    inFolder('scc_sle-1_261120_1648', {
      'network.txt': `${suse('/sbin/ip addr', s.IP_ADDR)}${suse('/sbin/ip xfrm state list', s.XFRM_STATE)}#==[ Configuration File ]===#\n# /etc/hosts\n127.0.0.1 localhost\n\n${suse('/sbin/ipvsadm -Ln', s.IPVS)}${suse('/usr/sbin/iptables-save -t filter', s.IPTABLES_SAVE)}`,
      'network-blue.txt': suse('/sbin/ip netns exec blue ip route', s.IP_ROUTE),
      'basic-environment.txt': suse('/bin/date', s.DATE) + suse('/bin/uname -a', s.UNAME('sle-1')),
      'env.txt': suse('/sbin/sysctl -a', s.SYSCTL),
      'messages.txt': s.IP_ROUTE,
    }),
  );
  expect(bundle.layout).toBe('supportconfig');
  expect(captureList(bundle).map((line) => line.replace(/:\d+$/, ''))).toEqual(
    [
      'sle-1 ip-addr network.txt',
      'sle-1 xfrm-state network.txt',
      'sle-1 ipvsadm network.txt',
      'sle-1 iptables-save network.txt',
      'sle-1/blue ip-route network-blue.txt',
      'sle-1 date basic-environment.txt',
      'sle-1 uname basic-environment.txt',
      'sle-1 sysctl env.txt',
    ].sort(),
  );
});

test('Cilium sysdump: an agent per folder, as zip', async () => {
  const root = 'cilium-sysdump-20261120-164853';
  const bundle = await readBytes(
    zip([
      { name: `${root}/cilium-bugtool-cilium-x/cmd/hostname.md`, text: 'kind-worker\n' },
      { name: `${root}/cilium-bugtool-cilium-x/cmd/ip--s-xfrm-state.md`, text: s.XFRM_STATE },
      { name: `${root}/cilium-bugtool-cilium-x/cmd/iptables-save--c.md`, text: s.IPTABLES_SAVE },
      { name: `${root}/cilium-bugtool-cilium-x/cmd/cat--proc-net-xfrm_stat.md`, text: s.XFRM_STAT },
      { name: `${root}/cilium-bugtool-cilium-x/cmd/cilium-bpf-ct-list-global.md`, text: 'TCP IN 10.0.0.1\n' },
      { name: `${root}/k8s-services-20261120-164853.yaml`, text: 'apiVersion: v1\nkind: ServiceList\nitems: []\n' },
    ]),
  );
  expect(bundle.layout).toBe('cilium');
  expect(captureList(bundle).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'kind-worker hostname',
    'kind-worker iptables-save',
    'kind-worker kubectl',
    'kind-worker xfrm-stat',
    'kind-worker xfrm-state',
  ]);
});

describe('Calico', () => {
  test('cluster diags, with the carriage returns of a terminal', async () => {
    const bundle = await readTree(
      inFolder('calico-diagnostics-20261120_164853', {
        'nodes/n1/iptables-nft-save.txt': s.IPTABLES_SAVE.replaceAll('\n', '\r\n'),
        'nodes/n1/ip-route-v6.txt': s.IP_ROUTE,
        'nodes/n2/ipset-list.txt': s.IPSET,
        'cluster/kubernetes/services.yaml': 'apiVersion: v1\nkind: ServiceList\nitems: []\n',
        'cluster/crd/ippools.yaml': 'apiVersion: v1\nkind: List\n',
      }),
    );
    expect(captureList(bundle).filter((line) => !line.includes('kubectl'))).toEqual([
      'n1 ip-route nodes/n1/ip-route-v6.txt',
      'n1 iptables-save nodes/n1/iptables-nft-save.txt',
      'n2 ipset nodes/n2/ipset-list.txt',
    ]);
    expect(bundle.nodes[0]?.namespaces[0]?.captures.reduce((sum, c) => sum + c.unread, 0)).toBe(0);
  });
  test('node diags; felix, whose route file holds several', async () => {
    const node = await readTree(
      inFolder('diagnostics', {
        hostname: 'n3\n',
        ipv4_tables: s.IPTABLES_SAVE,
        ipsets: s.IPSET,
        ipv4_addr: s.IP_ADDR,
      }),
    );
    expect(node.layout).toBe('calico');
    expect(captureList(node)).toEqual([
      'n3 hostname hostname',
      'n3 ip-addr ipv4_addr',
      'n3 ipset ipsets',
      'n3 iptables-save ipv4_tables',
    ]);
    const felix = await readTree(
      inFolder('calico-diags_n4_2026-11-20_16-48-53', {
        route: `ip -4 route show\n${s.IP_ROUTE}\nip rule list\n${s.IP_RULE}\n`,
        ipset: s.IPSET,
      }),
    );
    expect(captureList(felix)).toEqual(['n4 ip-route route:2', 'n4 ip-rule route:6', 'n4 ipset ipset']);
  });
});

test('Antrea: the node is the name of its archive', async () => {
  const agent = await tar(
    tree({
      agentinfo: 'x\n',
      iptables: s.IPTABLES_SAVE,
      ipset: s.IPSET_SAVE,
      'route-table-all': s.IP_ROUTE,
      link: s.IP_LINK,
      address: s.IP_ADDR,
      rule: s.IP_RULE,
      flows: s.IP_ROUTE,
    }),
  );
  const bundle = await readBytes(
    await tar([
      { name: 'support-bundles_20261120T164853Z/agent_w1.tar.gz', text: agent },
      { name: 'support-bundles_20261120T164853Z/clusterinfo', text: 'x: 1\n' },
    ]),
  );
  expect(bundle.layout).toBe('antrea');
  expect(captureList(bundle).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'w1 ip-addr',
    'w1 ip-link',
    'w1 ip-route',
    'w1 ip-rule',
    'w1 ipset',
    'w1 iptables-save',
  ]);
});

test('Kube-OVN: stars between the outputs of one file', async () => {
  const bundle = await readTree({
    'kubectl-ko-log/n1/linux/xfrm.log': `****************** policy ******************\n${s.XFRM_POLICY}\n****************** state ******************\n${s.XFRM_STATE}`,
    'kubectl-ko-log/n1/linux/addr.log': s.IP_ADDR,
    'kubectl-ko-log/n2/linux/route.log': s.IP_ROUTE,
    'kubectl-ko-log/n2/kube-ovn.log': s.IP_ROUTE,
  });
  expect(bundle.layout).toBe('kube-ovn');
  expect(captureList(bundle).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'n1 ip-addr',
    'n1 xfrm-policy',
    'n1 xfrm-state',
    'n2 ip-route',
  ]);
});

test('AKS: namespaces in a trace of the shell', async () => {
  const bundle = await readBytes(
    zip([
      { name: 'collect/conntrack.txt', text: s.CONNTRACK },
      { name: 'collect/iptables.txt', text: s.IPTABLES_LIST },
      {
        name: 'collect/ip_netns_commands.txt',
        text: `netns: cni-7\n+ ip addr\n${s.IP_ADDR}+ ip route show\n${s.IP_ROUTE}`,
      },
      { name: 'collect/proc/net/xfrm_stat', text: s.XFRM_STAT },
      { name: 'collect/proc/sys/kernel/hostname', text: 'aks-1\n' },
      { name: 'collect/ip_4_route.json', text: '[{"dst":"default","gateway":"10.0.0.1","dev":"eth0","flags":[]}]\n' },
    ]),
  );
  expect(bundle.layout).toBe('aks');
  expect(captureList(bundle).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'aks-1 conntrack',
    'aks-1 hostname',
    'aks-1 ip-route',
    'aks-1 iptables-list',
    'aks-1 xfrm-stat',
    'aks-1/cni-7 ip-addr',
    'aks-1/cni-7 ip-route',
  ]);
});

test('ipsec barf: a trace with underscores', async () => {
  const bundle = await readTree({
    'barf.txt': `east\nFri Nov 20 16:48:53 UTC 2026\n+ _________________________ version\n+ ipsec --version\nLibreswan 4.9\n+ _________________________ ip-xfrm-state\n+ ip xfrm state\n${s.XFRM_STATE}+ _________________________ /proc/net/xfrm_stat\n+ cat /proc/net/xfrm_stat\n${s.XFRM_STAT}+ _________________________ end\n`,
  });
  expect(captureList(bundle).map((line) => line.split(' ')[1])).toEqual(['date', 'xfrm-stat', 'xfrm-state']);
});

test('kubectl cluster-info dump', async () => {
  const bundle = await readTree(
    inFolder('dump', {
      'nodes.json': '{"kind":"NodeList","apiVersion":"v1","items":[]}',
      'kube-system/services.json': s.SERVICES,
      'kube-system/events.json': '{"kind":"EventList","apiVersion":"v1","items":[]}',
      'kube-system/pods.json': '{"kind":"PodList","apiVersion":"v1","items":[]}',
    }),
  );
  expect(bundle.layout).toBe('cluster-info');
  expect(captureList(bundle).map((line) => line.split(' ')[2])).toEqual([
    'kube-system/pods.json',
    'kube-system/services.json',
    'nodes.json',
  ]);
});

test('support-bundle-kit: a zip per node in a zip', async () => {
  const bundle = await readBytes(
    zip([
      { name: 'supportbundle_1/metadata.yaml', text: 'x: 1\n' },
      {
        name: 'supportbundle_1/yamls/namespaced/default/v1/services.yaml',
        text: 'apiVersion: v1\nkind: ServiceList\nitems: []\n',
      },
      { name: 'supportbundle_1/yamls/cluster/v1/configmaps.yaml', text: 'apiVersion: v1\nkind: List\n' },
      { name: 'supportbundle_1/nodes/h1.zip', text: zip([{ name: 'h1/iptables-save.txt', text: s.IPTABLES_SAVE }]) },
    ]),
  );
  expect(bundle.layout).toBe('support-bundle-kit');
  expect(captureList(bundle)).toEqual(expect.arrayContaining(['h1 iptables-save nodes/h1.zip!/h1/iptables-save.txt']));
});

test('MicroK8s and kubespray', async () => {
  const microk8s = await readTree(
    inFolder('inspection-report', {
      'network/ip-addr': s.IP_ADDR,
      'network/iptables-S': '-P INPUT ACCEPT\n-P FORWARD DROP\n',
      'args/kubelet': '--x\n',
      'snap.log': s.IP_ROUTE,
    }),
  );
  expect(captureList(microk8s).map((line) => line.split(' ')[1])).toEqual(['ip-addr', 'iptables-save']);
  const spray = await readTree(
    inFolder('collect-info/commands', {
      'n1/root/ip_info': '1: lo    inet 127.0.0.1/8 scope host lo\n',
      'n2/home/u/route_info': s.IP_ROUTE,
      'n2/home/u/k8s_info': 'x\n',
    }),
  );
  expect(captureList(spray).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'n1 ip-addr',
    'n2 ip-route',
  ]);
});
