import { describe, expect, it } from 'vitest';
import { decide, packet } from './make.ts';

const set = (
  name: string,
  type: string,
  members: readonly string[],
  header = 'family inet hashsize 1024 maxelem 65536',
) =>
  `Name: ${name}\nType: ${type}\nRevision: 6\nHeader: ${header}\nSize in memory: 328\nReferences: 1\nNumber of entries: ${members.length}\nMembers:\n${members.join('\n')}${members.length ? '\n' : ''}\n`;

const P = 'tcp 10.1.0.1:1024 > 10.2.0.2:80';

/** Whether `-m set --match-set s FLAGS` holds, given one set. */
const match = (
  type: string,
  members: readonly string[],
  flags: string,
  p: Parameters<typeof decide>[1] = P,
  header?: string,
  over = {},
) => decide(`-m set --match-set s ${flags}`, p, { ipset: set('s', type, members, header) }, over);

describe('one set', () => {
  it.each([
    ['hash:ip', ['10.2.0.2'], 'dst', 'yes'],
    ['hash:ip', ['10.2.0.2'], 'src', 'no'],
    ['hash:ip', ['10.2.0.2'], 'dst,dst', 'yes'],
    ['hash:ip', [], 'dst', 'no'],
    ['hash:ip,port', ['10.2.0.2,tcp:80'], 'dst,dst', 'yes'],
    ['hash:ip,port', ['10.2.0.2,udp:80'], 'dst,dst', 'no'],
    ['hash:ip,port', ['10.2.0.2,tcp:80'], 'dst', 'no'],
    ['hash:ip,port', ['10.2.0.2,tcp:1024'], 'dst', 'no'],
    ['hash:ip,port', ['10.2.0.2,tcp:1024'], 'dst,src', 'yes'],
    ['hash:ip,port,ip', ['10.2.0.2,tcp:80,10.1.0.1'], 'dst,dst,src', 'yes'],
    ['hash:ip,port,ip', ['10.2.0.2,tcp:80,10.2.0.2'], 'dst,dst,src', 'no'],
    ['hash:ip,port,net', ['10.2.0.2,tcp:80,10.1.0.0/16', '10.2.0.2,tcp:80,10.1.0.0/24 nomatch'], 'dst,dst,src', 'no'],
    ['hash:net', ['10.2.0.0/16'], 'dst', 'yes'],
    ['hash:net', ['10.2.0.0/16', '10.2.0.0/30 nomatch'], 'dst', 'no'],
    ['hash:net', ['10.2.0.0/16 nomatch', '10.2.0.0/30'], 'dst', 'yes'],
    ['hash:net', ['0.0.0.0/1', '128.0.0.0/1'], 'dst', 'yes'],
    ['hash:net,port', ['10.2.0.0/24,tcp:80'], 'dst,dst', 'yes'],
    ['hash:net,port', ['10.2.0.0/24,udp:80'], 'dst,dst', 'no'],
    ['hash:net,net', ['10.1.0.0/16,10.2.0.0/16'], 'src,dst', 'yes'],
    ['hash:net,net', ['10.1.0.0/16,10.2.0.0/16'], 'dst,src', 'no'],
    ['hash:net,net', ['10.1.0.0/24,10.2.0.0/16 nomatch', '10.1.0.0/16,10.2.0.0/30'], 'src,dst', 'no'],
    ['hash:net,iface', ['10.1.0.0/16,eth0'], 'src,src', 'yes'],
    ['hash:net,iface', ['10.1.0.0/16,eth0'], 'src,dst', 'no'],
    ['hash:net,iface', ['10.1.0.0/16,physdev:veth1'], 'src,src', 'no'],
    ['hash:ip,mark', ['10.1.0.1,0x00000000'], 'src,src', 'yes'],
    ['hash:ip,mark', ['10.1.0.1,0x00000010'], 'src,src', 'no'],
    ['hash:mac', [], 'src', 'no'],
    ['hash:mac', ['01:02:03:04:05:06'], 'src', 'both'],
    ['hash:ip,mac', ['10.9.9.9,01:02:03:04:05:06'], 'src,src', 'no'],
    ['hash:none', ['x'], 'src', 'both'],
  ])('%s %j by %s: %s', (type, members, flags, answer) => expect(match(type, members, flags)).toBe(answer));

  it('bitmap:port does not tell TCP from UDP and knows no other protocol', () => {
    const header = 'range 0-65535';
    expect(match('bitmap:port', ['80'], 'dst', P, header)).toBe('yes');
    expect(match('bitmap:port', ['80'], 'dst', 'udp 10.1.0.1:1024 > 10.2.0.2:80', header)).toBe('yes');
    expect(match('bitmap:port', ['80'], 'dst', 'sctp 10.1.0.1:1024 > 10.2.0.2:80', header)).toBe('no');
    expect(match('bitmap:port', ['81'], 'dst', P, header)).toBe('no');
  });

  it('bitmap:ip may hold networks', () => {
    expect(match('bitmap:ip', ['10.2.0.0'], 'dst', P, 'range 10.2.0.0-10.2.255.255 netmask 24')).toBe('yes');
    expect(match('bitmap:ip', ['10.2.0.2'], 'dst', P, 'range 10.2.0.0-10.2.255.255')).toBe('yes');
  });

  it('ports of ICMP are type and code', () => {
    const echo = packet('icmp 10.1.0.1 > 10.2.0.2', { icmp: { type: 8, code: 0, id: 1 } });
    expect(match('hash:ip,port', ['10.2.0.2,icmp:echo-request'], 'dst,dst', echo)).toBe('yes');
    expect(match('hash:ip,port', ['10.2.0.2,icmp:8/0'], 'dst,dst', echo)).toBe('yes');
    expect(match('hash:ip,port', ['10.2.0.2,icmp:echo-reply'], 'dst,dst', echo)).toBe('no');
  });

  it('a set of the other family never matches', () => {
    const six = 'tcp [fd00::1]:1024 > [fd00::2]:80';
    expect(match('hash:ip', ['10.2.0.2'], 'dst', six)).toBe('no');
    expect(match('hash:ip', ['fd00::2'], 'dst', six, 'family inet6 hashsize 1024 maxelem 65536')).toBe('yes');
    expect(match('hash:ip,port', ['fd00::2,tcp:80'], 'dst,dst', six, 'family inet6 hashsize 1024 maxelem 65536')).toBe(
      'yes',
    );
    expect(match('hash:net', ['fd00::/64'], 'dst', six, 'family inet6 hashsize 1024 maxelem 65536')).toBe('yes');
  });

  it('a set of the other family never matches, however little of it is listed', () => {
    const terse = set('s', 'hash:ip', []).replace('entries: 0', 'entries: 3');
    const asked = (p: string) => decide('-m set --match-set s dst', p, { ipset: terse });
    expect([asked(P), asked('tcp [fd00::1]:1024 > [fd00::2]:80')]).toEqual(['both', 'no']);
  });

  it('a port that is not known leaves open only what hangs on it', () => {
    const open = 'tcp 10.1.0.1:* > 10.2.0.2:80';
    expect(match('hash:ip,port', ['10.1.0.1,tcp:5000'], 'src,src', open)).toBe('both');
    expect(match('hash:ip,port', ['10.1.0.9,tcp:5000'], 'src,src', open)).toBe('no');
    expect(match('hash:net,port', ['10.1.0.0/16,tcp:5000'], 'src,src', open)).toBe('both');
    expect(match('hash:net,port', ['10.9.0.0/16,tcp:5000'], 'src,src', open)).toBe('no');
  });

  it('inversion, --return-nomatch and the bridge port', () => {
    const ipset = set('s', 'hash:net', ['10.2.0.0/16', '10.2.0.0/30 nomatch']);
    expect(decide('-m set ! --match-set s dst', P, { ipset })).toBe('yes');
    expect(decide('-m set --match-set s dst --return-nomatch', P, { ipset })).toBe('yes');
    expect(match('hash:net,iface', ['10.1.0.0/16,physdev:veth1'], 'src,src', P, undefined, { physIn: 'veth1' })).toBe(
      'yes',
    );
  });
});

