import { describe, expect, test } from 'vitest';
import { captureList, readTree } from './archive.ts';
import * as s from './samples.ts';

const kinds = async (text: string, name = 'case/paste.txt'): Promise<readonly string[]> =>
  captureList(await readTree({ [name]: text, 'case/note.md': 'hello\n' })).map((line) =>
    line.replace(`${name.replace('case/', '')}`, ''),
  );

describe('outputs under the line that asked for them', () => {
  test.each([
    ['a bare prompt', '$ ', ''],
    ['root', '# ', ''],
    ['user and host', 'root@n1:~# ', ''],
    ['Red Hat', '[root@n1 ~]# ', ''],
    ['SUSE', 'n1:~ # ', ''],
    ['a container', '/ # ', ''],
    ['bash in a pod', 'bash-5.1# ', ''],
    ['sh -x', '+ ', ''],
    ['head of several files', '==> ', ' <=='],
    ['equals', '===== ', ' ====='],
    ['equals on one side', '=== ', ''],
    ['dashes', '--- ', ' ---'],
    ['hashes', '### ', ' ###'],
    ['stars', '*** ', ' ***'],
    ['sudo', '$ sudo ', ''],
    ['with a word before', '--- Output of ', ':'],
  ])('%s', async (_, before, after) => {
    const text = `${before}ip -6 route show table all${after}\n${s.IP_ROUTE}${before}iptables-save -c${after}\n${s.IPTABLES_SAVE}\n${before}ps aux${after}\nUSER PID\n`;
    const found = await kinds(text);
    expect(found.map((line) => line.split(' ')[1])).toEqual(expect.arrayContaining(['ip-route', 'iptables-save']));
    expect(found).toHaveLength(2);
    expect(found.map((line) => line.replace(/^.*:/, '')).sort()).toEqual(['2', '5']);
  });

  test('the prompt names the node, ip netns exec the namespace', async () => {
    const text = `[root@n1 ~]# ip netns exec blue ip addr\n${s.IP_ADDR}[root@n1 ~]# ip -n red route\n${s.IP_ROUTE}[root@n1 ~]# \n[root@n2 ~]# ipvsadm -Ln\n${s.IPVS}`;
    expect(await kinds(text)).toEqual(['n1/blue ip-addr :2', 'n1/red ip-route :7', 'n2 ipvsadm :11']);
  });

  test('ssh, kubectl exec, docker exec, kubectl debug', async () => {
    const text = `$ ssh root@n1 sudo ipvsadm -Ln\n${s.IPVS}$ kubectl exec -n default web-0 -- ip route\n${s.IP_ROUTE}$ docker exec kind-worker conntrack -L\n${s.CONNTRACK}$ kubectl debug node/n9 -it --image=x -- chroot /host ip rule\n${s.IP_RULE}`;
    const found = await kinds(text);
    expect(found).toEqual(expect.arrayContaining(['n1 ipvsadm :2', 'kind-worker conntrack :11', 'n9 ip-rule :13']));
    expect(found.filter((line) => line.includes('/web-0 ip-route'))).toHaveLength(1);
  });

  test('files under each other, and nodes as titles', async () => {
    expect(await kinds(`==> ip_rule.txt <==\n${s.IP_RULE}\n==> xfrm_stat.txt <==\n${s.XFRM_STAT}\n`)).toHaveLength(2);
    expect(
      await kinds(`===== node-1 =====\n$ ip rule\n${s.IP_RULE}===== node-2 =====\n$ ip rule\n${s.IP_RULE}`),
    ).toEqual(['node-1 ip-rule :3', 'node-2 ip-rule :8']);
  });

  test('fences of Markdown', async () => {
    const found = await kinds(`# ip addr\n\`\`\`\n${s.IP_ADDR}\`\`\`\n`);
    expect(found.map((line) => line.split(' ')[1])).toEqual(['ip-addr']);
  });

  test('the command reaches the reader: a table, a device', async () => {
    const bundle = await readTree({
      'p.txt': `$ ip route show table 77\n${s.IP_ROUTE}$ tcpdump -nni eth0 port 80\n${s.TCPDUMP}`,
    });
    const captures = bundle.nodes[0]?.namespaces[0]?.captures;
    expect(captures?.[0]?.data.routes?.[0]?.table).toBe('77');
    expect(captures?.[1]?.data.packets?.device).toBe('eth0');
  });

  test('line numbers are those of the file', async () => {
    const bundle = await readTree({
      'p.txt': `$ ip rule\n${s.IP_RULE}$ conntrack -L\n${s.CONNTRACK.repeat(2000)}broken entry\n`,
    });
    const conntrack = bundle.nodes[0]?.namespaces[0]?.captures.find((c) => c.kind === 'conntrack');
    expect(conntrack).toMatchObject({ firstLine: 6, records: 2000 });
    expect(conntrack?.unreadLines[0]?.source.line).toBe(2006);
  });
});

