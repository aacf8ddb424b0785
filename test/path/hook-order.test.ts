import { describe, expect, it } from 'vitest';
import type { Hook } from '../../src/records/iptables.ts';
import { HOST_ROUTES, node, OFF, RULES, type Text, table, walk } from './one-node.ts';

/**
 * The order of the hook functions of one hook (enum nf_ip_hook_priorities). What an earlier one writes a later one reads, and not the other way round: the one
 * marks the packet, the other takes what is marked.
 */

/** A flow that passes each hook of the host. */
const THROUGH: Readonly<Record<Hook, Parameters<typeof walk>[1]>> = {
  PREROUTING: { dst: '10.244.1.1' },
  INPUT: { dst: '10.244.1.1' },
  FORWARD: { dst: '192.168.10.9' },
  OUTPUT: { dst: '10.244.1.3', start: 'a' },
  POSTROUTING: { dst: '10.244.1.3', start: 'a' },
};

const MARKS = '-j MARK --set-xmark 0x40/0x40';
const MARKED = '-m mark --mark 0x40/0x40';

/** What shows that a table saw the mark: NAT gives another name, the others drop. */
const TAKES: Readonly<Record<Hook, Readonly<Record<string, string>>>> = {
  PREROUTING: { mangle: '-j DROP', nat: '-j REDIRECT --to-ports 81' },
  INPUT: { mangle: '-j DROP', filter: '-j DROP', security: '-j DROP', nat: '-j SNAT --to-source 192.168.10.1' },
  FORWARD: { mangle: '-j DROP', filter: '-j DROP', security: '-j DROP' },
  OUTPUT: {
    raw: '-j DROP',
    mangle: '-j DROP',
    nat: '-p tcp -j DNAT --to-destination :81',
    filter: '-j DROP',
    security: '-j DROP',
  },
  POSTROUTING: { mangle: '-j DROP', nat: '-j SNAT --to-source 192.168.10.1' },
};

const sees = (hook: Hook, marking: string, taking: string): boolean => {
  const marks = table(marking, 4, `-A ${hook} ${MARKS}`);
  const takes = table(taking, 4, `-A ${hook} ${MARKED} ${TAKES[hook][taking] ?? '-j DROP'}`);
  const { forward } = walk(node(OFF, [marks, takes]), THROUGH[hook]);
  return forward.end.reason === 'rule-drop' || forward.steps.some((s) => /nat|redirect/.test(s.action.code));
};

describe('iptables tables of one hook', () => {
  it.each<[Hook, readonly string[]]>([
    ['PREROUTING', ['raw', 'mangle', 'nat']],
    ['INPUT', ['mangle', 'filter', 'security', 'nat']],
    ['FORWARD', ['mangle', 'filter', 'security']],
    ['OUTPUT', ['raw', 'mangle', 'nat', 'filter', 'security']],
    ['POSTROUTING', ['mangle', 'nat']],
  ])('of %s come as %j', (hook, order) => {
    order.forEach((earlier, i) => {
      for (const later of order.slice(i + 1)) {
        expect(`${earlier} before ${later}: ${sees(hook, earlier, later)}`).toBe(`${earlier} before ${later}: true`);
        expect(`${later} before ${earlier}: ${sees(hook, later, earlier)}`).toBe(`${later} before ${earlier}: false`);
      }
    });
  });
});

describe('conntrack stands behind raw and before mangle', () => {
  const isNew = '-m conntrack --ctstate NEW -j DROP';

  it.each<Hook>(['PREROUTING', 'OUTPUT'])('of %s', (hook) => {
    const end = (name: string) =>
      walk(node(OFF, [table(name, 4, `-A ${hook} ${isNew}`)]), THROUGH[hook]).forward.end.reason;
    expect([end('raw'), end('mangle')]).toEqual(['socket', 'rule-drop']);
  });
});

describe("nftables' chains run where their priority says", () => {
  const chain = (hook: Hook, priority: number, rule: string): Text => [
    'nft-ruleset',
    `table ip guard {\n\tchain c {\n\t\ttype filter hook ${hook.toLowerCase()} priority ${priority}; policy accept;\n\t\t${rule}\n\t}\n}\n`,
  ];

  it.each<[Hook, string, number]>([
    ['PREROUTING', 'raw', -300],
    ['PREROUTING', 'mangle', -150],
    ['INPUT', 'mangle', -150],
    ['INPUT', 'filter', 0],
    ['INPUT', 'security', 50],
    ['FORWARD', 'mangle', -150],
    ['FORWARD', 'filter', 0],
    ['FORWARD', 'security', 50],
    ['OUTPUT', 'raw', -300],
    ['OUTPUT', 'mangle', -150],
    ['OUTPUT', 'filter', 0],
    ['OUTPUT', 'security', 50],
    ['POSTROUTING', 'mangle', -150],
  ])("at %s behind iptables' %s from %i on", (hook, name, own) => {
    const marks = table(name, 4, `-A ${hook} ${MARKS}`);
    const end = (priority: number) =>
      walk(node(OFF, [marks, chain(hook, priority, 'meta mark & 0x40 == 0x40 drop')]), THROUGH[hook]).forward.end
        .reason;
    expect([own - 1, own + 1].map((priority) => end(priority) === 'rule-drop')).toEqual([false, true]);
  });

  it.each<Hook>(['PREROUTING', 'OUTPUT'])('at %s behind conntrack from -200 on', (hook) => {
    const end = (priority: number) =>
      walk(node(OFF, [chain(hook, priority, 'ct state new drop')]), THROUGH[hook]).forward.end.reason;
    expect([-201, -199].map((priority) => end(priority) === 'rule-drop')).toEqual([false, true]);
  });
});

describe('the routing decision', () => {
  const away: Text = ['ip-rule', `${RULES}100:\tfrom all fwmark 0x40/0x40 lookup 100\n`, 4];
  const nowhere: Text = ['ip-route', `${HOST_ROUTES}blackhole default table 100\n`, 4];
  const end = (name: string, hook: Hook) =>
    walk(node(OFF, [away, nowhere, table(name, 4, `-A ${hook} ${MARKS}`)]), { dst: '192.168.10.9' }).forward.end.reason;

  it('comes behind all of PREROUTING', () => {
    expect(['raw', 'mangle', 'nat'].map((name) => end(name, 'PREROUTING'))).toEqual(Array(3).fill('blackhole'));
  });

  it('is not asked again for a mark that FORWARD sets', () => {
    expect(['mangle', 'filter'].map((name) => end(name, 'FORWARD'))).not.toContain('blackhole');
  });
});
