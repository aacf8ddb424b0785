import type { Packet } from '../../src/path/packet.ts';
import type { Step, Verdict } from '../../src/path/step.ts';
import type { Action, ActionCode, ActionValues } from '../../src/path/vocabulary/actions.ts';
import type { Place } from '../../src/path/vocabulary/places.ts';
import type { WalkBranch, WalkedFlow } from '../../src/path/walk-result.ts';
import { espPacket, tcpPacket } from './sample-packets.ts';

const VIP = '10.255.31.243';
const POD = '10.233.68.67';
const MASQ = '10.233.64.0';
const CLOUD = '192.0.2.10';
const EDGE = '192.0.2.20';

type Cited = readonly [file: string, line: number];

/** A chain of steps: each begins with the packet that the one before it left. */
const chain = (first: Packet) => {
  let packet = first;
  const steps: Step[] = [];
  const step = <Code extends ActionCode>(
    at: string,
    place: Place,
    stage: string,
    code: Code,
    options: {
      device?: string;
      values?: Partial<ActionValues<Code>>;
      after?: Packet;
      verdict?: Verdict;
      proofs?: readonly Cited[];
    } = {},
  ) => {
    const [node = '', namespace = ''] = at.split('/');
    const after = options.after ?? packet;
    const folder = namespace === '' ? node : `${node}/netns/${namespace}`;
    steps.push({
      node,
      namespace,
      place,
      stage,
      device: options.device,
      action: { code, values: options.values ?? {} } as Action,
      before: packet,
      after,
      verdict: options.verdict ?? 'continue',
      proofs: (options.proofs ?? []).map(([file, line], i) => ({
        source: { file: `${folder}/${file}`, line },
        role: i === 0 ? 'decisive' : 'supporting',
      })),
    });
    packet = after;
  };
  return { steps, step };
};

const syn = tcpPacket(VIP, 45026, VIP, 80, 'syn');
const synMarked = { ...syn, mark: 0x4000 };
const synDnat = { ...synMarked, dst: POD };
const synSnat = { ...synDnat, src: MASQ, sport: 32811, mark: 0 };
const synEsp = espPacket(CLOUD, EDGE, 0xc1000001, synSnat);
const synAck = tcpPacket(POD, 80, MASQ, 32811, 'syn-ack');
const synAckEsp = espPacket(EDGE, CLOUD, 0xe1000001, synAck);
const synAckUndone = { ...synAck, dst: VIP, dport: 45026, ttl: 62 };
const synAckFromVip = { ...synAckUndone, src: VIP };

const forward = chain(syn);
forward.step('cloud-gw', 'OUTPUT', 'nat', 'mark', {
  after: synMarked,
  values: { path: ['KUBE-SERVICES', 'KUBE-MARK-MASQ'], mark: 0x4000 },
  proofs: [
    ['iptables-save.txt', 34],
    ['iptables-save.txt', 43],
    ['ipset_list.txt', 9],
  ],
});
forward.step('cloud-gw', 'ipvs', 'ipvs', 'ipvs-dnat', {
  after: synDnat,
  values: { from: VIP, fromPort: 80, to: POD, toPort: 80, scheduler: 'rr', method: 'masq' },
  proofs: [
    ['ipvsadm_-Ln.txt', 4],
    ['ipvsadm_-Ln.txt', 5],
  ],
});
forward.step('cloud-gw', 'routing', 'fib', 'route', {
  device: 'flannel.1',
  values: { dst: '10.233.68.0', via: '10.233.68.0', device: 'flannel.1' },
  proofs: [['ip_route.txt', 2]],
});
forward.step('cloud-gw', 'POSTROUTING', 'nat', 'masquerade', {
  device: 'flannel.1',
  after: synSnat,
  values: { to: MASQ },
  proofs: [
    ['iptables-save.txt', 40],
    ['iptables-save.txt', 30],
  ],
});
forward.step('cloud-gw', 'xfrm-out', 'esp', 'esp-encapsulate', {
  device: 'eth0',
  after: synEsp,
  values: { spi: 0xc1000001 },
  proofs: [['ip_xfrm_policy.txt', 39]],
});
forward.step('edge-gw', 'decapsulation', 'esp', 'esp-decapsulate', {
  device: 'eth0',
  after: synSnat,
  values: { spi: 0xc1000001 },
});
forward.step('edge-gw', 'routing', 'fib', 'route', {
  device: 'eth0',
  values: { dst: '10.233.68.67', via: '', device: 'vethnginx' },
  proofs: [['ip_route.txt', 2]],
});
forward.step('edge-gw', 'xfrm-fwd', 'xfrm', 'policy-ok', {
  values: { src: '10.233.64.0/24', dst: '10.233.68.0/24' },
  proofs: [['ip_xfrm_policy.txt', 1]],
});
forward.step('edge-gw', 'device', 'veth', 'veth', { device: 'vethnginx', values: { peer: 'eth0' } });
forward.step('edge-gw/nginx', 'ingress', 'veth', 'veth', { device: 'eth0', values: { peer: 'vethnginx' } });
forward.step('edge-gw/nginx', 'socket', 'socket', 'socket', {
  device: 'eth0',
  verdict: 'deliver',
  values: { port: 80, process: 'python3' },
  proofs: [['ss_-antp.txt', 2]],
});

