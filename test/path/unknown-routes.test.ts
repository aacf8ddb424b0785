import { describe, expect, test } from 'vitest';
import { asWalked, senderOf } from '../../src/path/walk-result.ts';
import type { Text } from './one-node.ts';
import { addresses, bundle, FORWARDING, routes, syn, walked } from './partial.ts';

const rules = (text: string): Text => ['iptables-save', text, 4];
const at = { start: 'gw', arrival: { device: 'lan0' } };
const ends = (flow: ReturnType<typeof walked>) =>
  flow.branches.map(({ forward, outcome }) => `${forward.end.reason} ${outcome}`).sort();

describe('routes that nobody captured', () => {
  test('a received packet is for this host or goes on: both are walked, neither is called delivered for good', () => {
    const flow = walked(bundle({ gw: [rules('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n')] }), at);
    expect(ends(flow)).toContain('not-followed unknown');
    expect(flow.branches.every((b) => b.assumptions.some((a) => a.code === 'way-assumed'))).toBe(true);
    expect(flow.branches.map((b) => b.forward.end.reason).sort()).toEqual(['not-followed', 'socket-assumed']);
  });

  test('a rule before the routing decision decides in every way', () => {
    const raw = rules('*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 443 -j DROP\nCOMMIT\n');
    expect(ends(walked(bundle({ gw: [raw] }), at))).toEqual(['rule-drop dropped']);
  });

  test('a policy of FORWARD decides where the addresses are known and the destination is none of them', () => {
    const network = bundle({
      gw: [addresses(['lan0', '10.1.0.1/24']), rules('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [9:540]\nCOMMIT\n')],
    });
    expect(ends(walked(network, at))).toEqual(['policy-drop dropped']);
  });

  test('a rule that asks for the device of departure is undecided', () => {
    const network = bundle({
      gw: [
        addresses(['lan0', '10.1.0.1/24']),
        rules('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [9:540]\n-A FORWARD -o wan0 -j ACCEPT\nCOMMIT\n'),
      ],
    });
    expect(ends(walked(network, at))).toEqual(['not-followed unknown', 'policy-drop dropped']);
  });

  test('a host that does not forward keeps or drops it', () => {
    const network = bundle({ gw: [addresses(['lan0', '10.1.0.1/24']), ['sysctl', 'net.ipv4.ip_forward = 0\n']] });
    expect(ends(walked(network, at))).toEqual(['no-forwarding dropped']);
  });

  test('a service of IPVS without a server refuses whatever the routes are', () => {
    const listing: Text = [
      'ipvsadm',
      'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  198.51.100.7:443 rr\n',
    ];
    expect(ends(walked(bundle({ gw: [listing] }), at))).toEqual(['ipvs-no-server rejected']);
    expect(ends(walked(bundle({ gw: [listing] }), { start: 'gw' }))).toEqual(['ipvs-no-server rejected']);
  });

  test('a sent packet that leaves is not followed, whoever its rules let pass', () => {
    const flow = walked(bundle({ gw: [addresses(['lan0', '10.1.0.1/24'])] }), { start: 'gw', src: '10.1.0.1' });
    expect(ends(flow)).toEqual(['not-followed unknown']);
  });

  test('one table that was listed makes no other empty', () => {
    const network = bundle({
      gw: [
        addresses(['lan0', '10.1.0.1/24'], ['wan0', '192.0.2.10/24']),
        ['ip-route', '100.64.0.0/10 dev tun0 table 52\n', 4],
        [
          'ip-rule',
          '0:\tfrom all lookup local\n5270:\tfrom all lookup 52\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n',
          4,
        ],
        FORWARDING,
      ],
    });
    expect(ends(walked(network, at))).toEqual(['not-followed unknown']);
  });

  test('the forks are bounded, and it is told that they were', () => {
    const walkedWith = (servers: number) => {
      const nat = Array.from(
        { length: servers },
        (_, i) => `-A PREROUTING -m set --match-set unlisted${i} src -j DNAT --to-destination 198.51.100.${i + 1}\n`,
      );
      const text = `*nat\n:PREROUTING ACCEPT [0:0]\n${nat.join('')}COMMIT\n`;
      return walked(bundle({ gw: [rules(text)] }), at);
    };
    const few = walkedWith(5);
    const many = walkedWith(70);
    expect([few.cut, many.cut]).toEqual([false, true]);
    expect(few.branches.length).toBeLessThan(96);
    expect(many.branches.length).toBeGreaterThan(few.branches.length);
    expect(many.branches.length).toBeLessThanOrEqual(96);
  });
});

