import { readFileSync } from 'node:fs';
import type { Finding, FlowAnalysis } from '../../src/causes/facts/finding.ts';
import { declaredCommand } from '../../src/causes/facts/shell.ts';
import type { FlowEvidence, SeenPacket } from '../../src/evidence/observation.ts';
import type { Analysis, InventoryCapture } from '../../src/judging/analysis.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import { quotable } from '../quotable.ts';
import { seen, viewOf } from './sample-packets.ts';
import { sampleWalk } from './sample-walk.ts';

const QUOTED = new URL('quoted/', import.meta.url);
const linesOf = (file: string): readonly string[] => readFileSync(new URL(file, QUOTED), 'utf8').split('\n');

const viewsOf = (file: string, device?: string) => linesOf(file).map((text, i) => viewOf(file, i + 1, text, device));

const SPI_OUT = 0xc1000001;
const SYN_SPORT = 32811;

/** Packets of the broken flow: the ESP packets from the 13th (outward) and 13th (inward) on, and the plain ones by port. */
const packetsOf = (namespace: string, file: string, device?: string): SeenPacket[] =>
  viewsOf(file, device).flatMap((view) => {
    if (!view) return [];
    if (view.proto === 'esp') {
      if ((view.espSeq ?? 0) < 0xd) return [];
      const out = view.spi === SPI_OUT;
      const sender = out ? 'cloud-gw' : 'edge-gw';
      return [
        seen(
          namespace,
          view,
          out ? 'forward' : 'reply',
          out ? (namespace === sender ? 8 : 10) : namespace === sender ? 6 : 7,
        ),
      ];
    }
    if (view.sport === SYN_SPORT || view.dport === SYN_SPORT) {
      const out = view.dport === 80;
      const step = out
        ? namespace === 'edge-gw'
          ? view.device === 'eth0'
            ? 10
            : 14
          : 15
        : namespace === 'cloud-gw'
          ? 7
          : namespace === 'edge-gw'
            ? 2
            : 1;
      return [seen(namespace, view, out ? 'forward' : 'reply', step)];
    }
    return [];
  });

const packets = [
  ...packetsOf('cloud-gw', 'cloud-gw/tcpdump/any.txt'),
  ...packetsOf('edge-gw', 'edge-gw/tcpdump/any.txt'),
  ...packetsOf('edge-gw/nginx', 'edge-gw/netns/nginx/tcpdump/eth0.txt', 'eth0'),
].sort((a, b) => (a.view.time ?? 0) - (b.view.time ?? 0));

const evidence: FlowEvidence = {
  entries: [
    {
      namespace: 'cloud-gw',
      agrees: true,
      entry: {
        source: { file: 'cloud-gw/conntrack_-L.txt', line: 4 },
        proto: 'tcp',
        family: 4,
        timeout: 52,
        state: 'SYN_RECV',
        original: {
          src: '10.255.31.243',
          dst: '10.255.31.243',
          sport: 45026,
          dport: 80,
          icmpType: undefined,
          icmpCode: undefined,
          icmpId: undefined,
        },
        reply: {
          src: '10.233.68.67',
          dst: '10.233.64.0',
          sport: 80,
          dport: 32811,
          icmpType: undefined,
          icmpCode: undefined,
          icmpId: undefined,
        },
        unreplied: false,
        assured: false,
        offload: false,
        mark: 0,
        zone: undefined,
        originalPackets: undefined,
        replyPackets: undefined,
        event: undefined,
      },
    },
    {
      namespace: 'edge-gw',
      agrees: true,
      entry: {
        source: { file: 'edge-gw/conntrack_-L.txt', line: 4 },
        proto: 'tcp',
        family: 4,
        timeout: 47,
        state: 'SYN_RECV',
        original: {
          src: '10.233.64.0',
          dst: '10.233.68.67',
          sport: 32811,
          dport: 80,
          icmpType: undefined,
          icmpCode: undefined,
          icmpId: undefined,
        },
        reply: {
          src: '10.233.68.67',
          dst: '10.233.64.0',
          sport: 80,
          dport: 32811,
          icmpType: undefined,
          icmpCode: undefined,
          icmpId: undefined,
        },
        unreplied: false,
        assured: false,
        offload: false,
        mark: 0,
        zone: undefined,
        originalPackets: undefined,
        replyPackets: undefined,
        event: undefined,
      },
    },
  ],
  connections: [
    {
      namespace: 'cloud-gw',
      connection: {
        source: { file: 'cloud-gw/ipvsadm_-Lnc.txt', line: 3 },
        proto: 'tcp',
        expire: 56,
        state: 'SYN_RECV',
        client: '10.255.31.243',
        clientPort: 45026,
        virtual: '10.255.31.243',
        virtualPort: 80,
        server: '10.233.68.67',
        serverPort: 80,
      },
    },
  ],
  packets,
  packetsCut: 0,
  clockOffsets: new Map([['edge-gw', -0.00013]]),
  signs: [],
  probes: [],
  seenBy: 'captures',
  stopped: undefined,
  counters: [
    {
      namespace: 'cloud-gw',
      counter: { source: { file: 'cloud-gw/xfrm_stat.txt', line: 12 }, name: 'XfrmInNoPols', value: 6 },
    },
  ],
  seen: 'timeout',
};

