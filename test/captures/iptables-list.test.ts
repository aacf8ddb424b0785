import { expect, test } from 'vitest';
import type { CaptureInput } from '../../src/captures/module.ts';
import type { CaptureKind } from '../../src/records/capture.ts';
import type { Match, Rule, RuleTable } from '../../src/records/iptables.ts';
import { fixture, read } from './fixture.ts';

const tablesOf = (kind: CaptureKind, text: string, over: Partial<CaptureInput> = {}): readonly RuleTable[] =>
  read(kind, text, over).data.tables ?? [];

const HEAD = ' pkts bytes target     prot opt in     out     source               destination\n';
const rulesOf = (lines: string, head = HEAD): readonly Rule[] =>
  tablesOf('iptables-list', `Chain FORWARD (policy DROP 3 packets, 180 bytes)\n${head}${lines}`)[0]?.chains.get(
    'FORWARD',
  )?.rules ?? [];

const ADDRESSES = ['source', 'destination', 'in-interface', 'out-interface', 'protocol', 'fragment'];
/** A rule without what a listing cannot show: order of the rule's own flags, and the names of hash tables. */
const comparable = ({ matches, target, comment }: Rule) => {
  const place = ({ name }: Match) => (ADDRESSES.includes(name) ? ADDRESSES.indexOf(name) : ADDRESSES.length);
  return {
    matches: matches
      .map(({ name, options }) => ({ name, options: options.filter(({ flag }) => flag !== '--hashlimit-name') }))
      .sort((a, b) => place(a) - place(b)),
    target,
    comment,
  };
};

/** The same rules, listed and saved by one kernel, say the same. */
const expectSame = (listed: readonly RuleTable[], saved: readonly RuleTable[], positions: boolean): number => {
  let rules = 0;
  for (const table of saved) {
    const other = listed.find(({ name, family }) => name === table.name && family === table.family);
    expect([...(other?.chains.keys() ?? [])].sort()).toEqual([...table.chains.keys()].sort());
    for (const chain of table.chains.values()) {
      const seen = other?.chains.get(chain.name);
      expect(seen?.policy).toBe(chain.policy);
      expect(seen?.rules.map(comparable)).toEqual(chain.rules.map(comparable));
      if (positions)
        expect(seen?.rules.map(({ position }) => position)).toEqual(chain.rules.map(({ position }) => position));
      rules += chain.rules.length;
    }
  }
  return rules;
};

test.each([
  ['legacy', 'list', 122],
  ['nft', 'list', 122],
  ['nft', 'list-x', 122],
  ['legacy6', 'list', 22],
  ['nft6', 'list', 22],
  ['nft6', 'list-names', 22],
])('what %s rules print as %s is what they save', (backend, form, count) => {
  const listed = read('iptables-list', fixture(`iptables/${backend}.${form}.txt`));
  expect(listed.unread).toBe(0);
  const saved = tablesOf('iptables-save', fixture(`iptables/${backend}.save.txt`));
  expect(expectSame(listed.data.tables ?? [], saved, true)).toBe(count);
  expect(listed.data.tables?.every(({ exact }) => !exact)).toBe(true);
});

test('iptables -S of the same kernel is the same too', () => {
  const listed = tablesOf('iptables-save', fixture('iptables/legacy.S.txt'));
  expect(expectSame(listed, tablesOf('iptables-save', fixture('iptables/legacy.save.txt')), true)).toBe(122);
});

test('names of ports, ICMP types, addresses and log levels are turned into numbers where they are known', () => {
  const [table] = tablesOf('iptables-list', fixture('iptables/nft.list-names.txt')).filter(
    ({ name }) => name === 'filter',
  );
  const options = table?.chains.get('INPUT')?.rules.flatMap(({ matches }) => matches.flatMap((match) => match.options));
  const sport = options?.find(({ flag, invert }) => flag === '--sport' && invert);
  expect(sport?.values).toEqual(['tcpmux:1023']);
  expect(options?.filter(({ flag }) => flag === '--dport').map(({ values }) => values[0])).toContain('443');
  expect(options?.filter(({ flag }) => flag === '--icmp-type').map(({ values }) => values[0])).toEqual([
    '8',
    '3/4',
    '8',
    'any',
  ]);
  const [rule] = rulesOf(
    '    0     0 LOG        tcp  --  any    any     localhost            loopback/8           LOG level debug uid prefix "x y"\n',
  );
  expect(rule?.target?.options).toEqual([
    { flag: '--log-prefix', invert: false, values: ['x y'] },
    { flag: '--log-level', invert: false, values: ['7'] },
    { flag: '--log-uid', invert: false, values: [] },
  ]);
  expect(rule?.matches.slice(0, 2).map(({ options: [option] }) => option?.values[0])).toEqual([
    '127.0.0.1/32',
    '127.0.0.0/8',
  ]);
});

