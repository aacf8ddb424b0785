import { describe, expect, it } from 'vitest';
import { finish, MAX_BRANCHES, startBranch } from '../../src/path/branch.ts';
import { worldOf } from '../../src/path/leg.ts';
import { refusalFor } from '../../src/path/refusal.ts';
import { firstPacket, walkFlow } from '../../src/path/walk.ts';
import { policyCheck } from '../../src/path/xfrm/check.ts';
import {
  HOST,
  HOST_ROUTES,
  HOST_ROUTES6,
  nat,
  node,
  OFF,
  ON,
  RULES,
  RULES6,
  type Text,
  table,
  walk,
} from './one-node.ts';

/** What comes back, as a kernel was seen to answer (`npm run test:kernel`), made as small as it goes. */

const TRACKS = table('filter', 4, '-A FORWARD -m conntrack --ctstate INVALID');
const TRACKS6 = table('filter', 6, '-A FORWARD -m conntrack --ctstate INVALID');
const DATAGRAMS: Text = [
  'sockets',
  'State  Recv-Q Send-Q Local Address:Port Peer Address:Port\nUNCONN 0      0            0.0.0.0:53        0.0.0.0:*\n',
];
const NOT_BACK = table('raw', 4, '-A OUTPUT -p tcp -m tcp --sport 80 -j NOTRACK');

describe("a stranger's SYN-ACK", () => {
  it('is reset, and the reset walks on to the server', () => {
    const dnat = nat(4, '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.1');
    const branch = walk(node(OFF, [dnat, NOT_BACK]), {});
    expect(branch.reply?.end).toMatchObject({ outcome: 'dropped', reason: 'answer-from-stranger', namespace: 'd' });
    expect(branch.outcome).toBe('dropped');
    expect(branch.refusal?.packet).toMatchObject({ tcp: 'rst', src: '10.244.1.3', dst: '10.244.1.1', dport: 80 });
    expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: '' });
  });

  it('takes the entry with it that knows of no answer', () => {
    const dnat = nat(4, '-A OUTPUT -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.1');
    const notIn = table('raw', 4, '-A PREROUTING -p tcp -m tcp --sport 80 -j NOTRACK');
    const branch = walk(node(OFF, [TRACKS, NOT_BACK], [dnat, notIn]), {});
    expect(branch.reply?.end.reason).toBe('answer-from-stranger');
    expect(branch.entries.get('a') ?? []).toEqual([]);
    expect(branch.entries.get('a/d')).toHaveLength(1);
  });
});

it('a ping that named no source takes an answer to any address of its host', () => {
  const renamed = nat(4, '-A POSTROUTING -d 10.244.1.3/32 -j SNAT --to-source 192.168.10.1');
  const untracked = table('raw', 4, '-A PREROUTING -s 10.244.1.3/32 -j NOTRACK');
  const network = node(OFF, [renamed, untracked]);
  const echo = { proto: 'icmp', dst: '10.244.1.3', dport: undefined, start: 'a' };
  expect(walk(network, echo).reply?.end).toMatchObject({ outcome: 'delivered', namespace: '' });
  expect(walk(network, { ...echo, src: '10.244.1.1' }).reply?.end.reason).toBe('answer-from-stranger');
  expect(walk(network, { ...echo, proto: 'udp', dport: 80 }).reply?.end.reason).toBe('answer-from-stranger');
});

describe('the ACK of a handshake', () => {
  it('leaves an entry where the SYN was not tracked', () => {
    const untracked = table('raw', 4, '-A PREROUTING -p tcp -m tcp --syn -j NOTRACK');
    const branch = walk(node(OFF, [TRACKS, untracked]), { dst: '10.244.1.1' });
    expect(branch.outcome).toBe('delivered');
    expect(branch.entries.get('a')).toMatchObject([
      { original: { src: '10.244.1.3', dst: '10.244.1.1' }, seenReply: false },
    ]);
    const strict = 'net.netfilter.nf_conntrack_tcp_loose = 0\n';
    expect(walk(node(OFF + strict, [TRACKS, untracked]), { dst: '10.244.1.1' }).entries.get('a') ?? []).toEqual([]);
  });
});

