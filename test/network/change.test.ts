import { expect, test } from 'vitest';
import { applyChanges } from '../../src/network/apply-changes.ts';
import { buildNetwork } from '../../src/network/build.ts';
import type { Change } from '../../src/network/change.ts';
import type { Network } from '../../src/network/network.ts';
import type { Rule, RuleTable } from '../../src/records/iptables.ts';
import { address, at, capture, hop, link, local, route, sysctls } from './make.ts';

const rules: Rule[] = [1, 2].map((position) => ({
  source: at('rules'),
  chain: 'FORWARD',
  position,
  matches: [],
  target: { name: position === 1 ? 'DROP' : 'ACCEPT', goto: false, options: [] },
  counters: undefined,
  comment: undefined,
}));
const filter: RuleTable = {
  source: at(),
  family: 4,
  name: 'filter',
  backend: 'nft',
  exact: true,
  chains: new Map([['FORWARD', { source: at(), name: 'FORWARD', policy: 'DROP', counters: undefined, rules }]]),
};
const pair = (name: string): Parameters<typeof buildNetwork>[0]['nodes'][number] => ({
  name,
  namespaces: [
    {
      name: '',
      captures: [
        capture('ip-addr', {
          links: [link('eth0', ['10.0.0.1/24'], { index: 2 }), link('v', [], { index: 5, peerIndex: 2 })],
        }),
        capture('ip-route', {
          routes: [local('10.0.0.1', 'eth0'), route('10.0.0.0/24', hop('eth0'), { proto: 'kernel', src: '10.0.0.1' })],
        }),
        capture('iptables-save', { tables: [filter] }),
        capture('sysctl', {
          sysctls: sysctls({
            'net.ipv4.ip_forward': 0,
            'net.ipv4.conf.eth0.forwarding': 0,
            'net.ipv4.conf.eth0.rp_filter': 1,
          }),
        }),
        capture('ipset', {
          sets: [
            {
              source: at(),
              name: 's',
              type: 'hash:ip',
              header: new Map(),
              references: 1,
              declaredEntries: 0,
              members: [],
            },
          ],
        }),
      ],
    },
    {
      name: 'pod',
      captures: [capture('ip-addr', { links: [link('eth0', ['10.1.0.2/24'], { index: 2, peerIndex: 5 })] })],
    },
  ],
});
const network = buildNetwork({ nodes: [pair('a'), pair('b')] });
const host = (n: Network) => {
  const ns = n.namespaces.get('a');
  if (!ns) throw new Error('no a');
  return ns;
};
const after = (
  ...changes: (Change extends infer C ? (C extends unknown ? Omit<C, 'namespace'> : never) : never)[]
): Network =>
  applyChanges(
    network,
    changes.map((c) => ({ namespace: 'a', ...c }) as Change),
  );

test('what no change touches is shared, and every view of a namespace is the changed one', () => {
  const changed = after({ op: 'delete', what: 'route', source: host(network).routes[1]?.source ?? at() });
  expect(host(changed).routes).toHaveLength(1);
  expect(host(network).routes).toHaveLength(2);
  expect(host(changed).tables).toBe(host(network).tables);
  expect(changed.namespaces.get('b')).toBe(network.namespaces.get('b'));
  expect(changed.nodes[1]).toBe(network.nodes[1]);
  expect(changed.nodes[0]?.host).toBe(host(changed));
  expect(changed.owners('10.0.0.1')[0]?.namespace).toBe(host(changed));
  const pod = changed.namespaces.get('a/pod');
  expect(pod && changed.vethPeer(pod, 'eth0')?.namespace).toBe(host(changed));
});

test('a change of what is not there changes nothing', () => {
  expect(after({ op: 'delete', what: 'route', source: { file: 'none', line: 1 } })).toBe(network);
  expect(applyChanges(network, [{ namespace: 'zz', op: 'set', what: 'sysctl', name: 'a', value: '1' }])).toBe(network);
});

test('a rule is inserted and deleted at its place, and the others are numbered anew', () => {
  const record = {
    matches: [],
    target: { name: 'LOG', goto: false, options: [] },
    counters: undefined,
    comment: undefined,
  };
  const names = (n: Network) =>
    host(n)
      .tables[0]?.chains.get('FORWARD')
      ?.rules.map((r) => `${r.position} ${r.target?.name}`);
  const at2 = { op: 'add', what: 'iptables-rule', family: 4, table: 'filter', chain: 'FORWARD', record } as const;
  expect(names(after({ ...at2, position: 2 }))).toEqual(['1 DROP', '2 LOG', '3 ACCEPT']);
  expect(names(after({ ...at2, position: undefined }))).toEqual(['1 DROP', '2 ACCEPT', '3 LOG']);
  expect(names(after({ op: 'delete', what: 'iptables-rule', source: rules[0]?.source ?? at() }))).toEqual(['1 ACCEPT']);
  const open = after({
    op: 'set',
    what: 'chain-policy',
    family: 4,
    table: 'filter',
    chain: 'FORWARD',
    policy: 'ACCEPT',
  });
  expect(host(open).tables[0]?.chains.get('FORWARD')?.policy).toBe('ACCEPT');
});

test('an address brings its local route and its network, and takes them away', () => {
  const routes = (n: Network) => host(n).routes.map((r) => `${r.type} ${r.prefix} ${r.nextHops[0]?.dev}`);
  const more = after({ op: 'add', what: 'address', device: 'eth0', record: address('10.9.0.1/16') });
  expect(routes(more)).toEqual(expect.arrayContaining(['local 10.9.0.1/32 eth0', 'unicast 10.9.0.0/16 eth0']));
  expect(more.owners('10.9.0.1')).toHaveLength(1);
  const less = after({ op: 'delete', what: 'address', device: 'eth0', address: '10.0.0.1' });
  expect(routes(less)).toEqual([]);
  expect(less.owners('10.0.0.1').map((o) => o.namespace.id)).toEqual(['b']);
});

test('forwarding is one switch for all devices, other values stand alone', () => {
  const on = host(after({ op: 'set', what: 'sysctl', name: 'net.ipv4.ip_forward', value: '1' }));
  expect(on.sysctls.get('net.ipv4.conf.eth0.forwarding')?.value).toBe('1');
  const loose = host(after({ op: 'set', what: 'sysctl', name: 'net.ipv4.conf.all.rp_filter', value: '2' }));
  expect(loose.sysctls.get('net.ipv4.conf.eth0.rp_filter')?.value).toBe('1');
});

test('set members come and go; a device goes down with its routes', () => {
  const member = {
    parts: ['10.0.0.9'],
    nomatch: false,
    timeout: undefined,
    packets: undefined,
    bytes: undefined,
    comment: undefined,
    extra: [],
  };
  const added = after({ op: 'add', what: 'set-member', set: 's', record: member });
  expect(host(added).sets.get('s')?.members).toHaveLength(1);
  const gone = applyChanges(added, [
    { namespace: 'a', op: 'delete', what: 'set-member', set: 's', parts: ['10.0.0.9'] },
  ]);
  expect(host(gone).sets.get('s')?.members).toHaveLength(0);
  const down = after({ op: 'set', what: 'link', device: 'eth0', up: false });
  expect(host(down).routes).toEqual([]);
  const up = applyChanges(down, [{ namespace: 'a', op: 'set', what: 'link', device: 'eth0', up: true }]);
  expect(host(up).routes.map((r) => r.prefix)).toContain('10.0.0.0/24');
});