describe('lines that are no headers', () => {
  test.each([
    ['iptables-save.txt', s.IPTABLES_SAVE, 'iptables-save'],
    [
      'iptables-save.txt',
      `${s.IPTABLES_SAVE}# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n`,
      'iptables-save',
    ],
    ['nft.txt', `# Warning: table ip nat is managed by iptables-nft, do not touch!\n${s.NFT}`, 'nft-ruleset'],
    [
      'conntrack.txt',
      `conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n${s.CONNTRACK}`,
      'conntrack',
    ],
    [
      'svc.yaml',
      '---\napiVersion: v1\nkind: ServiceList\nitems: []\n---\napiVersion: v1\nkind: EndpointsList\nitems: []\n',
      'kubectl',
    ],
    ['nstat.txt', s.NSTAT, 'counters'],
    ['tcpdump.txt', `tcpdump: listening on any, link-type LINUX_SLL2\n${s.TCPDUMP}`, 'tcpdump'],
    ['ipvsadm.txt', 'bash: ipvsadm: command not found\n', 'ipvsadm'],
  ])('%s', async (name, text, kind) => {
    const bundle = await readTree({ [`n1/${name}`]: text, 'n2/ip_rule.txt': s.IP_RULE });
    expect(captureList(bundle)).toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(`^n\\d ${kind} n1/${name}$`))]),
    );
    expect(captureList(bundle)).toHaveLength(2);
  });

  test('prose that mentions commands', async () => {
    const bundle = await readTree({
      'n1/ip_rule.txt': s.IP_RULE,
      'n1/README': 'First we ran ip route, then\n# of nodes: 3\n> quoted words\n--- see below ---\n',
    });
    expect(captureList(bundle)).toHaveLength(1);
  });
});

describe('whose outputs of a folder files with several are', () => {
  const alpha = (name: string): string =>
    `===== hostname =====\n${name}\n===== ip addr =====\n${s.IP_ADDR}===== ip rule =====\n${s.IP_RULE}`;
  const nodesOf = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    (await readTree(files)).nodes.map((node) => `${node.name} ${node.namespaces[0]?.captures.length}`);

  test('each file tells its machine', async () => {
    expect(await nodesOf({ 'a.log': alpha('gw-a'), 'b.log': alpha('gw-b') })).toEqual(['gw-a 3', 'gw-b 3']);
  });
  test('no file tells one: the file names do, where both tell the same story', async () => {
    const text = `===== ip addr =====\n${s.IP_ADDR}===== ip rule =====\n${s.IP_RULE}`;
    expect(await nodesOf({ 'gw-a.log': text, 'gw-b.log': text })).toEqual(['gw-a 2', 'gw-b 2']);
    expect(await nodesOf({ 'before.log': text, 'after.log': text })).toHaveLength(1);
  });
  test('several files of one machine', async () => {
    const more = `===== ip neigh =====\n${s.IP_NEIGH}===== ipvsadm -Ln =====\n${s.IPVS}`;
    expect(await nodesOf({ 'net.log': alpha('gw-a'), 'more.log': more })).toEqual(['gw-a 5']);
  });
  test('one file, one machine after the other', async () => {
    const text = `$ date\n${s.DATE}$ hostname\nn1\n$ ip rule\n${s.IP_RULE}$ date\n${s.DATE}$ hostname\nn2\n$ ip rule\n${s.IP_RULE}`;
    expect(await nodesOf({ 'ticket.txt': text })).toEqual(['n1 3', 'n2 3']);
  });
  test('the long and the short name are one machine', async () => {
    const text = `$ hostname\nn1\n$ uname -a\n${s.UNAME('n1.example.com')}$ ip rule\n${s.IP_RULE}`;
    expect(await nodesOf({ 'ticket.txt': text })).toEqual(['n1 3']);
  });
});

test('machines whose names begin like a device', async () => {
  const bundle = await readTree({
    'bravo-ip_addr.txt': s.IP_ADDR,
    'bravo-ip_rule.txt': s.IP_RULE,
    'kube-node-1-ip_addr.txt': s.IP_ADDR,
    'kube-node-1-ip_rule.txt': s.IP_RULE,
    'bravo-tcpdump/any.txt': s.TCPDUMP,
  });
  expect(captureList(bundle).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'bravo ip-addr',
    'bravo ip-rule',
    'bravo tcpdump',
    'kube-node-1 ip-addr',
    'kube-node-1 ip-rule',
  ]);
});

describe('outputs under one another without a word between them', () => {
  const parts = [
    s.UNAME('n1'),
    s.DATE,
    s.IP_ADDR,
    s.IP_RULE,
    s.IP_ROUTE,
    s.IP_NEIGH,
    s.IPVS,
    s.IPVS_CONN,
    s.IPTABLES_SAVE,
    s.IPSET,
    s.CONNTRACK,
    s.XFRM_STATE,
    s.XFRM_POLICY,
    s.XFRM_STAT,
    s.SYSCTL,
    s.NSTAT,
    s.SS,
    s.TCPDUMP,
  ];
  test('each is read, in any order, in one file of any name', async () => {
    for (const order of [parts, [...parts].reverse()]) {
      const bundle = await readTree({ 'all.txt': order.map((part) => `${part.trimEnd()}\n`).join('') });
      const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
      expect(captures.map((capture) => capture.kind).sort()).toEqual(
        [
          'conntrack',
          'counters',
          'date',
          'ip-addr',
          'ip-neigh',
          'ip-route',
          'ip-rule',
          'ipset',
          'iptables-save',
          'ipvsadm',
          'ipvsadm-connections',
          'sockets',
          'sysctl',
          'tcpdump',
          'uname',
          'xfrm-policy',
          'xfrm-stat',
          'xfrm-state',
        ].sort(),
      );
      expect(captures.filter((capture) => capture.unread > 0).map((capture) => capture.kind)).toEqual([]);
      expect(bundle.nodes.map((node) => node.name)).toEqual(['n1']);
    }
  });
});
