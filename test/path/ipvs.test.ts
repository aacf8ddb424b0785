import { describe, expect, it } from 'vitest';
import { ipvsReply, ipvsRequest } from '../../src/path/ipvs.ts';
import type { Packet } from '../../src/path/packet.ts';
import { atHost, host, through } from './at-host.ts';
import { HOST_ROUTES, nat, node, OFF, type Text, table, walk } from './one-node.ts';

/** IPVS at the host: 203.0.113.10 is its own on vip0, 10.244.1.3 the pod behind its bridge. */

const HEAD =
  'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n';
/** A service as `ipvsadm -Ln` prints it, and its servers: `10.244.1.3:80 Masq 1`. */
const service = (head: string, ...servers: string[]): string =>
  `${head}\n${servers.map((server) => `  -> ${server} 0 0\n`).join('')}`;
const ipvs = (...services: string[]): Text => ['ipvsadm', HEAD + services.join('')];

const VIP = '203.0.113.10';
const SERVED = ipvs(service(`TCP  ${VIP}:80 rr`, '10.244.1.3:80 Masq 1'));
const FROM_HOST = { dst: VIP, start: 'a' };
const ON_VIP = `${OFF}net.ipv4.vs.conntrack = 1\n`;

/** The servers that a packet to the host may be given to, or how it ends. */
const given = (network: ReturnType<typeof node>, text: string, over: Partial<Packet> = {}): readonly string[] => {
  const b = atHost(network, text);
  return through(network, ipvsRequest('INPUT'), { ...b, packet: { ...b.packet, ...over } }).map(
    ({ end, ipvs: taken, nextHop, packet }) =>
      end?.reason ?? (taken ? `${nextHop ?? packet.dst}:${packet.dport}` : 'none'),
  );
};
const CLIENT = `tcp 192.0.2.7:999 > ${VIP}:80`;