const flow: FlowAnalysis = {
  id: 'f1',
  question: sampleWalk.question,
  startNode: 'cloud-gw',
  walked: sampleWalk,
  outcome: 'dropped',
  evidence,
};

const consequence: Finding = {
  id: 'listen-queue-overflow',
  flow: 'f1',
  confidence: 'certain',
  node: 'cloud-gw',
  namespace: '',
  at: 'socket',
  values: { socket: '10.233.68.67:80', waiting: 129, backlog: 128, full: true, counted: 2, process: 'nginx' },
  evidence: [{ source: { file: 'cloud-gw/tcpdump/any.txt', line: 54 }, role: 'supporting', words: ['S.'] }],
  fixes: [],
  consequences: [],
};

const cause: Finding = {
  id: 'ipvs-host-clusterip-xfrm-innopols',
  flow: 'f1',
  confidence: 'certain',
  node: 'cloud-gw',
  namespace: '',
  at: 'xfrm-in',
  values: {
    virtual: '10.255.31.243',
    port: 80,
    proto: 'tcp',
    server: '10.233.68.67',
    serverPort: 80,
    masqueraded: '10.233.64.0',
    counter: 6,
    policySrc: '10.233.68.0/24',
    policyDst: '10.233.64.0/24',
  },
  evidence: [
    { source: { file: 'cloud-gw/xfrm_stat.txt', line: 12 }, role: 'decisive', words: ['XfrmInNoPols', '6'] },
    {
      source: { file: 'cloud-gw/conntrack_-L.txt', line: 4 },
      role: 'decisive',
      words: ['SYN_RECV', 'src=10.255.31.243', 'dst=10.233.64.0'],
    },
    { source: { file: 'cloud-gw/ip_xfrm_policy.txt', line: 15 }, role: 'decisive', words: ['src 10.233.68.0/24'] },
    { source: { file: 'cloud-gw/ip_xfrm_policy.txt', line: 16 }, role: 'decisive', words: ['dir in'] },
    {
      source: { file: 'cloud-gw/tcpdump/any.txt', line: 51 },
      role: 'decisive',
      words: ['10.233.68.67.80 > 10.233.64.0.32811', '[S.]'],
    },
    { source: { file: 'cloud-gw/ipvsadm_-Lnc.txt', line: 3 }, role: 'supporting', words: ['SYN_RECV'] },
    { source: { file: 'cloud-gw/ipvsadm_-Ln.txt', line: 5 }, role: 'supporting', words: ['10.233.68.67:80'] },
  ],
  fixes: [
    {
      id: 'add-in-policy',
      commands: [
        {
          node: 'cloud-gw',
          command: declaredCommand(
            'ip xfrm policy add src 10.255.31.243/32 dst 10.233.64.0/24 dir in ptype main priority 1757392 tmpl src 192.0.2.20 dst 192.0.2.10 proto esp reqid 1 mode tunnel',
          ),
        },
      ],
      changes: [],
      provenByWalk: true,
      values: { virtual: '10.255.31.243', masqueraded: '10.233.64.0', src: '10.255.31.243/32', dst: '10.233.64.0/24' },
    },
  ],
  consequences: [consequence],
};

const capture = (
  kind: CaptureKind,
  file: string,
  records: number,
  more: Partial<InventoryCapture> = {},
): InventoryCapture => ({
  kind,
  file,
  records,
  unread: 0,
  toolMessage: undefined,
  partial: false,
  ...more,
});

