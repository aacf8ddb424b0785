import { describe, expect, it } from 'vitest';
import { nat as natStage } from '../../src/path/nat.ts';
import { atHost, through } from './at-host.ts';
import { ct, entry } from './netfilter/make.ts';
import { HOST, HOST_ROUTES, nat, node, OFF, RULES, type Text, table, walk } from './one-node.ts';

/** What the nat table makes of a connection's packets, there and back. */

type Question = Parameters<typeof walk>[1];
const ARRIVES: Question = { dst: '10.244.1.1' };
const SENT: Question = { dst: '10.244.1.3', start: 'a' };

/** The packet as it reaches the server, and as its answer reaches the client. */
const ends = (texts: readonly Text[], question: Question, host = HOST) => {
  const branch = walk(node(OFF, texts, [], host), question);
  return { there: branch.forward.steps.at(-1)?.before, back: branch.reply?.steps.at(-1)?.before, branch };
};

describe('NETMAP puts the host bits of the address behind the network', () => {
  /** Each address differs from the network that it is mapped to in the lowest bit of the one and has the highest of the other. */
  it.each([
    ['10.96.0.0/24', '10.244.1.0/24', '10.96.0.200', '10.244.1.200'],
    ['10.96.0.0/20', '10.244.16.0/20', '10.96.15.255', '10.244.31.255'],
    ['10.96.0.0/13', '10.248.0.0/13', '10.103.0.9', '10.255.0.9'],
    ['10.96.0.10/32', '10.244.1.1/32', '10.96.0.10', '10.244.1.1'],
  ])('%s to %s', (from, to, dst, mapped) => {
    const rule = nat(4, `-A PREROUTING -d ${from} -j NETMAP --to ${to}`);
    const { branch } = ends([rule], { dst });
    expect(branch.forward.steps.find((s) => s.action.code === 'netmap')?.after.dst).toBe(mapped);
  });

  it('also across words of IPv6', () => {
    const mapped = (length: number, to: string, dst: string) =>
      ends([nat(6, `-A PREROUTING -d fd96::/16 -j NETMAP --to ${to}/${length}`)], {
        dst,
      }).branch.forward.steps.find((s) => s.action.code === 'netmap')?.after.dst;
    expect(mapped(36, 'fd44:1:f000::', 'fd96:0:fff:1::9')).toBe('fd44:1:ffff:1::9');
    expect(mapped(64, 'fd44:1::', 'fd96:2:3:4:8000:1:2:9')).toBe('fd44:1::8000:1:2:9');
    expect(mapped(127, 'fd44:1::2', 'fd96::1')).toBe('fd44:1::3');
  });

  it('of a source at POSTROUTING', () => {
    const rule = nat(4, '-A POSTROUTING -s 10.244.1.0/24 -j NETMAP --to 10.245.2.0/24');
    const { branch } = ends([rule], { dst: '192.168.10.9' });
    expect(branch.forward.steps.find((s) => s.action.code === 'netmap')?.after.src).toBe('10.245.2.3');
  });
});

describe('the answer is given back the names that the request was given', () => {
  it('after DNAT of what arrives', () => {
    const { there, back } = ends([nat(4, '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.1')], {});
    expect(there).toMatchObject({ dst: '10.244.1.1' });
    expect(back).toMatchObject({ src: '10.96.0.10', sport: 80, dst: '10.244.1.3' });
  });

  it('after DNAT of what is sent, its port included', () => {
    const rule = '-A OUTPUT -d 192.168.10.99/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.1.3:80';
    const { there, back } = ends([nat(4, rule)], { dst: '192.168.10.99', dport: 8080, start: 'a' });
    expect(there).toMatchObject({ dst: '10.244.1.3', dport: 80 });
    expect(back).toMatchObject({ src: '192.168.10.99', sport: 8080, dst: '192.168.10.1' });
  });

  it('after SNAT of what leaves', () => {
    const rule = '-A POSTROUTING -d 10.244.1.3/32 -j SNAT --to-source 192.168.10.1';
    const { there, back } = ends([nat(4, rule)], { ...SENT, src: '10.244.1.1' });
    expect(there?.src).toBe('192.168.10.1');
    expect(back).toMatchObject({ src: '10.244.1.3', dst: '10.244.1.1' });
  });

  it('after both', () => {
    const rules = nat(
      4,
      '-A OUTPUT -d 192.168.10.99/32 -j DNAT --to-destination 10.244.1.3',
      '-A POSTROUTING -d 10.244.1.3/32 -j SNAT --to-source 10.244.1.1',
    );
    const { there, back } = ends([rules], { dst: '192.168.10.99', start: 'a' });
    expect(there).toMatchObject({ src: '10.244.1.1', dst: '10.244.1.3' });
    expect(back).toMatchObject({ src: '192.168.10.99', dst: '192.168.10.1' });
  });
});