describe('sets of sets, and sets that are not there', () => {
  const list = [
    set('all', 'list:set', ['one', 'two'], 'size 8'),
    set('one', 'hash:ip', ['10.9.9.9']),
    set('two', 'hash:ip,port', ['10.2.0.2,tcp:80']),
  ].join('');

  it('list:set asks each member with the same directions', () => {
    expect(decide('-m set --match-set all dst,dst', P, { ipset: list })).toBe('yes');
    expect(decide('-m set --match-set all dst', P, { ipset: list })).toBe('no');
    expect(decide('-m set --match-set all src,src', P, { ipset: list })).toBe('no');
  });

  it('a set that was not captured, or is not in the capture, is not decided', () => {
    expect(decide('-m set --match-set s dst', P)).toBe('both');
    expect(decide('-m set --match-set gone dst', P, { ipset: list })).toBe('both');
  });

  it('a set that is not there leaves a set of sets open, unless another of its members decides', () => {
    const of = (...members: readonly string[]) =>
      decide('-m set --match-set all dst', P, {
        ipset: set('all', 'list:set', [...members, 'gone'], 'size 8') + set('one', 'hash:ip', ['10.2.0.2']),
      });
    expect([of(), of('one')]).toEqual(['both', 'yes']);
  });

  it('a set that is not there is open where the match is inverted too', () => {
    expect(decide('-m set ! --match-set gone dst', P, { ipset: list })).toBe('both');
  });

  it('a terse listing proves no absence', () => {
    const terse = set('s', 'hash:ip', []).replace('entries: 0', 'entries: 3');
    expect(decide('-m set --match-set s dst', P, { ipset: terse })).toBe('both');
  });
});