it('an ACK may be lost by a rule that could be decided of the SYN alone', () => {
  const rule = table('filter', 4, '-A INPUT -m socket --transparent -j REJECT --reject-with icmp-host-unreachable');
  const { branches } = walkFlow(node(OFF, [rule]), {
    ...{ proto: 'tcp', src: '', sport: 20001, dst: '10.244.1.1', dport: 80, start: 'a/d' },
  });
  expect(branches.map((b) => [b.outcome, b.ack?.end.reason])).toEqual(
    expect.arrayContaining([
      ['delivered', undefined],
      ['rejected', 'rule-reject'],
    ]),
  );
});

it('a masqueraded connection that leaves by another device is dropped, and forgotten', () => {
  const masquerades = nat(4, '-A POSTROUTING -j MASQUERADE');
  const marks = table('mangle', 4, '-A PREROUTING -p tcp -m tcp ! --syn -j MARK --set-xmark 0x1/0x1');
  const rules: Text = ['ip-rule', `${RULES}100:\tfrom all fwmark 0x1 lookup 100\n`, 4];
  const routes: Text = ['ip-route', `${HOST_ROUTES}10.244.1.0/24 dev eth0 table 100\n`, 4];
  const moving = node(OFF, [masquerades, marks, rules, routes]);
  // Hairpin: the pod reaches itself by way of the host, its SYN out of cni0, its ACK out of eth0.
  const itself = nat(
    4,
    '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.3',
    '-A POSTROUTING -j MASQUERADE',
  );
  const branch = walk(node(OFF, [itself, marks, rules, routes]), {});
  expect(branch.ack?.end).toMatchObject({ outcome: 'dropped', reason: 'masquerade-moved', namespace: '' });
  expect(branch.entries.get('a') ?? []).toEqual([]);
  expect(walk(moving, { dst: '10.244.1.1' }).outcome).toBe('delivered');
});

describe('an ICMP error', () => {
  it('is attached to nothing where UDP sends it, so that NOTRACK holds for it and no NAT is undone', () => {
    const renamed = nat(4, '-A INPUT -p udp -j SNAT --to-source 192.168.10.1');
    const untracked = table('raw', 4, '-A OUTPUT -p icmp -j NOTRACK');
    const udp = { proto: 'udp', dst: '10.244.1.1', dport: 81 };
    expect(walk(node(OFF, [renamed, DATAGRAMS]), udp).refusal?.end).toMatchObject({
      outcome: 'delivered',
      namespace: 'd',
    });
    expect(walk(node(OFF, [renamed, untracked, DATAGRAMS]), udp).refusal?.end.outcome).not.toBe('delivered');
  });

  it('of a packet that is tracked is attached to its entry, and NOTRACK does nothing', () => {
    const rejects = table('filter', 4, '-A INPUT -p udp -j REJECT');
    const untracked = table('raw', 4, '-A OUTPUT -p icmp -j NOTRACK');
    const only = table(
      'filter',
      4,
      '-A INPUT -p udp -j REJECT',
      '-A OUTPUT -p icmp -m conntrack --ctstate UNTRACKED -j DROP',
    );
    const udp = { proto: 'udp', dst: '10.244.1.1', dport: 80 };
    expect(walk(node(OFF, [rejects, untracked]), udp).refusal?.end.outcome).toBe('delivered');
    expect(walk(node(OFF, [only, untracked]), udp).refusal?.end.outcome).toBe('delivered');
  });

  it('of IPv6 has the source that the device of arrival would choose, and is routed with it', () => {
    const rules: Text = ['ip-rule', `${RULES6}100:\tfrom fd44:1::1 to fd44:1::3 lookup 100\n`, 6];
    const udp = { proto: 'udp', src: 'fd44:1::3', dst: 'fd44:1::1', dport: 81 };
    const blackhole = 'blackhole default dev lo table 100 metric 1024 error -22 pref medium\n';
    const network = node(OFF, [TRACKS6, rules, ['ip-route', `${HOST_ROUTES6}${blackhole}`, 6]]);
    const away = { ...udp, dst: 'fd99::9' };
    expect(walk(node(OFF, [TRACKS6]), away).refusal?.steps[0]?.after.src).toBe('fd44:1::1');
    expect(walk(network, away).refusal?.end.outcome).not.toBe('delivered');
  });
});