describe('a sender of which nobody knows whether it is the host itself', () => {
  const open = { start: 'gw', origin: 'open', arrival: { device: undefined } } as const;
  const filter = (text: string) => bundle({ gw: [rules(`*filter\n${text}COMMIT\n`)] });
  const takenOf = (flow: ReturnType<typeof walked>) =>
    flow.branches.map(({ forward, assumptions: [first] }) => `${first?.values.way} ${forward.end.reason}`).sort();

  test('is walked as the sender and as a router, each of which meets its own rules', () => {
    const flow = walked(filter(':FORWARD DROP [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n'), open);
    expect(takenOf(flow)).toEqual([
      'received policy-drop',
      'received socket-assumed',
      'sent not-followed',
      'sent socket-assumed',
      'sent socket-assumed',
    ]);
  });

  test('what both meet decides', () => {
    const both = '-p tcp --dport 443 -j DROP\n';
    const flow = walked(filter(`:FORWARD ACCEPT [0:0]\n-A FORWARD ${both}-A OUTPUT ${both}-A INPUT ${both}`), open);
    expect(new Set(ends(flow))).toEqual(new Set(['rule-drop dropped']));
  });

  test('is walked as what it was taken for', () => {
    const flow = walked(filter(':FORWARD DROP [0:0]\n'), { ...open, origin: 'received' });
    expect(takenOf(flow)).toEqual(['received policy-drop', 'received socket-assumed']);
    expect(flow.branches.map((b) => asWalked(flow, b).question.arrival)).toEqual([
      { device: undefined },
      { device: undefined },
    ]);
  });

  test('has the sender of each of its ways', () => {
    const flow = walked(filter(':FORWARD DROP [0:0]\n'), open);
    for (const branch of flow.branches)
      expect(senderOf(asWalked(flow, branch).question)).toBe(
        branch.assumptions[0]?.values.way === 'sent' ? 'gw' : undefined,
      );
  });
});

describe('a pod and its host without routes', () => {
  test('what the pod sends comes to its host, and passes its rules', () => {
    const network = bundle({
      n1: [rules('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [4:240]\nCOMMIT\n')],
      'n1/app': [addresses(['eth0', '10.1.0.5/32'])],
      'n1/web': [addresses(['eth0', '198.51.100.7/32'])],
    });
    const [branch, ...others] = walked(network, { start: 'n1/app' }).branches;
    expect(others).toEqual([]);
    expect(branch?.forward.end).toMatchObject({ reason: 'policy-drop', node: 'n1', namespace: '' });
  });
});

describe('IPVS whose services were not captured', () => {
  const host = [
    addresses(['eth0', '192.0.2.1/24'], ['kube-ipvs0', '198.51.100.7/32']),
    ...routes('default via 192.0.2.254 dev eth0\n'),
  ];

  test('a packet for an address of its device is not followed, and the listing is asked for', () => {
    const [branch] = walked(bundle({ n1: host }), { start: 'n1', src: '192.0.2.1' }).branches;
    expect(branch?.forward.end).toMatchObject({ reason: 'not-followed', outcome: 'unknown' });
    expect(branch?.assumptions).toContainEqual(
      expect.objectContaining({ code: 'ipvs-not-captured', missing: { kind: 'ipvsadm', namespace: 'n1' } }),
    );
  });

  test('the connection of this very flow tells its server', () => {
    const connection: Text = [
      'ipvsadm-connections',
      'IPVS connection entries\npro expire state       source             virtual            destination\nTCP 00:59  SYN_RECV    192.0.2.1:40000    198.51.100.7:443   10.244.3.9:8443\n',
    ];
    const [branch] = walked(bundle({ n1: [...host, connection] }), { start: 'n1', src: '192.0.2.1' }).branches;
    expect(branch?.forward.steps.at(-1)?.after).toMatchObject({ dst: '10.244.3.9', dport: 8443 });
    expect(branch?.forward.end.reason).toBe('outside');
  });
});

describe('translations that no captured rule makes', () => {
  const ROUTER: readonly Text[] = [
    addresses(['lan0', '10.1.0.1/24'], ['wan0', '192.0.2.10/24']),
    ...routes('default via 192.0.2.1 dev wan0\n10.1.0.0/24 dev lan0 proto kernel scope link src 10.1.0.1\n'),
    FORWARDING,
  ];
  const entry: Text = [
    'conntrack',
    'tcp      6 100 SYN_SENT src=10.1.0.5 dst=198.51.100.7 sport=40000 dport=443 [UNREPLIED] src=203.0.113.77 dst=192.0.2.10 sport=8443 dport=40000 mark=0 use=1\n',
  ];

  test('are made as the entry of the connection says', () => {
    const [branch] = walked(bundle({ gw: [...ROUTER, entry] }), at).branches;
    expect(branch?.forward.steps.at(-1)?.after).toMatchObject({ src: '192.0.2.10', dst: '203.0.113.77', dport: 8443 });
    expect(branch?.assumptions.filter((a) => a.code === 'nat-by-entry')).toHaveLength(2);
  });

  test('another attempt is not translated by it', () => {
    const [branch] = walked(bundle({ gw: [...ROUTER, entry] }), { ...at, sport: 41_000 }).branches;
    expect(branch?.forward.steps.at(-1)?.after).toMatchObject({ src: '10.1.0.5', dst: '198.51.100.7' });
  });

  test('a DNAT rule whose target cannot be read is not passed by', () => {
    const cut = rules('*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 443 -j DNAT\nCOMMIT\n');
    const [branch] = walked(bundle({ gw: [...ROUTER, cut] }), at).branches;
    expect(branch?.forward.end).toMatchObject({ reason: 'not-followed', outcome: 'unknown' });
  });

  test('a masquerade without a known address is not followed under the old one', () => {
    const gateway = [
      ...routes('default via 192.0.2.1 dev ppp0\n10.1.0.0/24 dev lan0 scope link\n'),
      FORWARDING,
      rules('*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o ppp0 -j MASQUERADE\nCOMMIT\n'),
    ];
    const [branch] = walked(bundle({ gw: gateway }), at).branches;
    expect(branch?.forward.end.reason).toBe('not-followed');
  });
});

