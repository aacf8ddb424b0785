import { expect, test } from 'vitest';
import { priorityOf } from '../../src/captures/nft/nft-priority.ts';
import type { NftRule, NftStatement, NftTable } from '../../src/records/iptables.ts';
import { fixture, read } from './fixture.ts';

const tablesOf = (text: string): readonly NftTable[] => read('nft-ruleset', text).data.nftTables ?? [];

const ruleOf = (text: string): NftRule => {
  const rule = tablesOf(`table ip t {\n\tchain c {\n\t\t${text}\n\t}\n}\n`)[0]?.chains.get('c')?.rules[0];
  if (!rule) throw new Error(`no rule read from ${text}`);
  return rule;
};
const statementsOf = (text: string): readonly NftStatement[] => ruleOf(text).statements;
const match = (left: string, op: '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in', right: string) => ({
  kind: 'match',
  left,
  op,
  right,
});

test('kube-proxy: chains with their hooks, maps with their elements, rules with handle and comment', () => {
  const capture = read('nft-ruleset', fixture('nft/kube-proxy-handles.txt'));
  expect(capture.unread).toBe(0);
  const [proxy, firewall, bridge, netdev] = capture.data.nftTables ?? [];
  expect(proxy).toMatchObject({ family: 'ip', name: 'kube-proxy', source: { line: 1 } });
  expect(proxy?.chains.get('nat-prerouting')).toMatchObject({
    type: 'nat',
    hook: 'prerouting',
    priority: -100,
    policy: 'accept',
  });
  expect(proxy?.chains.get('pre')).toMatchObject({ priority: -110, policy: 'drop' });
  expect(proxy?.chains.get('services')).toMatchObject({ type: undefined, hook: undefined, priority: undefined });
  expect(proxy?.sets.get('service-ips')).toMatchObject({
    kind: 'vmap',
    type: 'ipv4_addr . inet_proto . inet_service : verdict',
    elements: [
      '10.96.3.7 . tcp . 80 : goto service-4AT6LBPK-web/front/tcp/http',
      '203.0.113.7 . tcp . 80 : goto external-4AT6LBPK-web/front/tcp/http',
      '10.96.0.1 . tcp . 443 : goto service-2QRHZV4L-default/kubernetes/tcp/https',
    ],
  });
  expect(proxy?.sets.get('cluster-ips')?.elements).toHaveLength(5);
  expect(proxy?.sets.get('addresses')).toMatchObject({
    kind: 'map',
    flags: ['interval'],
    elements: ['80 : 10.0.0.1', '1000-2000 : 10.0.0.2'],
  });
  expect(proxy?.sets.get('affinity-4AT6LBPK-web/front/tcp/http__10.244.1.3/8080')).toMatchObject({
    kind: 'set',
    type: 'ip saddr',
    flags: ['dynamic', 'timeout'],
    elements: [],
  });
  const external = proxy?.chains.get('external-4AT6LBPK-web/front/tcp/http')?.rules[0];
  expect(external).toMatchObject({
    text: 'ip saddr 10.244.0.0/16 goto service-4AT6LBPK-web/front/tcp/http comment "short-circuit pod traffic"',
    statements: [
      match('ip saddr', '==', '10.244.0.0/16'),
      { kind: 'goto', chain: 'service-4AT6LBPK-web/front/tcp/http' },
      { kind: 'comment' },
    ],
    comment: 'short-circuit pod traffic',
    handle: 46,
  });
  expect(firewall?.chains.get('out')).toMatchObject({ type: 'route', hook: 'output', priority: -145 });
  expect(bridge?.chains.get('pre')?.priority).toBe(-300);
  expect(netdev?.chains.get('in')).toMatchObject({ hook: 'ingress', device: 'lo', priority: -500 });
});

test('nft -n says the same in numbers', () => {
  const chains = (name: string) => tablesOf(fixture(`nft/${name}.txt`)).flatMap((table) => [...table.chains.values()]);
  const numeric = chains('kube-proxy-numeric');
  for (const [i, chain] of chains('kube-proxy-handles').entries()) {
    const other = numeric[i];
    expect(other?.name).toBe(chain.name);
    expect(other?.priority).toBe(chain.priority);
    const plain = ({ statements }: NftRule) =>
      statements
        .filter(({ kind }) => kind !== 'opaque')
        .map((s) => JSON.stringify(s).replace(/"(?:meta l4proto|icmpv6 type|ip protocol[^"]*)",.*/, ''));
    expect(other?.rules.map(plain)).toEqual(chain.rules.map(plain));
  }
});