it("IPv6's echo reply asks for a route by the device that the request came in by", () => {
  const rules: Text = ['ip-rule', `${RULES6}100:\tfrom all oif cni0 lookup 100\n`, 6];
  const blackhole = 'blackhole default dev lo table 100 metric 1024 error -22 pref medium\n';
  const echo = { proto: 'icmp', dst: 'fd44:1::1', dport: undefined };
  const network = node(OFF, [rules, ['ip-route', `${HOST_ROUTES6}${blackhole}`, 6]]);
  expect(walk(node(OFF, []), echo).reply?.end.outcome).toBe('delivered');
  expect(walk(network, echo).reply?.end.reason).toBe('blackhole');
  expect(walk(network, { proto: 'udp', dst: 'fd44:1::1' }).reply?.end.outcome).toBe('delivered');
});

describe('frames and packets longer than an MTU', () => {
  const host = (device: string, mtu: number) =>
    HOST.replace(new RegExp(`(\\d+: ${device}(?:@if2)?: <[A-Z,_-]*> mtu) 1500`), `$1 ${mtu}`);
  const udp = { proto: 'udp', dst: '10.244.1.1' };

  it('vanish at a veth that takes less, but for the four bytes of a VLAN tag', () => {
    const network = node(OFF, [], [], host('vethd', 1300));
    expect(walk(network, { ...udp, length: 1305 }).forward.end).toMatchObject({
      outcome: 'dropped',
      reason: 'frame-too-long',
    });
    expect(walk(network, { ...udp, length: 1304 }).forward.end.outcome).toBe('delivered');
    expect(walk(network, udp).forward.end.outcome).toBe('delivered');
  });

  it('are answered with fragmentation needed where IP forwards them', () => {
    const network = node(OFF, [], [], host('eth0', 1300));
    const branch = walk(network, { ...udp, dst: '192.168.10.9', length: 1301 });
    expect(branch.forward.end).toMatchObject({ outcome: 'rejected', reason: 'mtu-exceeded' });
    expect(branch.refusal?.packet.icmp).toMatchObject({ type: 3, code: 4 });
    expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    expect(walk(network, { ...udp, dst: '192.168.10.9', length: 1300 }).forward.end.reason).not.toBe('mtu-exceeded');
  });

  it('are cut by the sender itself, whose pieces then pass', () => {
    const network = node(OFF, [], [], host('cni0', 1300));
    const echo = { proto: 'icmp', dst: '10.244.1.3', dport: undefined, start: 'a', length: 1400 };
    expect(walk(network, echo).forward.end.outcome).toBe('delivered');
  });
});