const hostCaptures = (node: string): InventoryCapture[] => [
  capture('conntrack', `${node}/conntrack_-L.txt`, 4),
  capture('ip-addr', `${node}/ip_addr.txt`, 9),
  capture('ip-route', `${node}/ip_route.txt`, 23),
  capture('ipset', `${node}/ipset_list.txt`, 7),
  capture('iptables-save', `${node}/iptables-save.txt`, 38),
  capture('ipvsadm', `${node}/ipvsadm_-Ln.txt`, 1),
  capture('ipvsadm-connections', `${node}/ipvsadm_-Lnc.txt`, 2),
  capture('sysctl', `${node}/sysctl_-a.txt`, 1637, { unread: 1 }),
  capture('tcpdump', `${node}/tcpdump/any.txt`, node === 'cloud-gw' ? 61 : 79),
  capture('xfrm-policy', `${node}/ip_xfrm_policy.txt`, 3),
  capture('xfrm-stat', `${node}/xfrm_stat.txt`, 28),
  capture('xfrm-state', `${node}/ip_xfrm_state.txt`, 2),
];

/** Each quoted file with the lines that may be cited: here all of them. */
const quoteFiles = [
  ...[
    'conntrack_-L',
    'ipvsadm_-Ln',
    'ipvsadm_-Lnc',
    'ip_xfrm_policy',
    'xfrm_stat',
    'ip_route',
    'iptables-save',
    'ipset_list',
  ].map((name) => `cloud-gw/${name}.txt`),
  'cloud-gw/tcpdump/any.txt',
  ...['conntrack_-L', 'ip_xfrm_policy', 'ip_route', 'iptables-save'].map((name) => `edge-gw/${name}.txt`),
  'edge-gw/tcpdump/any.txt',
  'edge-gw/netns/nginx/ss_-antp.txt',
  'edge-gw/netns/nginx/tcpdump/eth0.txt',
];