test.each<[string, unknown[]]>([
  [
    'ip daddr . meta l4proto . th dport vmap @service-ips',
    [{ kind: 'vmap', key: 'ip daddr . meta l4proto . th dport', map: '@service-ips' }],
  ],
  [
    'numgen random mod 2 vmap { 0 : goto a, 1 : goto b }',
    [{ kind: 'vmap', key: 'numgen random mod 2', map: '{ 0 : goto a, 1 : goto b }' }],
  ],
  [
    'ip saddr != { 10.0.0.0/8, 192.168.0.0/16 } drop',
    [match('ip saddr', '!=', '{ 10.0.0.0/8, 192.168.0.0/16 }'), { kind: 'verdict', verdict: 'drop' }],
  ],
  ['ip saddr @nets jump a/b.c', [match('ip saddr', 'in', '@nets'), { kind: 'jump', chain: 'a/b.c' }]],
  [
    'meta mark & 0x00004000 != 0x00004000 return',
    [match('meta mark & 0x00004000', '!=', '0x00004000'), { kind: 'verdict', verdict: 'return' }],
  ],
  [
    'mark and 0x4000 == 0x4000 masquerade',
    [match('mark and 0x4000', '==', '0x4000'), { kind: 'masquerade', to: undefined, flags: [] }],
  ],
  ['meta mark set meta mark | 0x00004000', [{ kind: 'set-mark', of: 'meta', expression: 'meta mark | 0x00004000' }]],
  [
    'meta mark set mark and 0xfffff0ff xor 0xc00 accept',
    [
      { kind: 'set-mark', of: 'meta', expression: 'mark and 0xfffff0ff xor 0xc00' },
      { kind: 'verdict', verdict: 'accept' },
    ],
  ],
  ['ct mark set ct mark or 0x80', [{ kind: 'set-mark', of: 'ct', expression: 'ct mark or 0x80' }]],
  [
    'dnat to 10.0.0.1-10.0.0.5 random,persistent',
    [{ kind: 'dnat', to: '10.0.0.1-10.0.0.5', flags: ['random', 'persistent'] }],
  ],
  [
    'dnat ip addr . port to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }',
    [{ kind: 'dnat', to: 'numgen random mod 1 map { 0 : 10.0.0.1 . 80 }', flags: [] }],
  ],
  ['snat ip to 10.0.0.1 fully-random', [{ kind: 'snat', to: '10.0.0.1', flags: ['fully-random'] }]],
  ['masquerade to :1024-65535 fully-random', [{ kind: 'masquerade', to: ':1024-65535', flags: ['fully-random'] }]],
  [
    'counter packets 0 bytes 0 masquerade  random-fully',
    [{ kind: 'counter' }, { kind: 'masquerade', to: undefined, flags: ['fully-random'] }],
  ],
  ['redirect to :8080', [{ kind: 'redirect', to: ':8080', flags: [] }]],
  ['ct state ! invalid,new accept', [match('ct state', '!=', 'invalid,new'), { kind: 'verdict', verdict: 'accept' }]],
  ['ct state 0x8,0x2 accept', [match('ct state', '==', 'new,established'), { kind: 'verdict', verdict: 'accept' }]],
  ['tcp flags ! fin,syn drop', [match('tcp flags', '==', '0x0 / fin,syn'), { kind: 'verdict', verdict: 'drop' }]],
  ['ip ttl gt 5 accept', [match('ip ttl', '>', '5'), { kind: 'verdict', verdict: 'accept' }]],
  [
    'meta nfproto ipv6 fib saddr . mark . iif oif missing drop',
    [
      match('meta nfproto', '==', 'ipv6'),
      match('fib saddr . mark . iif oif', '==', 'missing'),
      { kind: 'verdict', verdict: 'drop' },
    ],
  ],
  ['reject with icmpx type admin-prohibited', [{ kind: 'reject', with: 'icmpx type admin-prohibited' }]],
  ['reject with icmpv6 4', [{ kind: 'reject', with: 'icmpv6 port-unreachable' }]],
  ['queue flags bypass to 1-3', [{ kind: 'verdict', verdict: 'queue' }]],
  [
    'limit rate over 10/second burst 7 packets log prefix "a # b: " level info flags all notrack',
    [{ kind: 'limit' }, { kind: 'log' }, { kind: 'notrack' }],
  ],
  [
    '# match-set KUBE-LOOP-BACK dst,dst,src counter packets 0 bytes 0 accept',
    [
      { kind: 'opaque', text: '# match-set KUBE-LOOP-BACK dst,dst,src' },
      { kind: 'counter' },
      { kind: 'verdict', verdict: 'accept' },
    ],
  ],
  [
    'xt match "set" xt target "TPROXY"',
    [
      { kind: 'opaque', text: 'xt match "set"' },
      { kind: 'opaque', text: 'xt target "TPROXY"' },
    ],
  ],
  ['tcp option maxseg size set rt mtu', [{ kind: 'opaque', text: 'tcp option maxseg size set rt mtu' }]],
  [
    'update @seen { ip saddr timeout 3h } accept',
    [
      { kind: 'opaque', text: 'update @seen { ip saddr timeout 3h }' },
      { kind: 'verdict', verdict: 'accept' },
    ],
  ],
])('%s', (text, statements) => {
  expect(statementsOf(text)).toEqual(statements);
});