describe('a request', () => {
  it("is given to the service's server, and its answer gets the virtual address back", () => {
    const branch = walk(node(ON_VIP, [SERVED]), FROM_HOST);
    expect(branch.forward.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    expect(branch.forward.steps.at(-1)?.before).toMatchObject({ src: VIP, dst: '10.244.1.3' });
    expect(branch.reply?.end).toMatchObject({ outcome: 'delivered', namespace: '' });
    expect(branch.reply?.steps.at(-1)?.before).toMatchObject({ src: VIP, sport: 80 });
  });

  it('to another port, protocol or address of the host is none of its business', () => {
    const network = host(ON_VIP, SERVED);
    expect(given(network, CLIENT)).toEqual(['10.244.1.3:80']);
    expect(given(network, `tcp 192.0.2.7:999 > ${VIP}:81`)).toEqual(['none']);
    expect(given(network, `udp 192.0.2.7:999 > ${VIP}:80`)).toEqual(['none']);
    expect(given(network, 'tcp 192.0.2.7:999 > 192.168.10.1:80')).toEqual(['none']);
  });
});

describe('what begins a connection', () => {
  const kinds = (settings: string) =>
    (['syn', 'syn-ack', 'ack', 'rst'] as const).map(
      (tcp) => given(host(ON_VIP + settings, SERVED), CLIENT, { tcp })[0],
    );
  const SERVER = '10.244.1.3:80';

  it('is a packet with SYN (tcp_conn_schedule)', () => {
    expect(kinds('')).toEqual([SERVER, SERVER, 'none', 'none']);
    expect(kinds('net.ipv4.vs.sloppy_tcp = 0\n')).toEqual([SERVER, SERVER, 'none', 'none']);
  });

  it('is with sloppy_tcp any but a reset', () => {
    expect(kinds('net.ipv4.vs.sloppy_tcp = 1\n')).toEqual([SERVER, SERVER, SERVER, 'none']);
  });
});

describe('a server', () => {
  const to = (...servers: string[]) => given(host(ON_VIP, ipvs(service(`TCP  ${VIP}:80 rr`, ...servers))), CLIENT);

  it('of weight 0 gets no new connection', () => {
    expect(to('10.244.1.3:80 Masq 0', '10.244.1.4:80 Masq 1')).toEqual(['10.244.1.4:80']);
    expect(to('10.244.1.3:80 Masq 2', '10.244.1.4:80 Masq 1')).toEqual(['10.244.1.3:80', '10.244.1.4:80']);
  });

  it('is missing where there is none, or none with a weight: the client is refused', () => {
    expect(to()).toEqual(['ipvs-no-server']);
    expect(to('10.244.1.3:80 Masq 0', '10.244.1.4:80 Masq 0')).toEqual(['ipvs-all-weight-zero']);
  });

  it('keeps the connection that it has, whatever its weight is now', () => {
    const network = host(ON_VIP, ipvs(service(`TCP  ${VIP}:80 rr`, '10.244.1.3:80 Masq 0', '10.244.1.4:80 Masq 1')));
    const known = {
      namespace: 'a',
      proto: 'tcp',
      client: '192.0.2.7',
      clientPort: 999,
      virtual: VIP,
      virtualPort: 80,
      server: '10.244.1.3',
      serverPort: 80,
      method: 'masq',
    } as const;
    const [b] = through(
      network,
      ipvsRequest('INPUT'),
      atHost(network, CLIENT, { tracking: { entries: new Map(), connections: [known] } }),
    );
    expect(b?.packet.dst).toBe('10.244.1.3');
  });

  it('of Route and Tunnel gets the packet with the virtual address in it', () => {
    for (const method of ['Route', 'Tunnel']) {
      const network = host(ON_VIP, ipvs(service(`TCP  ${VIP}:80 rr`, `192.168.10.9:80 ${method} 1`)));
      const [b] = through(network, ipvsRequest('INPUT'), atHost(network, CLIENT));
      expect(b).toMatchObject({ packet: { dst: VIP }, nextHop: '192.168.10.9' });
    }
  });
});

describe('the service of a packet', () => {
  const MARKED = service('FWM  7 rr', '10.244.1.7:0 Masq 1');
  const ANY_PORT = (flags: string) => service(`TCP  ${VIP}:0 rr${flags}`, '10.244.1.8:0 Masq 1');
  const BY_PORT = service(`TCP  ${VIP}:80 rr`, '10.244.1.3:80 Masq 1');

  it('is that of its mark before that of its address', () => {
    const network = host(ON_VIP, ipvs(BY_PORT, MARKED));
    expect([given(network, CLIENT, { mark: 7 }), given(network, CLIENT, { mark: 8 })]).toEqual([
      ['10.244.1.7:80'],
      ['10.244.1.3:80'],
    ]);
  });

  it('is that of its port before that of all ports, which only a persistent one has', () => {
    const other = `tcp 192.0.2.7:999 > ${VIP}:81`;
    const persistent = host(ON_VIP, ipvs(ANY_PORT(' persistent 300'), BY_PORT));
    expect([given(persistent, CLIENT), given(persistent, other)]).toEqual([['10.244.1.3:80'], ['10.244.1.8:81']]);
    expect(given(host(ON_VIP, ipvs(ANY_PORT(''), BY_PORT)), other)).toEqual(['none']);
  });
});

describe('the entry of a connection that IPVS translated', () => {
  const entry = (...texts: Text[]) => walk(node(ON_VIP, [SERVED, ...texts]), FROM_HOST).entries.get('a')?.[0];

  it('names the real server, and no status bit says that netfilter changed anything (ip_vs_update_conntrack)', () => {
    expect(entry(table('filter', 4, '-A OUTPUT -m conntrack --ctstate INVALID'))).toMatchObject({
      original: { dst: VIP, dport: 80 },
      reply: { src: '10.244.1.3', sport: 80 },
      dstNat: false,
    });
  });

  it('is none where net.ipv4.vs.conntrack is off', () => {
    const untracked = table('filter', 4, '-A OUTPUT -m conntrack --ctstate UNTRACKED -j DROP');
    const end = (value: 0 | 1) =>
      walk(node(`${OFF}net.ipv4.vs.conntrack = ${value}\n`, [SERVED, untracked]), FROM_HOST).forward.end.reason;
    expect([end(0), end(1)]).toEqual(['rule-drop', 'socket']);
  });

  it('so that POSTROUTING may masquerade what it translated only where it is on', () => {
    const masquerade = nat(4, '-A POSTROUTING -d 10.244.1.3/32 -j SNAT --to-source 10.244.1.1');
    const source = (value: 0 | 1) =>
      walk(node(`${OFF}net.ipv4.vs.conntrack = ${value}\n`, [SERVED, masquerade]), FROM_HOST).forward.steps.at(-1)
        ?.before.src;
    expect([source(1), source(0)]).toEqual(['10.244.1.1', VIP]);
  });
});

describe('IPVS stands', () => {
  const end = (...texts: Text[]) => walk(node(ON_VIP, [SERVED, ...texts]), FROM_HOST).forward.end.reason;
  const drops = (hook: string, test: string) => table('filter', 4, `-A ${hook} ${test} -j DROP`);

  it("behind nat and before filter of OUTPUT, which sees the server's address", () => {
    expect(end(nat(4, `-A OUTPUT -d ${VIP}/32 -p tcp -j DNAT --to-destination 10.244.1.1:81`))).not.toBe('socket');
    expect([end(drops('OUTPUT', '-d 10.244.1.3/32')), end(drops('OUTPUT', `-d ${VIP}/32`))]).toEqual([
      'rule-drop',
      'socket',
    ]);
  });

  const fromPod = (...texts: Text[]) =>
    walk(node(ON_VIP, [SERVED, ...texts]), { dst: VIP }).forward.steps.map((s) => s.action.code);

  it('behind filter of INPUT, which sees the virtual address', () => {
    expect(fromPod(drops('INPUT', `-d ${VIP}/32`)).at(-1)).toBe('rule-drop');
    expect(fromPod(drops('INPUT', `-d 10.244.1.3/32`))).toContain('ipvs-dnat');
  });

  it('before nat of INPUT, which what it translated never reaches', () => {
    const codes = fromPod(nat(4, '-A INPUT -j SNAT --to-source 192.168.10.1'));
    expect(codes).toContain('ipvs-dnat');
    expect(codes).not.toContain('snat');
  });

  it('before FORWARD nowhere: a request that is forwarded is not looked at', () => {
    const elsewhere = ipvs(service('TCP  192.168.10.9:80 rr', '10.244.1.3:80 Masq 1'));
    const codes = walk(node(ON_VIP, [elsewhere]), { dst: '192.168.10.9' }).forward.steps.map((s) => s.action.code);
    expect(codes).not.toContain('ipvs-dnat');
  });

  it("behind filter of FORWARD, which sees the server's answer under its own name", () => {
    const known = {
      namespace: 'a',
      proto: 'tcp',
      client: '192.168.10.9',
      clientPort: 999,
      virtual: VIP,
      virtualPort: 80,
      server: '10.244.1.3',
      serverPort: 80,
    };
    const source = (method: 'masq' | 'route') => {
      const network = host(ON_VIP, SERVED);
      const answer = atHost(network, 'tcp 10.244.1.3:80 > 192.168.10.9:999', {
        tracking: { entries: new Map(), connections: [{ ...known, method }] },
      });
      return through(network, ipvsReply('FORWARD'), answer)[0]?.packet.src;
    };
    expect([source('masq'), source('route')]).toEqual([VIP, '10.244.1.3']);
  });

  /** Where the server's answer to a client outside ends, on its way through FORWARD. */
  const answerEnds = (...texts: Text[]) => {
    const network = node(ON_VIP, [SERVED, ...texts]);
    return walk(network, { src: '192.168.10.9', dst: VIP, start: 'a', arrival: { device: 'eth0' } }).reply?.end.reason;
  };
  const VIRTUAL = `-s ${VIP}/32`;
  const OWN = '-s 10.244.1.3/32';

  it("behind the kernel's own security table of FORWARD (50), before iptables-nft's (150)", () => {
    const drops = (backend: string, source: string): Text => {
      const [kind, text] = table('security', 4, `-A FORWARD ${source} -j DROP`);
      return [kind, `# Generated by iptables-save v1.8.9 (${backend}) on Sat Nov 21 18:00:00 2026\n${text}`, 4];
    };
    expect([VIRTUAL, OWN].map((source) => answerEnds(drops('legacy', source)))).toEqual(['outside', 'rule-drop']);
    expect([VIRTUAL, OWN].map((source) => answerEnds(drops('nf_tables', source)))).toEqual(['rule-drop', 'outside']);
  });

  it("at 100 among nftables' own chains of FORWARD", () => {
    const drops = (priority: number, source: string): Text => [
      'nft-ruleset',
      `table ip own {\n\tchain c {\n\t\ttype filter hook forward priority ${priority}; policy accept;\n\t\tip saddr ${source} drop\n\t}\n}\n`,
    ];
    expect([50, 90, 110, 150, 200].map((priority) => answerEnds(drops(priority, VIP)))).toEqual([
      'outside',
      'outside',
      'rule-drop',
      'rule-drop',
      'rule-drop',
    ]);
    expect([90, 110].map((priority) => answerEnds(drops(priority, '10.244.1.3')))).toEqual(['rule-drop', 'outside']);
  });
});

it('a server that is this very host gets the packet without another way through OUTPUT', () => {
  const own = ipvs(service(`TCP  ${VIP}:80 rr`, '192.168.10.1:80 Masq 1'));
  const drops = table('filter', 4, '-A OUTPUT -p tcp -m tcp --dport 80 -j DROP');
  const branch = walk(node(ON_VIP, [own, drops, ['ip-route', HOST_ROUTES, 4]]), { dst: VIP });
  expect(branch.forward.end).toMatchObject({ outcome: 'delivered', namespace: '' });
  expect(branch.forward.steps.at(-1)?.before.dst).toBe('192.168.10.1');
});

it('a loopback source may not be given to a server of another host', () => {
  const network = host(ON_VIP, SERVED);
  expect(given(network, `tcp 127.0.0.1:999 > ${VIP}:80`)).toEqual(['ipvs-loopback-source']);
  const own = host(ON_VIP, ipvs(service(`TCP  ${VIP}:80 rr`, '192.168.10.1:80 Masq 1')));
  expect(given(own, `tcp 127.0.0.1:999 > ${VIP}:80`)).toEqual(['192.168.10.1:80']);
});