describe('a rule that changes the hops that are left', () => {
  const to = (...rules: string[]) => walk(node(OFF, [table('mangle', 4, ...rules)]), { dst: '192.168.10.9' });

  it('has the packet answered with time exceeded where it is forwarded', () => {
    const branch = to('-A PREROUTING -j TTL --ttl-set 1');
    expect(branch.forward.end).toMatchObject({ outcome: 'rejected', node: 'a', reason: 'ttl-expired' });
    expect(branch.forward.steps.find((s) => s.action.code === 'ttl-changed')).toMatchObject({
      place: 'PREROUTING',
      action: { values: { table: 'mangle', position: 1, ttl: 1, before: 64 } },
      proofs: [{ role: 'decisive' }],
    });
    expect(branch.refusal?.packet.icmp?.type).toBe(11);
    expect(branch.refusal?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    expect(to('-A POSTROUTING -j TTL --ttl-set 1').forward.end.outcome).not.toBe('rejected');
  });

  it('is seen by those behind it', () => {
    expect(to('-A PREROUTING -j TTL --ttl-dec 4', '-A PREROUTING -m ttl --ttl-eq 60 -j DROP').forward.end.reason).toBe(
      'rule-drop',
    );
    expect(to('-A PREROUTING -j TTL --ttl-inc 250', '-A FORWARD -m ttl --ttl-eq 254 -j DROP').forward.end.reason).toBe(
      'rule-drop',
    );
    expect(to('-A PREROUTING -m ttl --ttl-eq 60 -j DROP').forward.end.reason).not.toBe('rule-drop');
  });
});

describe('TPROXY', () => {
  const rules: Text = ['ip-rule', `${RULES}100:\tfrom all fwmark 0x1 lookup 100\n`, 4];
  const routes: Text = ['ip-route', `${HOST_ROUTES}local default dev lo table 100 scope host\n`, 4];
  const to = (port: number) =>
    table('mangle', 4, `-A PREROUTING -p tcp -j TPROXY --on-port ${port} --tproxy-mark 0x1/0x1`);

  it('gives the packet to a listener of this host without a change of its addresses', () => {
    const branch = walk(node(OFF, [to(80), rules, routes]), { dst: '9.9.9.9', dport: 4444 });
    expect(branch.forward.end).toMatchObject({ outcome: 'delivered', namespace: '' });
    expect(branch.forward.steps.at(-1)?.after).toMatchObject({ dst: '9.9.9.9', dport: 4444 });
    expect(branch.reply?.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
  });

  it('has dropped what no routing rule keeps on the host', () => {
    const branch = walk(node(OFF, [to(80)]), { dst: '192.168.10.9' });
    expect(branch.forward.end).toMatchObject({ outcome: 'dropped', reason: 'tproxy-not-local' });
  });

  it('has its socket taken off where br_netfilter runs the rule', () => {
    const elsewhere = walk(node(ON, [to(80), rules, routes]), { dst: '9.9.9.9', dport: 4444 });
    expect(elsewhere.forward.end).toMatchObject({ outcome: 'reset', reason: 'no-listener' });
    expect(walk(node(ON, [to(80)]), { dst: '192.168.10.9' }).forward.end.reason).not.toBe('tproxy-not-local');
  });

  it('leaves open what becomes of the answer to a connection of this host', () => {
    const network = node(OFF, [], [to(80)]);
    expect(walk(network, { dst: '10.244.1.1' }).reply?.end).toMatchObject({
      outcome: 'unknown',
      reason: 'tproxy-own-connection',
    });
  });

  it('drops what nobody listens for', () => {
    const branch = walk(node(OFF, [to(81), rules, routes]), { dst: '9.9.9.9', dport: 4444 });
    expect(branch.forward.end).toMatchObject({ outcome: 'dropped', reason: 'tproxy-no-listener' });
  });
});

describe('the port that DNAT writes', () => {
  const to = (target: string, dport = 80) =>
    walk(node(OFF, [nat(4, `-A PREROUTING -d 10.96.0.10/32 -p tcp -j DNAT --to-destination ${target}`)]), {
      dport,
    }).forward.steps.find((s) => s.action.code === 'dnat')?.after.dport;

  it('is shifted by as much as the old one lies beyond the base', () => {
    expect(to('10.244.1.3:1000-1100/50', 80)).toBe(1030);
    expect(to('10.244.1.3:1000-1100/50', 50)).toBe(1000);
    expect(to('10.244.1.3:1000-1009/50', 65)).toBe(1005);
  });

  it('is not known where it is drawn', () => {
    expect(to('10.244.1.3:1000-1100 --random')).toBeUndefined();
    expect(to('10.244.1.3:1000 --random')).toBe(1000);
    expect(to('10.244.1.3:79-81')).toBe(80);
  });
});

it('a loopback source leaves the host only by a device that may route it', () => {
  const away = nat(4, '-A OUTPUT -d 127.0.0.5/32 -j DNAT --to-destination 192.168.10.99');
  const local = { dst: '127.0.0.5', start: 'a' };
  const settings = 'net.ipv4.conf.all.route_localnet = 0\nnet.ipv4.conf.eth0.route_localnet = ';
  const from = (value: 0 | 1) => walk(node(`${OFF}${settings}${value}\n`, [away]), local).forward.end.reason;
  expect(from(0)).toBe('martian-source');
  expect(from(1)).not.toBe('martian-source');
});

const written = (backend: string, name: string, rule: string): Text => {
  const [kind, text] = table(name, 4, rule);
  return [kind, `# Generated by iptables-save v1.8.9 (${backend}) on Sat Nov 21 18:00:00 2026\n${text}`, 4];
};

it("iptables-nft's security table sees at INPUT what the nat table made of the source, the kernel's own does not", () => {
  const renamed = (backend: string) => written(backend, 'nat', '-A INPUT -p tcp -j SNAT --to-source 192.168.10.1');
  const secures = (backend: string) => written(backend, 'security', '-A INPUT -s 192.168.10.1/32 -j DROP');
  const end = (backend: string) =>
    walk(node(OFF, [renamed(backend), secures(backend)]), { dst: '10.244.1.1' }).forward.end.reason;
  expect(end('nf_tables')).toBe('rule-drop');
  expect(end('legacy')).toBe('socket');
});

it("a port that NAT drew and nobody gave back is not the client's", () => {
  const drawn = nat(4, '-A POSTROUTING -d 10.244.1.3/32 -j MASQUERADE --random-fully');
  const untracked = table('raw', 4, '-A PREROUTING -s 10.244.1.3/32 -j NOTRACK');
  const to = (...texts: Text[]) => walk(node(OFF, texts), { dst: '10.244.1.3', start: 'a' }).reply?.end.reason;
  expect(to(drawn)).toBe('socket');
  expect(to(drawn, untracked)).toBe('answer-from-stranger');
});

it("a zone that OUTPUT's template gave is forgotten on the way over loopback", () => {
  const renamed = nat(4, '-A INPUT -p tcp -j SNAT --to-source 10.244.1.1');
  const zone = table('raw', 4, '-A OUTPUT -p tcp -j CT --zone 5');
  const branch = walk(node(OFF, [TRACKS, renamed, zone]), { dst: '10.244.1.1' });
  expect(branch.entries.get('a')).toMatchObject([{ zone: 0, seenReply: true }]);
});

describe('tables whose order no dump tells', () => {
  it('are two ways, where either would end the packet', () => {
    const legacy = written('legacy', 'filter', '-A INPUT -p tcp -j REJECT --reject-with tcp-reset');
    const { branches } = walkFlow(node(OFF, [legacy, written('nf_tables', 'filter', '-A INPUT -p tcp -j DROP')]), {
      ...{ proto: 'tcp', src: '', sport: 20001, dst: '10.244.1.1', dport: 80, start: 'a/d' },
    });
    expect(branches.map((b) => b.forward.end.reason).sort()).toEqual(['rule-drop', 'rule-reject']);
  });
});

describe('XFRM policies without a tunnel', () => {
  const defaults = (dir: 'in' | 'fwd' | 'out'): Text => [
    'xfrm-policy',
    `Default policies:\n${['in', 'fwd', 'out'].map((d) => ` ${d}:`.padEnd(6) + (d === dir ? 'block' : 'accept')).join('\n')}\n`,
  ];
  const policy = (src: string, dst: string, rest: string): Text => ['xfrm-policy', `src ${src} dst ${dst} ${rest}\n`];
  const ANY = '0.0.0.0/0';

  it('by default refuse what leaves, but not by a loopback device, and what a device exempts where it is forwarded', () => {
    const end = (question: Parameters<typeof walk>[1], settings = '') =>
      walk(node(OFF + settings, [defaults('out')]), question).forward.end;
    expect(end({ dst: '10.244.1.3', start: 'a' })).toMatchObject({ outcome: 'dropped', reason: 'policy-block' });
    expect(end({ dst: '10.244.1.1', start: 'a' }).outcome).toBe('delivered');
    const exempt = 'net.ipv4.conf.all.disable_xfrm = 1\n';
    expect(end({ dst: '10.244.1.3', start: 'a' }, exempt).reason).toBe('policy-block');
    expect(end({ dst: '192.168.10.9' }).reason).toBe('policy-block');
    expect(end({ dst: '192.168.10.9' }, exempt).reason).not.toBe('policy-block');
  });

  it('are not asked for what a device with disable_policy takes in', () => {
    const to = (settings: string) =>
      walk(node(OFF + settings, [defaults('in')]), { dst: '10.244.1.1' }).forward.end.outcome;
    expect(to('')).toBe('dropped');
    expect(to('net.ipv4.conf.cni0.disable_policy = 1\n')).toBe('delivered');
    expect(to('net.ipv4.conf.all.disable_policy = 1\n')).toBe('delivered');
  });

  it('allow what the default would block', () => {
    const allows = policy(ANY, ANY, '\n\tdir in priority 0 ptype main');
    expect(walk(node(OFF, [allows]), { dst: '10.244.1.1' }).forward.end.outcome).toBe('delivered');
    expect(walk(node(OFF, [allows, defaults('in')]), { dst: '10.244.1.1' }).forward.end.outcome).toBe('delivered');
    expect(walk(node(OFF, [defaults('in')]), { dst: '10.244.1.1' }).forward.end.reason).toBe('no-policy');
  });

  it('tell ICMP by its type and code', () => {
    const questions = policy(ANY, ANY, 'proto icmp type 8 code 0 \n\tdir out action block priority 0 ptype main');
    const echo = { proto: 'icmp', dst: '10.244.1.1', dport: undefined };
    expect(walk(node(OFF, [questions]), echo).reply?.end.outcome).toBe('delivered');
    expect(walk(node(OFF, [questions]), { ...echo, dst: '10.244.1.3', start: 'a' }).forward.end.reason).toBe(
      'policy-block',
    );
  });

  it('leave what is for this host on loopback, whichever device bears the address', () => {
    const elsewhere = policy('9.9.9.0/24', ANY, '\n\tdir out action block priority 0 ptype main');
    const branch = walk(node(OFF, [elsewhere]), { dst: '10.244.1.1', start: 'a' });
    expect([branch.forward.end.outcome, branch.reply?.end.outcome]).toEqual(['delivered', 'delivered']);
  });

  it('that lack a state let the packet pass OUTPUT before it vanishes', () => {
    const tunnel = policy(
      '10.244.1.1/32',
      ANY,
      '\n\tdir out priority 0 ptype main\n\ttmpl src 1.1.1.1 dst 2.2.2.2\n\t\tproto esp reqid 1 mode tunnel',
    );
    const none: Text = ['xfrm-state', ''];
    const branch = walk(node(OFF, [TRACKS, tunnel, none]), { dst: '10.244.1.1' });
    expect(branch.reply?.end).toMatchObject({ outcome: 'dropped', reason: 'no-state' });
    expect(branch.entries.get('a')).toMatchObject([{ seenReply: true }]);
    const rejects = table('filter', 4, '-A OUTPUT -p tcp -j DROP');
    expect(walk(node(OFF, [rejects, tunnel, none]), { dst: '10.244.1.1' }).reply?.end.reason).toBe('rule-drop');
  });

  it('judge an ICMP error by what it quotes, since Linux 6.9', () => {
    const block = policy(
      '10.244.1.3/32',
      '192.168.10.9/32',
      'proto udp \n\tdir fwd action block priority 0 ptype main',
    );
    const answer = (release: string) => {
      const network = node(OFF, [block, ['uname', `Linux a ${release} #1 SMP x86_64 GNU/Linux\n`]]);
      const host = network.nodes[0]?.host;
      if (!host) throw new Error('no host');
      const asked = firstPacket({
        proto: 'udp',
        src: '192.168.10.9',
        sport: 5000,
        dst: '10.244.1.3',
        dport: 53,
        start: undefined,
      });
      const refused = { ...startBranch(host, asked, { entries: new Map(), connections: [] }), iif: 'eth0' };
      const error = refusalFor(
        finish(refused, {
          place: 'socket',
          stage: 'socket',
          action: { code: 'no-listener', values: { dst: '10.244.1.3', port: 53, proto: 'udp' } },
          verdict: 'reject',
        }),
      );
      if (!error) throw new Error('no error');
      const onItsWay = { ...refused, packet: { ...error, src: '10.244.1.3' }, iif: 'cni0' };
      return policyCheck('fwd')(worldOf(network, undefined, 1, undefined), onItsWay)[0]?.end?.reason;
    };
    expect(answer('6.9.1-generic')).toBe('policy-block');
    expect(answer('6.8.0-generic')).toBeUndefined();
  });
});

it('a packet that goes round by a rule that nothing decides has as many ways as the walk bears, and says so', () => {
  const back: Text = [
    'ip-route',
    `${HOST_ROUTES}9.9.9.8 via 10.244.1.3 dev cni0\n9.9.9.0/24 via 10.244.1.3 dev cni0 table 100\n`,
    4,
  ];
  const undecided: Text = ['ip-rule', `${RULES}100:\tfrom all ipproto tcp sport 1000-2000 lookup 100\n`, 4];
  const forwards: Text = ['sysctl', 'net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.accept_local = 1\n'];
  const network = node(OFF, [back, undecided], [forwards]);
  const { branches, cut } = walkFlow(network, {
    proto: 'tcp',
    src: '10.244.1.3',
    sport: undefined,
    dst: '9.9.9.8',
    dport: 80,
    start: 'a/d',
  });
  expect(branches.length).toBeLessThanOrEqual(MAX_BRANCHES);
  expect(cut).toBe(true);
});