const reply = chain(synAck);
reply.step('edge-gw/nginx', 'device', 'veth', 'veth', { device: 'eth0', values: { peer: 'vethnginx' } });
reply.step('edge-gw', 'PREROUTING', 'conntrack', 'ct-established', {
  device: 'vethnginx',
  proofs: [['conntrack_-L.txt', 4]],
});
reply.step('edge-gw', 'routing', 'fib', 'route', {
  device: 'flannel.1',
  values: { dst: '10.233.64.0', via: '10.233.64.0', device: 'flannel.1' },
  proofs: [['ip_route.txt', 1]],
});
reply.step('edge-gw', 'xfrm-out', 'esp', 'esp-encapsulate', {
  device: 'eth0',
  after: synAckEsp,
  values: { spi: 0xe1000001 },
});
reply.step('cloud-gw', 'decapsulation', 'esp', 'esp-decapsulate', {
  device: 'eth0',
  after: { ...synAck, ttl: 63 },
  values: { spi: 0xe1000001 },
  proofs: [['tcpdump/any.txt', 51]],
});
reply.step('cloud-gw', 'PREROUTING', 'nat', 'nat-undo', {
  device: 'eth0',
  after: synAckUndone,
  values: { from: MASQ, to: VIP },
  proofs: [['conntrack_-L.txt', 4]],
});
reply.step('cloud-gw', 'routing', 'fib', 'local', {
  device: 'eth0',
  values: { dst: VIP, device: 'kube-ipvs0' },
  proofs: [['ip_route.txt', 5]],
});
reply.step('cloud-gw', 'ipvs', 'ipvs', 'ipvs-undo', {
  device: 'eth0',
  after: synAckFromVip,
  values: { from: POD, to: VIP, toPort: 80 },
  proofs: [['ipvsadm_-Lnc.txt', 3]],
});
reply.step('cloud-gw', 'xfrm-in', 'xfrm', 'no-policy', {
  device: 'eth0',
  verdict: 'drop',
  values: { src: VIP, dst: MASQ, dir: 'in' },
  proofs: [
    ['ip_xfrm_policy.txt', 15],
    ['xfrm_stat.txt', 12],
  ],
});

const branch: WalkBranch = {
  forward: {
    direction: 'forward',
    packet: syn,
    steps: forward.steps,
    end: { outcome: 'delivered', node: 'edge-gw', namespace: 'nginx', between: undefined, reason: 'socket' },
  },
  reply: {
    direction: 'reply',
    packet: synAck,
    steps: reply.steps,
    end: { outcome: 'dropped', node: 'cloud-gw', namespace: '', between: undefined, reason: 'no-policy' },
  },
  ack: undefined,
  refusal: undefined,
  outcome: 'dropped',
  assumptions: [{ code: 'ipvs-conntrack-on', values: {}, missing: undefined, source: undefined }],
  share: 1,
  entries: new Map([
    [
      'cloud-gw',
      [
        {
          id: 1,
          proto: 'tcp',
          zone: 0,
          original: { src: VIP, dst: VIP, sport: 45026, dport: 80 },
          reply: { src: POD, dst: MASQ, sport: 80, dport: undefined },
          srcNat: true,
          dstNat: false,
          srcNatDone: true,
          dstNatDone: true,
          confirmed: true,
          seenReply: true,
          mark: 0,
        },
      ],
    ],
    [
      'edge-gw',
      [
        {
          id: 2,
          proto: 'tcp',
          zone: 0,
          original: { src: MASQ, dst: POD, sport: undefined, dport: 80 },
          reply: { src: POD, dst: MASQ, sport: 80, dport: undefined },
          srcNat: false,
          dstNat: false,
          srcNatDone: true,
          dstNatDone: true,
          confirmed: true,
          seenReply: true,
          mark: 0,
        },
      ],
    ],
  ]),
  connections: [
    {
      namespace: 'cloud-gw',
      proto: 'tcp',
      client: VIP,
      clientPort: 45026,
      virtual: VIP,
      virtualPort: 80,
      server: POD,
      serverPort: 80,
      method: 'masq',
    },
  ],
};

/** The walk of the recorded case. */
export const sampleWalk: WalkedFlow = {
  question: { proto: 'tcp', src: VIP, sport: undefined, dst: VIP, dport: 80, start: 'cloud-gw' },
  branches: [branch],
  cut: false,
};
