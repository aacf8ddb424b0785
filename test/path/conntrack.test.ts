import { describe, expect, it } from 'vitest';
import { nat, node, OFF, type Text, table, walk } from './one-node.ts';

/** What conntrack takes a packet for, told by who is dropped for it. */

const TO_HOST = { dst: '10.244.1.1' };
const drops = (hook: string, test: string): Text => table('filter', 4, `-A ${hook} ${test} -j DROP`);
const state = (hook: string, states: string): Text => drops(hook, `-m conntrack --ctstate ${states}`);
const NOT_IN = table('raw', 4, '-A PREROUTING -j NOTRACK');

describe('states', () => {
  const request = (states: string, ...texts: Text[]) =>
    walk(node(OFF, [state('INPUT', states), ...texts]), TO_HOST).forward.end.reason;
  const reply = (states: string, ...texts: Text[]) =>
    walk(node(OFF, [state('OUTPUT', states), ...texts]), TO_HOST).reply?.end.reason;

  it('a SYN is NEW, its answer ESTABLISHED', () => {
    expect([request('NEW'), request('ESTABLISHED,INVALID,UNTRACKED')]).toEqual(['rule-drop', 'socket']);
    expect([reply('ESTABLISHED'), reply('NEW,INVALID,UNTRACKED')]).toEqual(['rule-drop', 'socket']);
  });

  it('the answer to a SYN that nobody tracked is INVALID, not NEW', () => {
    expect(reply('INVALID', NOT_IN)).toBe('rule-drop');
    expect(reply('NEW,ESTABLISHED,UNTRACKED', NOT_IN)).toBe('socket');
  });

  it('what NOTRACK took out is UNTRACKED', () => {
    expect(request('UNTRACKED', NOT_IN)).toBe('rule-drop');
    expect(request('NEW,INVALID,ESTABLISHED', NOT_IN)).toBe('socket');
  });

  it('a datagram that nobody tracked before is NEW in either direction, an echo reply INVALID', () => {
    const untracked = (proto: string, states: string) =>
      walk(node(OFF, [NOT_IN, state('OUTPUT', states)]), {
        ...TO_HOST,
        proto,
        ...(proto === 'icmp' ? { dport: undefined } : {}),
      }).reply?.end.reason;
    expect([untracked('udp', 'NEW'), untracked('udp', 'INVALID')]).toEqual(['rule-drop', 'socket']);
    expect([untracked('icmp', 'NEW'), untracked('icmp', 'INVALID')]).toEqual(['socket', 'rule-drop']);
  });

  it('the answer goes in the reply direction', () => {
    const end = (test: string) => walk(node(OFF, [drops('OUTPUT', test)]), TO_HOST).reply?.end.reason;
    expect(end('-m conntrack --ctdir REPLY')).toBe('rule-drop');
    expect(end('-m conntrack --ctdir ORIGINAL')).toBe('socket');
  });
});

describe('an entry', () => {
  it('is in the table once its packet is through, and not where the packet was dropped', () => {
    const entries = (...texts: Text[]) => walk(node(OFF, texts), TO_HOST).entries.get('a') ?? [];
    expect(entries(state('OUTPUT', 'INVALID'))).toMatchObject([{ confirmed: true, seenReply: true }]);
    expect(entries(state('INPUT', 'NEW'))).toEqual([]);
  });

  it('of a translated connection is found by the answer of whom it was given to', () => {
    const moved = nat(4, '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.1');
    const branch = walk(node(OFF, [moved, state('OUTPUT', 'NEW,INVALID')]), {});
    expect(branch.entries.get('a')).toMatchObject([
      { original: { dst: '10.96.0.10' }, reply: { src: '10.244.1.1' }, seenReply: true },
    ]);
    expect(branch.outcome).toBe('delivered');
  });

  it('keeps the mark that the request gave it for the answer', () => {
    const keeps = '-A PREROUTING -j CONNMARK --set-xmark 0x20/0x20';
    const restores = '-A OUTPUT -j CONNMARK --restore-mark --nfmask 0x20 --ctmask 0x20';
    const marked = drops('OUTPUT', '-m mark --mark 0x20/0x20');
    const byConnection = drops('OUTPUT', '-m connmark --mark 0x20/0x20');
    const end = (drop: Text, ...rules: string[]) =>
      walk(node(OFF, [table('mangle', 4, ...rules), drop]), TO_HOST).reply?.end.reason;
    expect([end(byConnection, keeps), end(byConnection)]).toEqual(['rule-drop', 'socket']);
    expect([end(marked, keeps, restores), end(marked, keeps)]).toEqual(['rule-drop', 'socket']);
  });
});

