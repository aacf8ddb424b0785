import { describe, expect, it } from 'vitest';
import { ask, ct, decide, entry, namespaceOf, packet, saved, short } from './make.ts';

const P = 'tcp 10.0.0.1:1024 > 10.0.0.2:80';
const ANY_PORT = 'tcp 10.0.0.1:* > 10.0.0.2:80';

describe('addresses, devices and protocols', () => {
  it.each([
    ['-s 10.0.0.0/8', 'yes'],
    ['! -s 10.0.0.0/8', 'no'],
    ['-d 10.0.0.2/32', 'yes'],
    ['-d 10.0.0.3/32', 'no'],
    ['-s 10.0.12.0/255.0.255.0', 'no'],
    ['-s 10.99.0.1/255.0.255.255', 'yes'],
    ['-s 0.0.0.0/0', 'yes'],
    ['-m iprange --src-range 10.0.0.0-10.0.0.9', 'yes'],
    ['-m iprange ! --src-range 10.0.0.0-10.0.0.9', 'no'],
    ['-m iprange --src-range 10.0.0.1-10.0.0.1 --dst-range 10.0.0.3-10.0.0.9', 'no'],
    ['-i eth0', 'yes'],
    ['-i eth', 'no'],
    ['-i eth+', 'yes'],
    ['! -i eth+', 'no'],
    ['-o cali+', 'no'],
    ['-p tcp', 'yes'],
    ['-p 6', 'yes'],
    ['! -p udp', 'yes'],
    ['-p icmp', 'no'],
    ['-f', 'no'],
    ['! -f', 'yes'],
  ])('%s: %s', (rule, answer) => expect(decide(rule, P)).toBe(answer));

  it('compares IPv6 in any spelling', () => {
    const six = 'tcp [fd00::1]:1024 > [fd00::2]:80';
    expect(decide('-s fd00:0:0::/48', six)).toBe('yes');
    expect(decide('-d fd00::0002/128', six)).toBe('yes');
    expect(decide('-m iprange --dst-range fd00::1-fd00::f', six)).toBe('yes');
  });

  it('has no in device for a locally generated packet', () => {
    expect(decide('! -i lo', P, {}, { iif: undefined })).toBe('yes');
    expect(decide('-i lo', P, {}, { iif: undefined })).toBe('no');
  });
});

