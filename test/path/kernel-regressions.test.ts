import { describe, expect, it } from 'vitest';
import { buildNetwork } from '../../src/network/build.ts';
import { walkFlow } from '../../src/path/walk.ts';
import {
  HOST,
  HOST_ROUTES,
  HOST_ROUTES6,
  LISTENING,
  namespace,
  nat,
  node,
  OFF,
  ON,
  POD,
  POD_ROUTES,
  POD_ROUTES6,
  RULES,
  RULES6,
  type Text,
  walk,
} from './one-node.ts';

/** Cases on which the walk and a kernel once disagreed (`npm run test:kernel`), made as small as they go. */

const TO_ITSELF = nat(
  4,
  '-A PREROUTING -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.3:80',
);

describe('a service whose backend is the client, behind a bridge without hairpin mode', () => {
  it('is switched by br_netfilter and dies at the port, before POSTROUTING: no entry is confirmed', () => {
    const branch = walk(node(ON, [TO_ITSELF]), {});
    expect(branch.forward.end).toMatchObject({ outcome: 'dropped', reason: 'hairpin-off' });
    expect(branch.entries.get('a')?.filter((e) => e.confirmed) ?? []).toEqual([]);
  });

  it('is conntrack business of the pod alone where the bridge does not call iptables: what IP routes goes out of any port', () => {
    const masquerade = nat(
      4,
      '-A PREROUTING -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.3:80',
      '-A POSTROUTING -s 10.244.1.3/32 -d 10.244.1.3/32 -j MASQUERADE',
    );
    const branch = walk(node(OFF, [masquerade]), {});
    expect(branch.forward.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    expect(branch.forward.steps.at(-1)?.before).toMatchObject({ src: '10.244.1.1', dst: '10.244.1.3' });
    expect(branch.reply?.end.outcome).toBe('delivered');
  });
});

describe('targets of the nat table', () => {
  it('REDIRECT takes the first address of the device, and drops where it has none', () => {
    const rule = '-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 80';
    const there = walk(node(OFF, [nat(4, rule)]), { dst: '8.8.8.8', dport: 81 });
    expect(there.forward.steps.at(-1)?.before).toMatchObject({ dst: '10.244.1.1', dport: 80 });
    const gateway: Text = ['ip-neigh', '10.244.1.1 dev eth0 lladdr 02:00:00:00:00:03 PERMANENT\n'];
    const bare = HOST.replace('    inet 10.244.1.1/24 scope global cni0\n', '');
    const gone = walk(node(OFF, [nat(4, rule)], [gateway], bare), { dst: '8.8.8.8', dport: 81 });
    expect(gone.forward.end).toMatchObject({ outcome: 'dropped', reason: 'redirect-no-address' });
  });

  it('NETMAP maps IPv6 too', () => {
    const rule = '-A PREROUTING -d fd96::/64 -j NETMAP --to fd44:1::/64';
    const branch = walk(node(OFF, [nat(6, rule)]), { dst: 'fd96::1' });
    expect(branch.forward.steps.at(-1)?.before.dst).toBe('fd44:1::1');
    expect(branch.outcome).toBe('delivered');
  });

  it('DNAT to a range of ports keeps a port that is within it', () => {
    const rule = '-A PREROUTING -d 10.96.0.10/32 -p tcp -j DNAT --to-destination 10.244.1.1:79-90';
    const to = (dport: number) =>
      walk(node(OFF, [nat(4, rule)]), { dport }).forward.steps.find((s) => s.action.code === 'dnat')?.after.dport;
    expect([to(80), to(443)]).toEqual([80, 79]);
  });

  it('MASQUERADE --random-fully draws an echo its id, and the answer gets the old one back', () => {
    const branch = walk(node(OFF, [], [nat(4, '-A POSTROUTING -p icmp -j MASQUERADE --random-fully')]), {
      proto: 'icmp',
      dst: '192.168.10.1',
      dport: undefined,
    });
    expect(branch.forward.steps.at(-1)?.before.icmp?.id).toBeUndefined();
    expect(branch.reply?.end.outcome).toBe('delivered');
    expect(branch.reply?.steps.at(-1)?.before.icmp?.id).toBe(20001);
  });
});

describe('what -m rpfilter asks', () => {
  const rules = '0:\tfrom all lookup local\n100:\tfrom all ipproto tcp lookup 200\n32766:\tfrom all lookup main\n';
  const away = `${HOST_ROUTES}default via 192.168.10.254 dev eth0 table 200\n`;
  const raw: Text = [
    'iptables-save',
    '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\nCOMMIT\n',
    4,
  ];

  it('has no protocol: a routing rule by ipproto does not apply', () => {
    const network = buildNetwork({
      nodes: [
        {
          name: 'a',
          namespaces: [
            namespace('', [
              ['ip-addr', HOST],
              ['ip-route', away, 4],
              ['ip-rule', rules, 4],
              [
                'sysctl',
                `net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.cni0.rp_filter = 0\n${OFF}`,
              ],
              ['sockets', LISTENING],
              raw,
            ]),
            namespace('d', [
              ['ip-addr', POD],
              ['ip-route', POD_ROUTES, 4],
              ['ip-rule', RULES, 4],
            ]),
          ],
        },
      ],
    });
    expect(walk(network, { dst: '10.244.1.1' }).forward.end).toMatchObject({ outcome: 'delivered' });
  });
});

it('NOTRACK leaves what came over loopback with the entry that it has', () => {
  const raw: Text = [
    'iptables-save',
    '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -j NOTRACK\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n',
    4,
  ];
  expect(walk(node(OFF, [], [raw]), { dst: '10.244.1.3' }).outcome).toBe('delivered');
  expect(walk(node(OFF, [raw]), { dst: '10.244.1.1' }).forward.end).toMatchObject({
    reason: 'rule-drop',
    namespace: '',
  });
});

it('two rules that may refuse, each in its own way, are two branches', () => {
  const filter: Text = [
    'iptables-save',
    '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m statistic --mode random --probability 0.5 -j REJECT --reject-with icmp-host-prohibited\n-A INPUT -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n',
    4,
  ];
  const question = { proto: 'udp', src: '', sport: 20001, dst: '10.244.1.1', dport: 80, start: 'a/d' };
  const { branches } = walkFlow(node(OFF, [filter]), question);
  expect(branches.map((b) => b.refusal?.packet.icmp?.code).sort()).toEqual([10, 3]);
});

it('the answer to a source that INPUT translated is routed to where the client is, whatever a mark had it routed to before', () => {
  const rules: Text = [
    'iptables-save',
    '*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A OUTPUT -j MARK --set-xmark 0x10/0xff\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A INPUT -j SNAT --to-source 10.244.1.1\nCOMMIT\n',
    4,
  ];
  expect(walk(node(OFF, [rules]), { dst: '192.168.10.1' }).outcome).toBe('delivered');
});

it('a device without carrier answers like a neighbour that is not there', () => {
  const branch = walk(node(OFF, []), { dst: '9.9.9.9' });
  expect(branch.forward.end).toMatchObject({ reason: 'device-down' });
  expect(branch.refusal?.packet.icmp).toMatchObject({ type: 3, code: 1 });
  expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
});

const filter = (...rules: string[]): Text => [
  'iptables-save',
  `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`,
  4,
];

describe("the ACK that ends TCP's handshake", () => {
  const lost = (...rules: readonly Text[]) => walk(node(OFF, rules), { dst: '10.244.1.1' });

  it('may be refused as part of a connection that was let begin', () => {
    const rule = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j REJECT --reject-with icmp-admin-prohibited';
    const branch = lost(filter(rule));
    expect([branch.forward.end.outcome, branch.reply?.end.outcome]).toEqual(['delivered', 'delivered']);
    expect(branch.ack?.end).toMatchObject({ outcome: 'rejected', reason: 'rule-reject', node: 'a', namespace: '' });
    expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    expect(branch.outcome).toBe('rejected');
  });

  it('is shorter than a SYN and has no SYN flag', () => {
    expect(lost(filter('-A INPUT -p tcp -m length --length 0:59 -j DROP')).ack?.end.reason).toBe('rule-drop');
    expect(lost(filter('-A INPUT -p tcp -m length --length 60:65535 -j DROP')).forward.end.reason).toBe('rule-drop');
    const noSyn = '-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP';
    expect(lost(filter(noSyn)).ack?.end.reason).toBe('rule-drop');
  });

  it('is INVALID to whom the SYN-ACK passed unseen', () => {
    const untracked: Text = [
      'iptables-save',
      '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --sport 80 -j NOTRACK\nCOMMIT\n',
      4,
    ];
    const invalid = filter('-A INPUT -m conntrack --ctstate INVALID -j DROP');
    expect(lost(untracked, invalid).ack?.end.reason).toBe('rule-drop');
    expect(lost(untracked).outcome).toBe('delivered');
    expect(lost(invalid).outcome).toBe('delivered');
  });

  it('is what -m socket knows, where its SYN met a listener of every address', () => {
    const branch = lost(filter('-A INPUT -m socket -j REJECT --reject-with icmp-net-unreachable'));
    expect(branch.ack?.end.reason).toBe('rule-reject');
    const wild = lost(filter('-A INPUT -m socket --nowildcard -j REJECT --reject-with icmp-net-unreachable'));
    expect(wild.forward.end.reason).toBe('rule-reject');
  });

  it('belongs to a confirmed entry, whose end can be told to lie ahead', () => {
    const rule = '-A INPUT -m conntrack --ctexpire 1:1000000 -j DROP';
    const { branches } = walkFlow(node(OFF, [filter(rule)]), {
      proto: 'tcp',
      src: '',
      sport: 20001,
      dst: '10.244.1.1',
      dport: 80,
      start: 'a/d',
    });
    expect(branches.map((b) => (b.ack ?? b.forward).direction).sort()).toEqual(['ack', 'forward']);
  });
});

describe('OUTPUT', () => {
  const moved = nat(4, '-A OUTPUT -d 192.168.10.99/32 -j DNAT --to-destination 10.244.1.3');
  const from = (...rules: string[]) =>
    walk(node(OFF, [moved, filter(...rules)]), { dst: '192.168.10.99', start: 'a' }).forward.end.reason;

  it('sees the device that the packet was first routed to, also behind a new route', () => {
    expect(from('-A OUTPUT -o eth0 -j DROP')).toBe('rule-drop');
    expect(from('-A OUTPUT -o cni0 -j DROP')).toBe('socket');
  });

  it('asks no new route for an echo whose destination stays', () => {
    const rules = `0:\tfrom all lookup local\n100:\tfrom 10.244.1.3 unreachable\n32766:\tfrom all lookup main\n`;
    const pod: readonly Text[] = [['ip-rule', rules, 4], nat(4)];
    const network = buildNetwork({
      nodes: [
        {
          name: 'a',
          namespaces: [
            namespace('', [
              ['ip-addr', HOST],
              ['ip-route', HOST_ROUTES, 4],
              ['ip-rule', RULES, 4],
              ['sysctl', `net.ipv4.ip_forward = 1\n${OFF}`],
            ]),
            namespace('d', [['ip-addr', POD], ['ip-route', POD_ROUTES, 4], ...pod]),
          ],
        },
      ],
    });
    const echo = { proto: 'icmp', dst: '10.244.1.1', dport: undefined };
    expect(walk(network, echo).outcome).toBe('delivered');
    expect(walk(network, { ...echo, src: '10.244.1.3' }).forward.end.reason).toBe('unreachable');
  });
});

describe('between two pods of a bridge', () => {
  const vethE = `6: vethe@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master cni0 state UP group default
    link/ether 02:00:00:00:00:06 brd ff:ff:ff:ff:ff:ff link-netns e
    veth
    bridge_slave state forwarding hairpin off
`;
  const two = (settings: string, texts: readonly Text[], routes = HOST_ROUTES) =>
    buildNetwork({
      nodes: [
        {
          name: 'a',
          namespaces: [
            namespace('', [
              ['ip-addr', HOST + vethE],
              ['ip-route', routes, 4],
              ['ip-route', HOST_ROUTES6, 6],
              ['ip-rule', RULES, 4],
              ['ip-rule', RULES6, 6],
              ['sysctl', settings],
              ...texts,
            ]),
            ...[
              ['d', '3', '12'],
              ['e', '4', '14'],
            ].map(([name = '', last = '', mac = '']) =>
              namespace(name, [
                [
                  'ip-addr',
                  POD.replaceAll('.1.3/', `.1.${last}/`)
                    .replaceAll('::3/', `::${last}/`)
                    .replace(':12 ', `:${mac} `)
                    .replace('if4', last === '3' ? 'if4' : 'if6'),
                ],
                ['ip-route', POD_ROUTES.replaceAll('.1.3', `.1.${last}`), 4],
                ['ip-route', POD_ROUTES6.replaceAll('::3', `::${last}`), 6],
                ['sockets', LISTENING],
              ]),
            ),
          ],
        },
      ],
    });
  const forwards = 'net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n';

  it('the port by which a frame leaves is known to FORWARD', () => {
    const bridged = filter('-A FORWARD -m physdev --physdev-is-bridged -j REJECT');
    expect(walk(two(forwards + ON, [bridged]), { dst: '10.244.1.4' }).forward.end.reason).toBe('rule-reject');
    const byPort = filter('-A FORWARD -m physdev --physdev-out vethe -j DROP');
    expect(walk(two(forwards + ON, [byPort]), { dst: '10.244.1.4' }).forward.end.reason).toBe('rule-drop');
    expect(walk(two(forwards + OFF, [bridged]), { dst: '10.244.1.4' }).outcome).toBe('delivered');
  });

  it('a reset goes back by the port of the refused frame, whatever the routes say', () => {
    const reset = filter('-A FORWARD -p tcp -j REJECT --reject-with tcp-reset');
    const away = `${HOST_ROUTES}10.244.1.3 via 10.244.1.4 dev cni0\n`;
    const branch = walk(two(forwards + ON, [reset], away), { dst: '10.244.1.4' });
    expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    const onHost = branch.refusal?.steps.filter((s) => s.namespace === '') ?? [];
    expect(onHost.map((s) => s.action.code)).toEqual(['veth']);
  });

  it('an answer that is given its old name back stays on the bridge, though the host does not forward IPv6', () => {
    const masquerade = nat(6, '-A POSTROUTING -s fd44:1::/64 -p tcp -j SNAT --to-source fd44:1::1');
    const off = 'net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 0\n';
    const branch = walk(two(off + ON, [masquerade]), { dst: 'fd44:1::4' });
    expect(branch.forward.steps.at(-1)?.before.src).toBe('fd44:1::1');
    expect(branch.reply?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
  });
});

it('an error finds a ping by its id, by whatever name the echo went', () => {
  const away = nat(
    4,
    '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 9.9.9.9',
    '-A POSTROUTING -j MASQUERADE --random-fully',
  );
  const branch = walk(node(OFF, [away]), { proto: 'icmp', dport: undefined });
  expect(branch.forward.end.reason).toBe('device-down');
  expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
});