describe('the nat table is asked once per connection and side', () => {
  it('and not by the answer', () => {
    const rule = '-A OUTPUT -s 10.244.1.1/32 -j DNAT --to-destination 10.244.1.99';
    expect(ends([nat(4, rule)], ARRIVES).branch.outcome).toBe('delivered');
    const masquerades = '-A POSTROUTING -o cni0 -j SNAT --to-source 192.168.10.1';
    expect(ends([nat(4, masquerades)], ARRIVES).back).toMatchObject({ src: '10.244.1.1' });
  });

  it('so that a rule about the SYN holds for the ACK too', () => {
    const rule = '-A PREROUTING -d 10.96.0.10/32 -p tcp -m tcp --syn -j DNAT --to-destination 10.244.1.1';
    const { branch } = ends([nat(4, rule)], {});
    expect(branch.outcome).toBe('delivered');
    expect(branch.ack).toBeUndefined();
  });

  it('and not again at PREROUTING by what a host sends itself, whose entry is there already', () => {
    const rules = (...more: string[]) => nat(4, '-A PREROUTING -j DNAT --to-destination 10.244.1.99', ...more);
    expect(ends([rules()], { dst: '10.244.1.1', start: 'a' }).there?.dst).toBe('10.244.1.1');
    const sent = '-A OUTPUT -d 192.168.10.99/32 -j DNAT --to-destination 10.244.1.1';
    expect(ends([rules(sent)], { dst: '192.168.10.99', start: 'a' }).there?.dst).toBe('10.244.1.1');
  });

  it('and not again at INPUT by what POSTROUTING had before', () => {
    const rules = nat(4, '-A INPUT -j SNAT --to-source 192.168.10.1');
    expect(ends([rules], { dst: '10.244.1.1', start: 'a' }).there?.src).toBe('10.244.1.1');
    expect(ends([rules], ARRIVES).there?.src).toBe('192.168.10.1');
  });

  it('and not by a connection that was there before the table', () => {
    const network = node(OFF, [nat(4, '-A PREROUTING -j DNAT --to-destination 10.244.1.99')]);
    const b = atHost(network, 'tcp 10.244.1.3:999 > 10.244.1.1:80', { iif: 'cni0' });
    const before = ct(b.packet, { state: 'ESTABLISHED', entry: entry(b.packet, { confirmed: true, seenReply: true }) });
    const to = (over: Partial<typeof b>) => through(network, natStage('PREROUTING'), { ...b, ...over })[0]?.packet.dst;
    expect([to({ ct: before }), to({ ct: ct(b.packet) })]).toEqual(['10.244.1.1', '10.244.1.99']);
  });

  it('of a packet that is not tracked never', () => {
    const untracked = table('raw', 4, '-A PREROUTING -j NOTRACK');
    const rule = nat(4, '-A PREROUTING -d 10.244.1.1/32 -j DNAT --to-destination 192.168.10.9');
    expect(ends([rule, untracked], ARRIVES).there?.dst).toBe('10.244.1.1');
    expect(ends([rule], ARRIVES).branch.forward.end.reason).not.toBe('socket');
  });
});

describe('destinations are changed before the routing decision, sources behind it', () => {
  it('so that POSTROUTING has the new destination and the old source', () => {
    const rules = (post: string) =>
      nat(4, '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 192.168.10.9', `-A POSTROUTING ${post}`);
    const snat = (post: string) =>
      ends([rules(`${post} -j SNAT --to-source 192.168.10.1`)], {}).branch.forward.steps.some(
        (s) => s.action.code === 'snat',
      );
    expect(snat('-s 10.244.1.3/32 -d 192.168.10.9/32 -o eth0')).toBe(true);
    expect(snat('-d 10.96.0.10/32')).toBe(false);
  });

  it('and FORWARD sees the one and not the other', () => {
    const rules = nat(
      4,
      '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 192.168.10.9',
      '-A POSTROUTING -j SNAT --to-source 192.168.10.1',
    );
    const filter = (rule: string) => table('filter', 4, `-A FORWARD ${rule} -j DROP`);
    const end = (rule: string) => ends([rules, filter(rule)], {}).branch.forward.end.reason;
    expect(end('-s 10.244.1.3/32 -d 192.168.10.9/32')).toBe('rule-drop');
    expect(end('-s 192.168.10.1/32')).not.toBe('rule-drop');
  });
});