describe('ports and TCP flags', () => {
  it.each([
    ['-p tcp -m tcp --dport 80', P, 'yes'],
    ['-p tcp -m tcp ! --dport 80', P, 'no'],
    ['-p tcp -m tcp --dport 81:', P, 'no'],
    ['-p tcp -m tcp --dport :80', P, 'yes'],
    ['-p tcp -m tcp --sport 1024:65535', P, 'yes'],
    ['-p tcp -m tcp --sport 1024:65535', ANY_PORT, 'both'],
    ['-p tcp -m tcp --sport 0:65535', ANY_PORT, 'yes'],
    ['-p tcp -m tcp --sport 22 --dport 81', ANY_PORT, 'no'],
    ['-p tcp -m multiport --dports 22,79:81', P, 'yes'],
    ['-p tcp -m multiport ! --dports 22,79:81', P, 'no'],
    ['-p tcp -m multiport --ports 1024', P, 'yes'],
    ['-p tcp -m multiport --ports 80', ANY_PORT, 'yes'],
    ['-p tcp -m multiport --ports 443', ANY_PORT, 'both'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', P, 'yes'],
    ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN', P, 'no'],
    ['-p tcp -m tcp --tcp-flags ALL NONE', P, 'no'],
    ['-p tcp -m tcp --tcp-option 5', P, 'both'],
  ])('%s', (rule, p, answer) => expect(decide(rule, p)).toBe(answer));

  it('knows which flags a data segment may carry', () => {
    const data = packet(P, { tcp: 'ack' });
    expect(decide('-p tcp -m tcp --tcp-flags SYN,RST,ACK ACK', data)).toBe('yes');
    expect(decide('-p tcp -m tcp --tcp-flags FIN,ACK ACK', data)).toBe('both');
    expect(decide('-p tcp -m tcp --tcp-flags SYN,FIN SYN', data)).toBe('no');
  });
});

describe('icmp', () => {
  const echo = packet('icmp 10.0.0.1 > 10.0.0.2', { icmp: { type: 8, code: 0, id: 7 } });
  const unreachable = packet('icmp 10.0.0.1 > 10.0.0.2', { icmp: { type: 3, code: 3, id: undefined } });
  it.each([
    ['-p icmp -m icmp --icmp-type 8', echo, 'yes'],
    ['-p icmp -m icmp --icmp-type echo-request', echo, 'yes'],
    ['-p icmp -m icmp ! --icmp-type 8', echo, 'no'],
    ['-p icmp -m icmp --icmp-type any', unreachable, 'yes'],
    ['-p icmp -m icmp --icmp-type 3/4', unreachable, 'no'],
    ['-p icmp -m icmp --icmp-type 3/3', unreachable, 'yes'],
    ['-p icmp -m icmp --icmp-type 3', unreachable, 'yes'],
    ['-p icmp -m icmp --icmp-type no-such-name', unreachable, 'both'],
  ])('%s', (rule, p, answer) => expect(decide(rule, p)).toBe(answer));

  it('ICMPv6 types have their own names', () => {
    const solicit = packet('icmp6 [fe80::1] > [fe80::2]', { icmp: { type: 135, code: 0, id: undefined } });
    expect(decide('-p ipv6-icmp -m icmp6 --icmpv6-type 135', solicit)).toBe('yes');
    expect(decide('-p ipv6-icmp -m icmp6 --icmpv6-type 1/4', solicit)).toBe('no');
  });
});

describe('marks', () => {
  const marked = packet(P, { mark: 0x4040 });
  it.each([
    ['-m mark --mark 0x4000/0x4000', 'yes'],
    ['-m mark ! --mark 0x4000/0x4000', 'no'],
    ['-m mark --mark 0x4040', 'yes'],
    ['-m mark --mark 64', 'no'],
    ['-m mark --mark 0x0/0x80000000', 'yes'],
  ])('%s', (rule, answer) => expect(decide(rule, marked)).toBe(answer));

  it('reads the mark of the connection, and never matches without one', () => {
    const over = { ct: ct(marked, { entry: entry(marked, { mark: 0x80 }) }) };
    expect(decide('-m connmark --mark 0x80/0x80', marked, {}, over)).toBe('yes');
    expect(decide('-m connmark ! --mark 0x80/0x80', marked, {}, over)).toBe('no');
    const invalid = { ct: ct(marked, { state: 'INVALID', entry: undefined }) };
    expect(decide('-m connmark ! --mark 0x80/0x80', marked, {}, invalid)).toBe('no');
  });
});

describe('conntrack', () => {
  const p = packet(P);
  const reply = packet('tcp 10.9.9.9:8080 > 10.0.0.1:1024', { tcp: 'syn-ack' });
  const translated = ct(reply, {
    state: 'ESTABLISHED',
    direction: 'reply',
    entry: entry(p, {
      reply: { src: '10.9.9.9', dst: '10.0.0.1', sport: 8080, dport: 1024 },
      dstNat: true,
      confirmed: true,
      seenReply: true,
    }),
  });
  it.each([
    ['--ctstate NEW', 'yes'],
    ['--ctstate RELATED,ESTABLISHED', 'no'],
    ['! --ctstate RELATED,ESTABLISHED', 'yes'],
    ['--ctstate DNAT', 'no'],
    ['--ctorigdst 10.0.0.2', 'yes'],
    ['--ctorigdst 10.0.0.0/24 --ctorigdstport 80', 'yes'],
    ['--ctorigsrc 10.0.0.2', 'no'],
    ['--ctdir REPLY', 'no'],
    ['--ctproto 6', 'yes'],
    ['--ctproto 17', 'no'],
    ['--ctstatus NONE', 'no'],
    ['--ctstatus ASSURED', 'no'],
    ['--ctexpire 5', 'both'],
  ])('a first packet: %s', (options, answer) => expect(decide(`-m conntrack ${options}`, p)).toBe(answer));

  it.each([
    ['--ctstate ESTABLISHED', 'yes'],
    ['--ctstate DNAT', 'yes'],
    ['! --ctstate RELATED,ESTABLISHED,DNAT', 'no'],
    ['--ctstate SNAT', 'no'],
    ['--ctorigdst 10.0.0.2', 'yes'],
    ['--ctreplsrc 10.9.9.9 --ctreplsrcport 8080', 'yes'],
    ['--ctdir REPLY', 'yes'],
    ['--ctstatus SEEN_REPLY', 'yes'],
    ['--ctstatus CONFIRMED', 'yes'],
    ['--ctstatus ASSURED', 'both'],
    ['--ctstatus ASSURED,SEEN_REPLY', 'yes'],
  ])('a reply of a translated connection: %s', (options, answer) =>
    expect(decide(`-m conntrack ${options}`, reply, {}, { ct: translated })).toBe(answer),
  );

  it('a packet without an entry passes only where a state is asked for', () => {
    const over = { ct: ct(p, { state: 'INVALID', entry: undefined }) };
    expect(decide('-m conntrack --ctstate INVALID', p, {}, over)).toBe('yes');
    expect(decide('-m conntrack --ctstate INVALID --ctorigdst 1.1.1.1', p, {}, over)).toBe('yes');
    expect(decide('-m conntrack --ctorigdst 10.0.0.2', p, {}, over)).toBe('no');
    expect(
      decide('-m conntrack --ctstate UNTRACKED', p, {}, { ct: ct(p, { state: 'UNTRACKED', entry: undefined }) }),
    ).toBe('yes');
  });

  it('-m state knows no NAT states', () => {
    expect(decide('-m state --state NEW', p)).toBe('yes');
    expect(decide('-m state --state RELATED,ESTABLISHED', reply, {}, { ct: translated })).toBe('yes');
    expect(decide('-m state ! --state NEW', p)).toBe('no');
  });
});

describe('addrtype', () => {
  const addresses = {
    'ip-addr': [
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000',
      '    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00',
      '    inet 127.0.0.1/8 scope host lo',
      '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000',
      '    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff',
      '    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0',
      '3: kube-ipvs0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default ',
      '    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff',
      '    inet 10.96.0.1/32 scope global kube-ipvs0',
      '',
    ].join('\n'),
  };
  const to = (dst: string) => `tcp 10.0.0.1:1024 > ${dst}:80`;
  it.each([
    ['--dst-type LOCAL', to('10.0.0.2'), 'yes'],
    ['--dst-type LOCAL', to('10.96.0.1'), 'yes'],
    ['--dst-type LOCAL', to('127.3.2.1'), 'yes'],
    ['! --dst-type LOCAL', to('10.0.0.2'), 'no'],
    ['--dst-type LOCAL', to('10.0.0.3'), 'no'],
    ['--dst-type UNICAST', to('10.0.0.3'), 'yes'],
    ['--dst-type UNICAST', to('10.0.0.2'), 'no'],
    ['--dst-type BROADCAST', to('10.0.0.255'), 'yes'],
    ['--dst-type BROADCAST', to('255.255.255.255'), 'yes'],
    ['--dst-type MULTICAST,BROADCAST', to('224.0.0.5'), 'yes'],
    ['--src-type LOCAL', to('10.0.0.2'), 'no'],
    ['--dst-type LOCAL --limit-iface-in', to('10.0.0.2'), 'yes'],
    ['--dst-type LOCAL --limit-iface-in', to('10.96.0.1'), 'no'],
    ['--dst-type LOCAL --limit-iface-out', to('10.0.0.2'), 'no'],
  ])('%s of %s', (options, p, answer) => expect(decide(`-m addrtype ${options}`, p, addresses)).toBe(answer));

  it('is not decided where no address was captured, but for loopback', () => {
    expect(decide('-m addrtype --dst-type LOCAL', to('10.0.0.2'))).toBe('both');
    expect(decide('-m addrtype --dst-type LOCAL', to('127.0.0.1'))).toBe('yes');
  });

  it('a captured local table counts for more than the addresses', () => {
    const routes = {
      'ip-route':
        'local 192.0.2.0/24 dev lo table local scope host\nlocal 10.0.0.2 dev eth0 table local proto kernel scope host src 10.0.0.2\n',
    };
    expect(decide('-m addrtype --dst-type LOCAL', to('192.0.2.77'), routes)).toBe('yes');
    expect(decide('-m addrtype --dst-type LOCAL', to('10.96.0.1'), { ...addresses, ...routes })).toBe('no');
  });
});

describe('bridge, policy, IPVS and reverse path', () => {
  it('physdev needs the bridge', () => {
    expect(decide('-m physdev --physdev-is-bridged', P)).toBe('no');
    expect(decide('-m physdev ! --physdev-is-bridged', P)).toBe('yes');
    expect(decide('-m physdev --physdev-is-bridged', P, {}, { physIn: 'veth1', physOut: 'veth2' })).toBe('yes');
    expect(decide('-m physdev --physdev-is-bridged', P, {}, { physIn: 'veth1' })).toBe('no');
    expect(
      decide('-m physdev --physdev-in veth+ --physdev-out veth2', P, {}, { physIn: 'veth1', physOut: 'veth2' }),
    ).toBe('yes');
    expect(decide('-m physdev --physdev-in veth2', P, {}, { physIn: 'veth1' })).toBe('no');
    expect(decide('-m physdev --physdev-in veth2', P)).toBe('no');
    expect(decide('-m physdev ! --physdev-in veth2', P)).toBe('yes');
  });

  const state = {
    source: { file: '', line: 1 },
    src: '192.0.2.1',
    dst: '192.0.2.2',
    proto: 'esp',
    spi: 0x1001,
    reqid: 16389,
    mode: 'tunnel',
  } as never;
  it.each([
    ['--dir in --pol ipsec', [state], 'yes'],
    ['--dir in --pol none', [state], 'no'],
    ['--dir in --pol none', [], 'yes'],
    ['--dir in --pol ipsec', [], 'no'],
    ['--dir in --pol ipsec --reqid 16389', [state], 'yes'],
    ['--dir in --pol ipsec --reqid 1', [state], 'no'],
    ['--dir in --pol ipsec --proto esp --mode tunnel --tunnel-src 192.0.2.0/24', [state], 'yes'],
    ['--dir in --pol ipsec --strict --reqid 16389 --next --reqid 1', [state], 'no'],
    ['--dir in --pol ipsec --strict --reqid 16389', [state], 'yes'],
  ])('policy %s', (options, secpath, answer) =>
    expect(decide(`-m policy ${options}`, P, {}, { secpath })).toBe(answer),
  );

  it('policy out asks the route, whatever decrypted the packet', () => {
    expect(decide('-m policy --dir out --pol none', P, {}, { secpath: [state] })).toBe('yes');
    const outPolicy = { templates: [state] } as never;
    expect(decide('-m policy --dir out --pol ipsec --proto esp', P, {}, { outPolicy })).toBe('yes');
  });

  const ipvsadm =
    'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.0.0.2:80 rr\n  -> 10.9.9.9:8080                Masq    1      0          0         \n';
  it.each([
    ['--ipvs', true, 'yes'],
    ['! --ipvs', true, 'no'],
    ['--ipvs', false, 'no'],
    ['--vaddr 10.0.0.0/24 --vport 80', true, 'yes'],
    ['--vaddr 10.0.0.0/24 --vport 80', false, 'no'],
    ['--vdir ORIGINAL --vmethod MASQ', true, 'yes'],
    ['--vmethod IPIP', true, 'no'],
    ['--vdir REPLY', true, 'no'],
  ])('ipvs %s (%s)', (options, ipvs, answer) =>
    expect(decide(`-m ipvs ${options}`, P, { ipvsadm }, { ipvs })).toBe(answer),
  );

  it('rpfilter asks back through the routes', () => {
    const asked: unknown[] = [];
    const reversePath = (_ns: unknown, p: { src: string }, iif: string, flags: unknown) => {
      asked.push([p.src, iif, flags]);
      return { value: false } as const;
    };
    expect(decide('-m rpfilter', P, {}, { reversePath })).toBe('no');
    expect(decide('-m rpfilter --validmark --invert', P, {}, { reversePath })).toBe('yes');
    expect(asked.at(-1)).toEqual([
      '10.0.0.1',
      'eth0',
      { loose: false, validMark: true, acceptLocal: false, withProtocol: false },
    ]);
    expect(decide('-m rpfilter --invert', P)).toBe('both');
    expect(decide('-m rpfilter --invert', P, {}, { iif: 'lo' })).toBe('no');
  });
});

describe('what is taken for granted and what cannot be decided', () => {
  it.each([
    ['-m limit --limit 10/min', 'yes'],
    ['-m hashlimit --hashlimit-upto 5/sec --hashlimit-mode srcip --hashlimit-name x', 'yes'],
    ['-m hashlimit --hashlimit-above 5/sec --hashlimit-mode srcip --hashlimit-name x', 'no'],
    ['-m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr', 'no'],
    ['-m recent --set --name x --mask 255.255.255.255 --rsource', 'yes'],
    ['-m recent --rcheck --seconds 10800 --reap --name x --mask 255.255.255.255 --rsource', 'no'],
    ['-m comment --comment "x y"', 'yes'],
    ['-m length --length 0:59', 'no'],
    ['-m length --length 60', 'yes'],
    ['-m ttl --ttl-eq 64', 'yes'],
    ['-m ttl --ttl-lt 64', 'no'],
    ['-m pkttype --pkt-type unicast', 'yes'],
    ['-m pkttype --pkt-type multicast', 'no'],
    ['-m u32 --u32 "0x0=0x0"', 'no'],
    ['-m u32 --u32 "0x6&0xff=0x6"', 'yes'],
    ['-m u32 ! --u32 "0x6&0xff=0x6"', 'no'],
    ['-m u32 --u32 "0x6&0xff=0x1,0x11"', 'no'],
    ['-m u32 --u32 "0x4&0x1fff=0x0"', 'yes'],
    ['-m u32 --u32 "0x8>>0x18=0x40:0xff"', 'yes'],
    ['-m u32 --u32 "0x6&0xff=0x6&&0x0>>0x16&0x3c@0x0&0xffff=0x50"', 'yes'],
    ['-m u32 --u32 "0x6&0xff=0x6&&0x0>>0x16&0x3c@0x0&0xffff=0x51"', 'no'],
    ['-m u32 --u32 "0x0>>0x16&0x3c@0x4=0x1"', 'both'],
    ['-m u32 --u32 "0x4>>0x10=0x1"', 'both'],
    ['-m u32 --u32 "0x400=0x0"', 'no'],
    ['-m u32 --u32 "0x0"', 'both'],
    ['-m string --string "x" --algo bm', 'both'],
    ['-m dscp --dscp 0x2e', 'both'],
    ['-m time --timestart 08:00:00', 'both'],
    ['-m notanextension --foo 1', 'both'],
    ['-m notanextension --foo 1 -s 11.0.0.0/8', 'no'],
    ['-m statistic --mode random --probability 0.5', 'both'],
    ['-m statistic --mode nth --every 1 --packet 0', 'yes'],
    ['-m owner --uid-owner 1337', 'no'],
    ['-m owner ! --uid-owner 1337', 'yes'],
  ])('%s', (rule, answer) => expect(decide(rule, P)).toBe(answer));

  it('the owner of a local packet is not known', () => {
    const save = saved('filter', ['OUTPUT ACCEPT'], ['-A OUTPUT -m owner --uid-owner 1337 -j DROP']);
    const outcomes = ask(namespaceOf({ 'iptables-save': save }), 'filter', 'OUTPUT', P);
    expect(short(outcomes)).toEqual(['drop', 'accept']);
    expect(outcomes[0]?.assumptions).toMatchObject([
      { code: 'owner-unknown', values: { match: 'owner', matched: true } },
    ]);
  });
});