/** The recorded case of OpenYurt's gateways (IPVS under IPsec) as the pipeline would describe it. */
export const sampleAnalysis: Analysis = {
  bundle: {
    name: 'openyurt-ipvs-ipsec',
    layout: 'node-folders',
    nodes: [
      {
        name: 'cloud-gw',
        kernel: '6.1.0-56-amd64',
        time: 'Fri Nov 20 16:55:36 UTC 2026',
        namespaces: [
          { name: '', captures: hostCaptures('cloud-gw') },
          { name: 'client', captures: [capture('ip-addr', 'cloud-gw/netns/client/ip_addr.txt', 6)] },
        ],
      },
      {
        name: 'edge-gw',
        kernel: '6.1.0-56-amd64',
        time: 'Fri Nov 20 16:55:41 UTC 2026',
        namespaces: [
          { name: '', captures: hostCaptures('edge-gw') },
          {
            name: 'nginx',
            captures: [
              capture('ip-addr', 'edge-gw/netns/nginx/ip_addr.txt', 6),
              capture('sockets', 'edge-gw/netns/nginx/ss_-antp.txt', 4),
              capture('tcpdump', 'edge-gw/netns/nginx/tcpdump/eth0.txt', 35),
              capture('conntrack', 'edge-gw/netns/nginx/conntrack_-L.txt', 0, {
                toolMessage: quotable("conntrack v1.4.7 (conntrack-tools): Operation failed: can't open handler"),
              }),
            ],
          },
        ],
      },
    ],
  },
  flows: [flow],
  verdict: {
    code: 'cause',
    by: undefined,
    examined: {
      asked: true,
      flows: [{ id: 'f1', code: 'cause' }],
      nodes: [
        { name: 'cloud-gw', kinds: ['conntrack', 'ip-addr', 'tcpdump'] },
        { name: 'edge-gw', kinds: ['conntrack', 'ip-addr', 'sockets', 'tcpdump'] },
      ],
      lookedAt: [
        { kind: 'conntrack', nodes: ['cloud-gw', 'edge-gw'], without: [] },
        { kind: 'sockets', nodes: ['edge-gw'], without: ['cloud-gw'] },
        { kind: 'dmesg', nodes: [], without: ['cloud-gw', 'edge-gw'] },
      ],
    },
    evidence: [],
    askable: [],
  },
  collect: [
    {
      place: { kind: 'namespace', node: 'edge-gw', namespace: '' },
      where: 'edge-gw',
      capture: 'ip-link',
      command: declaredCommand('ip -s -d link'),
      decides: ['overlay-mtu-blackhole'],
      flows: ['f1'],
    },
    {
      place: { kind: 'namespace', node: 'edge-gw', namespace: 'nginx' },
      where: 'edge-gw/nginx',
      capture: 'nft-ruleset',
      command: declaredCommand('ip netns exec nginx nft -a list ruleset'),
      decides: ['networkpolicy-drop'],
      flows: ['f1'],
    },
    {
      place: { kind: 'namespace', node: 'cloud-gw', namespace: '' },
      where: 'cloud-gw',
      capture: 'rt-cache',
      command: declaredCommand('cat /proc/net/stat/rt_cache'),
      decides: ['overlay-mtu-blackhole'],
      flows: ['f1'],
    },
    {
      place: { kind: 'address', address: '10.9.9.9' },
      where: '10.9.9.9',
      capture: 'ip-route',
      command: declaredCommand('ip route show table all; ip -6 route show table all'),
      decides: [],
      flows: ['f1'],
    },
    {
      place: { kind: 'cluster' },
      where: '',
      capture: 'kubectl',
      command: declaredCommand('kubectl get svc,endpointslices,pods,nodes -A -o yaml'),
      decides: ['svc-no-endpoints'],
      flows: ['f1'],
    },
  ],
  rootCauses: [cause],
  observations: [
    {
      id: 'etp-cluster-source-ip-lost',
      flow: 'f1',
      confidence: 'certain',
      node: 'cloud-gw',
      namespace: '',
      at: 'POSTROUTING',
      values: {
        virtual: '10.255.31.243',
        port: 80,
        server: '10.233.68.67',
        serverPort: 80,
        client: '10.255.31.243',
        seenAs: '10.233.64.0',
      },
      evidence: [
        { source: { file: 'cloud-gw/iptables-save.txt', line: 40 }, role: 'supporting', words: ['MASQUERADE'] },
      ],
      fixes: [],
      consequences: [],
    },
  ],
  ruledOut: [
    {
      id: 'svc-no-endpoints',
      flow: 'f1',
      because: 'has-endpoints',
      values: { virtual: '10.255.31.243', port: 80, server: '10.233.68.67', serverPort: 80 },
      evidence: [{ source: { file: 'cloud-gw/ipvsadm_-Ln.txt', line: 5 }, role: 'decisive' }],
    },
    {
      id: 'xfrm-in-sa-or-spi-missing',
      flow: 'f1',
      because: 'counter-zero',
      values: { counter: 'XfrmInNoStates' },
      evidence: [{ source: { file: 'cloud-gw/xfrm_stat.txt', line: 4 }, role: 'decisive' }],
    },
    {
      id: 'targetport-no-listener-rst',
      flow: 'f1',
      because: 'listener-present',
      values: { port: 80, process: 'python3' },
      evidence: [{ source: { file: 'edge-gw/netns/nginx/ss_-antp.txt', line: 2 }, role: 'decisive' }],
    },
  ],
  undecided: [
    {
      id: 'networkpolicy-drop',
      flow: 'f1',
      missing: [{ kind: 'nft-ruleset', namespace: 'edge-gw/nginx' }],
      values: {},
    },
    {
      id: 'overlay-mtu-blackhole',
      flow: 'f1',
      missing: [
        { kind: 'ip-link', namespace: 'edge-gw' },
        { kind: 'rt-cache', namespace: 'cloud-gw' },
      ],
      values: {},
    },
  ],
  notes: [
    {
      code: 'torn-snapshot',
      values: {
        scope: 'bundle',
        firstFile: 'cloud-gw/date.txt',
        lastFile: 'edge-gw/date.txt',
        seconds: 5,
        first: 'cloud-gw',
        last: 'edge-gw',
      },
      sources: [{ file: 'cloud-gw/date', line: 1 }],
    },
  ],
  unread: [
    {
      source: { file: 'cloud-gw/sysctl_-a.txt', line: 1638 },
      text: quotable('sysctl: permission denied on key "net.core.bpf_jit_kallsyms"'),
    },
  ],
  unreadTotal: 2,
  ignoredMembers: [{ file: 'README.md', why: 'no-capture' }],
  quotes: new Map(
    quoteFiles.map(
      (file) => [file, new Map(linesOf(file).map((text, i) => [i + 1, quotable(text)] as const))] as const,
    ),
  ),
};