describe('a rule of which the bundle does not tell whether it matches', () => {
  const gateway = (entry: readonly Text[]) =>
    bundle({
      gw: [
        addresses(['lan0', '10.1.0.1/24'], ['wan0', '192.0.2.10/24']),
        ...routes('default via 192.0.2.1 dev wan0\n10.1.0.0/24 dev lan0 proto kernel scope link src 10.1.0.1\n'),
        FORWARDING,
        rules(
          '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -m set --match-set unlisted src -j MASQUERADE\nCOMMIT\n',
        ),
        ...entry,
      ],
    });
  const sources = (network: ReturnType<typeof bundle>) =>
    walked(network, at)
      .branches.map((b) => b.forward.steps.at(-1)?.after.src)
      .sort();
  const entry = (to: string): Text => [
    'conntrack',
    `tcp      6 100 SYN_SENT src=10.1.0.5 dst=198.51.100.7 sport=40000 dport=443 [UNREPLIED] src=198.51.100.7 dst=${to} sport=443 dport=40000 mark=0 use=1\n`,
  ];

  test('translates the source or not; what the entry of the connection shows is what it did', () => {
    expect(sources(gateway([]))).toEqual(['10.1.0.5', '192.0.2.10']);
    expect(sources(gateway([entry('192.0.2.10')]))).toEqual(['192.0.2.10']);
    expect(sources(gateway([entry('10.1.0.5')]))).toEqual(['10.1.0.5']);
  });
});

describe('an answer that was seen', () => {
  const gateway = (filter: string, more: readonly Text[]) =>
    bundle({
      gw: [
        addresses(['lan0', '10.1.0.1/24'], ['wan0', '192.0.2.10/24']),
        ...routes('default via 192.0.2.1 dev wan0\n10.1.0.0/24 dev lan0 proto kernel scope link src 10.1.0.1\n'),
        FORWARDING,
        rules(`*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n${filter}COMMIT\n`),
        ...more,
      ],
    });
  const answer: Text = [
    'tcpdump',
    `${syn('lan0', 'In', '10.1.0.5.40000', '198.51.100.7.443')}12:00:01.100000 wan0  In  IP 198.51.100.7.443 > 10.1.0.5.40000: Flags [S.], seq 7, ack 2, win 64240, length 0\n`,
  ];

  test('is walked from where it came in', () => {
    const oneWay = '-A FORWARD -i lan0 -j ACCEPT\n';
    const [branch] = walked(gateway(oneWay, [answer]), at).branches;
    expect(branch?.forward.end.reason).toBe('outside');
    expect(branch?.reply?.end).toMatchObject({ reason: 'policy-drop', node: 'gw' });
  });

  test('reaches a sender outside where it leaves for it under the right name', () => {
    const both = '-A FORWARD -i lan0 -j ACCEPT\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n';
    expect(walked(gateway(both, [answer]), at).branches[0]?.outcome).toBe('delivered');
    // Nobody saw one: what becomes of it is not told.
    expect(walked(gateway(both, []), at).branches[0]).toMatchObject({ outcome: 'unknown', reply: undefined });
  });
});

describe('a sender behind an IPsec tunnel whose far end is not in the bundle', () => {
  const policy: Text = [
    'xfrm-policy',
    'src 10.1.0.0/16 dst 198.51.100.0/24 \n\tdir in priority 100 ptype main \n\ttmpl src 203.0.113.2 dst 192.0.2.10\n\t\tproto esp reqid 1 mode tunnel\n',
  ];
  const server = [
    addresses(['wan0', '192.0.2.10/24'], ['lan0', '198.51.100.7/24']),
    ...routes('default via 192.0.2.1 dev wan0\n198.51.100.0/24 dev lan0 proto kernel scope link src 198.51.100.7\n'),
    policy,
  ];
  const asked = { start: 'gw', arrival: { device: 'wan0' } };

  test('came by the tunnel, as the policy asks', () => {
    const [branch] = walked(bundle({ gw: server }), asked).branches;
    expect(branch?.forward.end.outcome).toBe('delivered');
    expect(branch?.assumptions.map((a) => a.code)).toContain('came-by-tunnel');
  });

  test('came in the clear where a capture shows it without any ESP', () => {
    const seen: Text = ['tcpdump', syn('wan0', 'In', '10.1.0.5.40000', '198.51.100.7.443')];
    expect(walked(bundle({ gw: [...server, seen] }), asked).branches[0]?.forward.end.reason).toBe('tmpl-mismatch');
  });
});