test('counters are scaled, columns may be missing, a target may be missing', () => {
  const [scaled, bare] = rulesOf(
    '1191K  346M ACCEPT     all  --  lo     !eth+   0.0.0.0/0            0.0.0.0/0\n    5   300            udp  --  *      *       0.0.0.0/0           !10.0.0.0/8           udp dpt:53\n',
  );
  expect(scaled?.counters).toEqual({ packets: 1_191_000, bytes: 346_000_000 });
  expect(scaled?.matches.map(({ name, options: [option] }) => [name, option?.invert, option?.values[0]])).toEqual([
    ['in-interface', false, 'lo'],
    ['out-interface', true, 'eth+'],
  ]);
  expect(bare?.target).toBeUndefined();
  expect(bare?.matches.map(({ name }) => name)).toEqual(['destination', 'protocol', 'udp']);
  const plain = rulesOf(
    'ACCEPT     tcp  --  10.0.0.1             anywhere             tcp dpt:ssh ctstate NEW\n',
    'target     prot opt source               destination         \n',
  );
  expect(plain[0]).toMatchObject({ counters: undefined, target: { name: 'ACCEPT' } });
  expect(plain[0]?.matches.map(({ name, options: [option] }) => [name, ...(option?.values ?? [])])).toEqual([
    ['source', '10.0.0.1/32'],
    ['protocol', 'tcp'],
    ['tcp', '22'],
    ['conntrack', 'NEW'],
  ]);
});

test('the options column of ip6tables may be blank; gotos and old spellings are understood', () => {
  const [six, goto, old] = rulesOf(
    [
      '    0     0 ACCEPT     all      eth0   *       ::/0                 fe80::/64',
      '    0     0 FWDI_public  all  --  *      *       0.0.0.0/0            0.0.0.0/0           [goto]  tcp flags:0x17/0x02',
      '    0     0 ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0           state NEW tcp dpt:22flags: 0x17/0x02',
      '',
    ].join('\n'),
  );
  expect(six?.matches.map(({ name }) => name)).toEqual(['destination', 'in-interface']);
  expect(goto?.target).toEqual({ name: 'FWDI_public', goto: true, options: [] });
  expect(old?.matches.at(-1)?.options).toEqual([
    { flag: '--dport', invert: false, values: ['22'] },
    { flag: '--tcp-flags', invert: false, values: ['FIN,SYN,RST,ACK', 'SYN'] },
  ]);
});

test('words of an extension that is not known make a match that nobody can decide', () => {
  const [rule] = rulesOf(
    '    0     0 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0            frobnicate 7 ctstate NEW\n',
  );
  expect(rule?.matches).toEqual([
    { name: 'conntrack', options: [{ flag: '--ctstate', invert: false, values: ['NEW'] }] },
    { name: 'unknown', options: [{ flag: '', invert: false, values: ['frobnicate', '7'] }] },
  ]);
});

test('tables that follow each other come apart, with and without a command between them', () => {
  const chain = (name: string, state = 'policy ACCEPT 0 packets, 0 bytes') => `Chain ${name} (${state})\n${HEAD}\n`;
  const names = (text: string, over = {}) =>
    tablesOf('iptables-list', text, over).map(({ name, family }) => `${name}${family}`);
  const filter = chain('INPUT') + chain('FORWARD') + chain('OUTPUT');
  const nat = chain('PREROUTING') + chain('INPUT') + chain('OUTPUT') + chain('POSTROUTING');
  expect(names(filter + nat)).toEqual(['filter4', 'nat4']);
  expect(names(nat + chain('DOCKER', '1 references') + filter)).toEqual(['nat4', 'filter4']);
  expect(names(chain('PREROUTING') + chain('POSTROUTING') + chain('OUTPUT'))).toEqual(['nat4']);
  expect(names(`root@n:~# ip6tables -t raw -nvL\n${chain('PREROUTING')}${chain('OUTPUT')}`)).toEqual(['raw6']);
  expect(names(filter, { command: 'iptables -t security -L -n', family: 6 })).toEqual(['security6']);
});

test('a wrapped line, a trailer and a message are read; a line that is none of these is not', () => {
  const capture = read(
    'iptables-list',
    `Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)\n${HEAD}1700K  158M MARK       all  --  any    any     anywhere             anywhere\n     MARK set 0x101\n\n=======\nTotal Number of Rules: 1\niptables: No chain/target/match by that name.\nnonsense here\n`,
  );
  const [rule] = capture.data.tables?.[0]?.chains.get('FORWARD')?.rules ?? [];
  expect(rule?.target).toEqual({
    name: 'MARK',
    goto: false,
    options: [{ flag: '--set-xmark', invert: false, values: ['0x101/0xffffffff'] }],
  });
  expect(capture).toMatchObject({
    unread: 1,
    unreadLines: [{ text: 'nonsense here' }],
    toolMessages: [{ source: { line: 8 } }],
  });
});