test('a statement that is not known is opaque whole: its words are no matches', () => {
  const rule = ruleOf('frobnicate ip saddr 10.0.0.1 counter packets 3 bytes 180 accept # handle 7');
  expect(rule.statements).toEqual([
    { kind: 'opaque', text: 'frobnicate ip saddr 10.0.0.1' },
    { kind: 'counter' },
    { kind: 'verdict', verdict: 'accept' },
  ]);
  expect(rule).toMatchObject({ handle: 7, counters: { packets: 3, bytes: 180 } });
});

test('what iptables-nft loads is read without a rest', () => {
  const capture = read('nft-ruleset', fixture('nft/iptables-nft.txt'));
  expect(capture.unread).toBe(0);
  const input = capture.data.nftTables?.[0]?.chains.get('INPUT');
  const opaque = input?.rules.flatMap(({ statements }) =>
    statements.flatMap((s) => (s.kind === 'opaque' ? [s.text] : [])),
  );
  expect(opaque?.filter((text) => !/^(?:xt (?:match|target) |meter )/.test(text))).toEqual([]);
});

test('priorities: names, offsets, numbers, and those of a bridge', () => {
  expect(priorityOf({ name: 'mangle', offset: 5 }, 'inet')).toBe(-145);
  expect(priorityOf({ name: 'security', offset: 0 }, 'ip6')).toBe(50);
  expect(priorityOf({ name: undefined, offset: -300 }, 'ip')).toBe(-300);
  expect(priorityOf({ name: 'srcnat', offset: -1 }, 'bridge')).toBe(299);
  expect(priorityOf({ name: 'nonsense', offset: 0 }, 'ip')).toBeUndefined();
});

test('big sets run over many lines and slices; broken lines are counted and the rest is read', () => {
  const elements = Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const listed = elements.map(
    (element, i) => `${i === 0 ? '\t\telements = { ' : '\t\t\t     '}${element}${i === 4999 ? ' }' : ','}`,
  );
  const text = `table ip t {\n\tset s {\n\t\ttype ipv4_addr\n${listed.join('\n')}\n\t}\n%%% torn\n[...]\n\tchain c {\n\t\ttcp dport 22 accept\n\t}\n}\n`;
  const capture = read('nft-ruleset', text);
  // A mark of what somebody left out is known, and the capture is not whole.
  expect(capture).toMatchObject({ unread: 1, unreadLines: [{ text: '%%% torn' }], partial: true });
  expect(capture.data.nftTables?.[0]?.sets.get('s')?.elements).toEqual(elements);
  expect(capture.data.nftTables?.[0]?.chains.get('c')?.rules).toHaveLength(1);
  expect(
    read('nft-ruleset', 'netlink: Error: cache initialization failed: Operation not permitted\n').toolMessages,
  ).toHaveLength(1);
});

test('a chain may hang on several devices', () => {
  const chain = (words: string) =>
    tablesOf(
      `table netdev t {\n\tchain c {\n\t\ttype filter hook ingress ${words} priority -500; policy accept;\n\t}\n}\n`,
    )[0]?.chains.get('c');
  expect(chain('devices = { eth0, eth1 }')).toMatchObject({ hook: 'ingress', device: '{ eth0, eth1 }' });
  expect(chain('device "eth0"')).toMatchObject({ hook: 'ingress', device: 'eth0' });
});

test('what nft repeats below an error is no ruleset', () => {
  const text = 'Error: No such file or directory\nlist table ip filter\n              ^^^^^^\n';
  expect(read('nft-ruleset', text)).toMatchObject({ records: 0, ignored: 3, unread: 0 });
});