describe('zones', () => {
  const zone = (hook: string, id: number): Text => table('raw', 4, `-A ${hook} -j CT --zone ${id}`);
  const both = (request: number, reply: number): Text =>
    table('raw', 4, `-A PREROUTING -j CT --zone ${request}`, `-A OUTPUT -j CT --zone ${reply}`);
  const reply = (...texts: Text[]) =>
    walk(node(OFF, [state('OUTPUT', 'INVALID'), ...texts]), TO_HOST).reply?.end.reason;

  it('an answer in another zone does not find the entry', () => {
    expect(reply(zone('PREROUTING', 5))).toBe('rule-drop');
    expect(reply(zone('OUTPUT', 5))).toBe('rule-drop');
    expect(reply(both(5, 6))).toBe('rule-drop');
  });

  it('an answer in the same zone does', () => {
    expect(reply(both(5, 5))).toBe('socket');
    expect(reply(both(0, 0))).toBe('socket');
  });

  it('of one direction is the default zone in the other, where the answer looks', () => {
    const one = (request: string, answer = ''): Text =>
      table('raw', 4, `-A PREROUTING -j CT ${request}`, ...(answer ? [`-A OUTPUT -j CT ${answer}`] : []));
    expect([reply(one('--zone-orig 5')), reply(one('--zone-reply 5'))]).toEqual(['socket', 'rule-drop']);
    expect([reply(one('--zone-reply 5', '--zone 5')), reply(one('--zone-reply 5', '--zone-reply 5'))]).toEqual([
      'socket',
      'socket',
    ]);
    expect(reply(one('--zone-reply 5', '--zone-orig 5'))).toBe('rule-drop');
  });

  it("of nftables' rules is one of both directions or of one, and the first counts", () => {
    const sets = (...rules: string[]): Text => [
      'nft-ruleset',
      `table ip z {\n\tchain c {\n\t\ttype filter hook prerouting priority raw; policy accept;\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`,
    ];
    expect([reply(sets('ct zone set 5')), reply(sets('ct original zone set 5'))]).toEqual(['rule-drop', 'socket']);
    expect(reply(sets('ct reply zone set 5'))).toBe('rule-drop');
    expect(reply(sets('ct original zone set 5', 'ct zone set 5'))).toBe('socket');
  });

  it('an answer that does not find the entry keeps the name that nobody undoes', () => {
    const moved = nat(4, '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.1');
    const end = (...texts: Text[]) => walk(node(OFF, [moved, ...texts]), {}).reply?.end.reason;
    expect([end(zone('PREROUTING', 5)), end(both(5, 5))]).toEqual(['answer-from-stranger', 'socket']);
  });
});

describe('a table that is full', () => {
  const end = (count: number, max: number) =>
    walk(
      node(`${OFF}net.netfilter.nf_conntrack_count = ${count}\nnet.netfilter.nf_conntrack_max = ${max}\n`, [
        state('INPUT', 'INVALID'),
      ]),
      TO_HOST,
    ).forward.end.reason;

  it('takes no new connection, and one with room for a last one does', () => {
    expect([end(100, 100), end(99, 100)]).toEqual(['ct-full', 'socket']);
  });

  it('has no limit of 0', () => {
    expect(end(100, 0)).toBe('socket');
  });
});