describe('MASQUERADE takes', () => {
  const two = HOST.replace(
    '    inet 192.168.10.1/24 scope global eth0\n',
    '    inet 192.168.10.1/24 scope global eth0\n    inet 192.168.10.7/24 scope global secondary eth0\n    inet 172.16.0.1/24 scope global eth0\n',
  );
  const masquerades = nat(4, '-A POSTROUTING -o eth0 -j MASQUERADE');
  const source = (dst: string, routes = '', host = two) =>
    ends(
      [masquerades, ['ip-route', HOST_ROUTES + routes, 4], ['ip-rule', RULES, 4]],
      { dst },
      host,
    ).branch.forward.steps.find((s) => s.action.code === 'masquerade')?.after.src;

  it('the address of the network that the destination is in', () => {
    expect(source('192.168.10.9')).toBe('192.168.10.1');
    expect(source('172.16.0.9', '172.16.0.0/24 dev eth0 proto kernel scope link src 172.16.0.1\n')).toBe('172.16.0.1');
  });

  it('the address of the network that the next hop is in, whatever the destination', () => {
    expect(source('8.8.8.8', 'default via 172.16.0.254 dev eth0\n')).toBe('172.16.0.1');
    expect(source('8.8.8.8', 'default via 192.168.10.254 dev eth0\n')).toBe('192.168.10.1');
  });

  it("the first address of the device that it leaves by, not the route's source", () => {
    expect(source('8.8.8.8', 'default via 192.168.10.254 dev eth0 src 192.168.10.7\n')).toBe('192.168.10.1');
  });
});

it('a name that another connection has already is left to it: another port is drawn (nf_nat_used_tuple)', () => {
  const network = node(OFF, [nat(4, '-A POSTROUTING -j SNAT --to-source 192.168.10.1')]);
  const b = atHost(network, 'tcp 10.244.1.3:999 > 9.9.9.9:80', { oif: 'eth0' });
  const asks = { ...b, ct: ct(b.packet) };
  const taken = { src: '9.9.9.9', dst: '192.168.10.1', sport: 80, dport: 999 };
  const other = { ...entry(b.packet, { reply: taken, confirmed: true }), id: 2 };
  const port = (...entries: (typeof other)[]) =>
    through(network, natStage('POSTROUTING'), {
      ...asks,
      tracking: { entries: new Map([['a', entries]]), connections: [] },
    })[0]?.packet.sport;
  expect([port(), port(other), port({ ...other, proto: 'udp' })]).toEqual([999, undefined, 999]);
});

describe('marks in the nat table', () => {
  it('stay on the packet', () => {
    const marks = nat(4, '-A PREROUTING -j MARK --set-xmark 0x4000/0x4000');
    const end = (test: string) =>
      ends([marks, table('filter', 4, `-A INPUT -m mark --mark ${test} -j DROP`)], ARRIVES).branch.forward.end.reason;
    expect([end('0x4000/0x4000'), end('0x8000/0x8000')]).toEqual(['rule-drop', 'socket']);
  });
});

describe('the mask of a mark', () => {
  const end = (set: string, test: string) =>
    ends(
      [
        table('mangle', 4, '-A PREROUTING -j MARK --set-xmark 0x3/0xffffffff', `-A PREROUTING -j MARK ${set}`),
        table('filter', 4, `-A INPUT -m mark --mark ${test} -j DROP`),
      ],
      ARRIVES,
    ).branch.forward.end.reason;

  it('limits what is written', () => {
    expect([end('--set-xmark 0x10/0x10', '0x13'), end('--set-xmark 0x10/0x10', '0x10')]).toEqual([
      'rule-drop',
      'socket',
    ]);
    expect(end('--set-xmark 0x0/0x1', '0x2')).toBe('rule-drop');
    expect(end('--set-xmark 0x1/0x0', '0x2')).toBe('rule-drop');
    expect(end('--or-mark 0x10', '0x13')).toBe('rule-drop');
    expect(end('--and-mark 0x2', '0x2')).toBe('rule-drop');
  });

  it('limits what is compared', () => {
    expect([end('--set-xmark 0x10/0x10', '0x10/0x10'), end('--set-xmark 0x10/0x10', '0x10/0x30')]).toEqual([
      'rule-drop',
      'rule-drop',
    ]);
    expect([end('--set-xmark 0x10/0x10', '0x10/0x11'), end('--set-xmark 0x10/0x10', '0x11/0x10')]).toEqual([
      'socket',
      'socket',
    ]);
  });
});
