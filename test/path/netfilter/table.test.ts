import { describe, expect, it } from 'vitest';
import { ask, namespaceOf, packet, saved, short } from './make.ts';

const P = 'tcp 10.0.0.1:1024 > 10.0.0.2:80';
const filter = (...rules: readonly string[]) =>
  namespaceOf({ 'iptables-save': saved('filter', ['FORWARD ACCEPT', 'INPUT DROP'], rules) });
const forward = (...rules: readonly string[]) => ask(filter(...rules), 'filter', 'FORWARD', P);
const places = (
  outcome: { readonly hits: readonly { readonly chain: string; readonly position: number }[] } | undefined,
) => outcome?.hits.map((hit) => `${hit.chain} ${hit.position}`);

describe('traversal', () => {
  it('jumps come back, gotos come back to where the last jump was', () => {
    expect(
      short(forward('-A FORWARD -j a', '-A FORWARD -j DROP', '-A a -j b', '-A a -j ACCEPT', '-A b -j RETURN')),
    ).toEqual(['accept']);
    expect(
      short(forward('-A FORWARD -j a', '-A FORWARD -j DROP', '-A a -g b', '-A a -j ACCEPT', '-A b -j RETURN')),
    ).toEqual(['drop']);
    expect(
      short(
        forward('-A FORWARD -j a', '-A FORWARD -j DROP', '-A a -g b', '-A a -j ACCEPT', '-A b -s 1.1.1.1/32 -j ACCEPT'),
      ),
    ).toEqual(['drop']);
    expect(short(forward('-A FORWARD -g a', '-A FORWARD -j DROP', '-A a -j RETURN'))).toEqual(['accept']);
    expect(short(forward('-A FORWARD -g a', '-A FORWARD -j DROP', '-A a -j b', '-A b -j RETURN'))).toEqual(['accept']);
  });

  it('the policy decides what no rule does, and is quoted', () => {
    const [outcome] = ask(filter('-A INPUT -s 1.1.1.1/32 -j ACCEPT'), 'filter', 'INPUT', P);
    expect(outcome).toMatchObject({
      verdict: 'drop',
      hits: [],
      policyOf: { chain: 'INPUT', source: { line: 4 }, packets: 0 },
    });
    expect(forward('-A FORWARD -j DROP')[0]?.policyOf).toBeUndefined();
  });

  it('quotes the rules that led there, and no chain in which nothing happened', () => {
    const [outcome] = forward(
      '-A FORWARD -j idle',
      '-A FORWARD -j marks',
      '-A FORWARD -j early',
      '-A FORWARD -j LOG',
      '-A FORWARD -j last',
      '-A idle -s 1.1.1.1/32 -j DROP',
      '-A marks -j MARK --set-xmark 0x1/0x1',
      '-A marks -j MARK --set-xmark 0x1/0x1',
      '-A early -s 10.0.0.1/32 -j RETURN',
      '-A last -s 1.1.1.1/32 -j DROP',
      '-A last -j REJECT',
    );
    expect(places(outcome)).toEqual(['FORWARD 2', 'marks 1', 'FORWARD 3', 'early 1', 'FORWARD 5', 'last 2']);
    expect(outcome?.hits.at(-1)).toMatchObject({ target: 'REJECT', source: { file: 'node/iptables-save.txt' } });
  });

  it('a chain that is not in the capture is passed under an assumption', () => {
    const [outcome] = forward('-A FORWARD -g gone');
    expect(outcome).toMatchObject({ verdict: 'accept', assumptions: [{ code: 'chain-missing' }] });
  });

  it('finds the rule of an address among thousands, in their order', () => {
    const rules = Array.from(
      { length: 20_000 },
      (_, i) =>
        `-A FORWARD -d 10.${i >> 14}.${(i >> 7) & 127}.${i & 127}/32 -j MARK --set-xmark 0x${(i + 1).toString(16)}/0xffffffff`,
    );
    rules.splice(10_000, 0, '-A FORWARD -s 10.0.0.0/8 -j CONNMARK --save-mark');
    rules.push('-A FORWARD -d 10.0.0.2/32 -m mark --mark 0x3 -j DROP');
    const namespace = filter(...rules);
    let looks = 0;
    const chain = namespace.tables[0]?.chains.get('FORWARD') as { rules: readonly unknown[] };
    chain.rules = new Proxy(chain.rules, {
      get: (target, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks += 1;
        return Reflect.get(target, key);
      },
    });
    ask(namespace, 'filter', 'FORWARD', P);
    expect(looks).toBeGreaterThan(20_000);
    looks = 0;
    ask(namespace, 'filter', 'FORWARD', 'tcp 10.0.0.1:1 > 10.1.10.9:1');
    expect(looks).toBeLessThan(10);
    expect(short(ask(namespace, 'filter', 'FORWARD', P))).toEqual(['drop mark 0x3 connmark 0x3']);
    expect(short(ask(namespace, 'filter', 'FORWARD', 'tcp 10.0.0.1:1 > 10.1.10.5:1'))).toEqual([
      'accept mark 0x4506 connmark 0x0',
    ]);
  });

  it('survives rules that no kernel would load', () => {
    const loop = forward('-A FORWARD -j a', '-A a -j b', '-A b -j a', '-A b -j a');
    expect(loop.every((outcome) => outcome.verdict === 'accept')).toBe(true);
    const fan = Array.from({ length: 40 }, (_, i) => [`-A c${i} -j c${i + 1}`, `-A c${i} -j c${i + 1}`]).flat();
    const idle = forward('-A FORWARD -j c0', ...fan, '-A c40 -s 1.1.1.1/32 -j DROP');
    expect(idle).toMatchObject([{ verdict: 'accept', assumptions: [] }]);
    const [busy] = forward('-A FORWARD -j c0', ...fan, '-A c40 -j MARK --xor-mark 0x1');
    expect(busy?.assumptions.map((a) => a.code)).toContain('branches-cut');
  });
});

describe('what is not decided', () => {
  it('parts the packet, and tells what each part took for granted', () => {
    const outcomes = forward('-A FORWARD -m set --match-set s dst -j DROP');
    expect(short(outcomes)).toEqual(['drop', 'accept']);
    expect(outcomes[0]?.assumptions).toEqual([
      {
        code: 'set-not-captured',
        values: { match: 'set', chain: 'FORWARD', position: 1, matched: true },
        missing: { kind: 'ipset', namespace: 'node' },
        source: { file: 'node/iptables-save.txt', line: 5 },
      },
    ]);
    expect(outcomes[1]?.assumptions).toMatchObject([{ values: { matched: false } }]);
  });

  it('does not part where it makes no difference', () => {
    expect(forward('-A FORWARD -m u32 --u32 "0x0" -j LOG', '-A FORWARD -m u32 --u32 "0x1"')).toMatchObject([
      { verdict: 'accept', assumptions: [] },
    ]);
    expect(forward('-A FORWARD -m u32 --u32 "0x0" -j DROP', '-A FORWARD -j DROP')).toMatchObject([
      { verdict: 'drop', assumptions: [] },
    ]);
    expect(forward('-A FORWARD -m u32 --u32 "0x0" -j a', '-A a -s 1.1.1.1/32 -j DROP')).toMatchObject([
      { assumptions: [] },
    ]);
  });

  it('answers the same question the same way', () => {
    expect(
      short(
        forward(
          '-A FORWARD -m set --match-set s dst -j MARK --set-xmark 0x1/0x1',
          '-A FORWARD -m set ! --match-set s dst -j MARK --set-xmark 0x2/0x2',
          '-A FORWARD -m set --match-set s dst -j DROP',
        ),
      ),
    ).toEqual(['drop mark 0x1', 'accept mark 0x2']);
  });

  it('what hangs on two of them keeps both in mind', () => {
    const outcomes = forward(
      '-A FORWARD -m u32 --u32 "1" -j a',
      '-A FORWARD -j DROP',
      '-A a -m u32 --u32 "2" -j ACCEPT',
    );
    expect(outcomes.map((o) => [o.verdict, o.assumptions.map((a) => a.values.chain)])).toEqual([
      ['drop', ['FORWARD', 'a']],
      ['accept', ['FORWARD', 'a']],
    ]);
  });

  it('joins again where the effects are the same, so that many such rules cost little', () => {
    const many = Array.from(
      { length: 200 },
      (_, i) => `-A FORWARD -m u32 --u32 "${i}" -j MARK --set-xmark 0x${(i % 3).toString(16)}/0xff`,
    );
    const outcomes = forward(...many);
    expect(outcomes.map((o) => o.mark).sort()).toEqual([0, 1, 2]);
  });

  it('says so where branches had to be cut', () => {
    const many = Array.from(
      { length: 8 },
      (_, i) =>
        `-A FORWARD -m u32 --u32 "${i}" -j MARK --set-xmark 0x${(1 << i).toString(16)}/0x${(1 << i).toString(16)}`,
    );
    const outcomes = forward(...many);
    expect(outcomes).toHaveLength(64);
    expect(outcomes[0]?.assumptions.map((a) => a.code)).toContain('branches-cut');
  });

  it('what is taken for granted is noted without a branch', () => {
    expect(forward('-A FORWARD -m limit --limit 1/sec -j DROP')).toMatchObject([
      { verdict: 'drop', assumptions: [{ code: 'within-limit' }] },
    ]);
    expect(forward('-A FORWARD -p udp -m limit --limit 1/sec -j DROP')).toMatchObject([
      { verdict: 'accept', assumptions: [] },
    ]);
  });
});

describe('chance', () => {
  const sep = (n: number, address: string) => `-A SEP${n} -p tcp -m tcp -j DNAT --to-destination ${address}:8080`;
  it('shares the packets as statistic does', () => {
    const save = saved(
      'nat',
      ['PREROUTING ACCEPT'],
      [
        '-A PREROUTING -m statistic --mode random --probability 0.33333333349 -j SEP1',
        '-A PREROUTING -m statistic --mode random --probability 0.50000000000 -j SEP2',
        '-A PREROUTING -j SEP3',
        sep(1, '10.0.0.1'),
        sep(2, '10.0.0.2'),
        sep(3, '10.0.0.3'),
      ],
    );
    const outcomes = ask(namespaceOf({ 'iptables-save': save }), 'nat', 'PREROUTING', P);
    expect(short(outcomes)).toEqual([
      'dnat 10.0.0.1:8080 x0.33',
      'dnat 10.0.0.2:8080 x0.33',
      'dnat 10.0.0.3:8080 x0.33',
    ]);
    expect(outcomes.every((o) => o.assumptions.length === 0)).toBe(true);
  });

  it('adds the shares of equal outcomes, and not those of undecided ones', () => {
    const save = saved(
      'nat',
      ['PREROUTING ACCEPT'],
      [
        '-A PREROUTING -m u32 --u32 "1" -j SEP1',
        '-A PREROUTING -m statistic --mode random --probability 0.5 -j SEP1',
        '-A PREROUTING -m statistic --mode random --probability 0.5 -j SEP1',
        '-A PREROUTING -j SEP2',
        sep(1, '10.0.0.1'),
        sep(2, '10.0.0.2'),
      ],
    );
    expect(short(ask(namespaceOf({ 'iptables-save': save }), 'nat', 'PREROUTING', P))).toEqual([
      'dnat 10.0.0.1:8080',
      'dnat 10.0.0.2:8080 x0.25',
    ]);
  });
});

describe('which tables count', () => {
  const nft = (rule: string, table = 'filter') => saved(table, ['FORWARD ACCEPT', 'PREROUTING ACCEPT'], [rule]);
  const legacy = (rule: string, table = 'filter') => nft(rule, table).replace('v1.8.9 (nf_tables)', 'v1.6.1');

  it('no rules captured at all is an assumption; an empty table is not', () => {
    expect(ask(namespaceOf({ 'ip-addr': '' }), 'filter', 'FORWARD', P)).toMatchObject([
      { verdict: 'accept', assumptions: [{ code: 'rules-not-captured', missing: { kind: 'iptables-save' } }] },
    ]);
    expect(ask(filter(), 'raw', 'PREROUTING', P)).toMatchObject([{ verdict: 'accept', assumptions: [] }]);
  });

  it('both backends are asked; a drop in either ends it', () => {
    const both = (a: string, b: string) =>
      ask(namespaceOf({ 'iptables-save': `${nft(a)}${legacy(b)}` }), 'filter', 'FORWARD', P);
    expect(short(both('-A FORWARD -j ACCEPT', '-A FORWARD -j DROP'))).toEqual(['drop']);
    expect(short(both('-A FORWARD -j DROP', '-A FORWARD -j ACCEPT'))).toEqual(['drop']);
    expect(short(both('-A FORWARD -m mark --mark 0x1 -j DROP', '-A FORWARD -j MARK --set-xmark 0x1/0x1'))).toEqual([
      'drop mark 0x1 x0.50',
      'accept mark 0x1 x0.50',
    ]);
  });

  it('in nat the first that translates wins, and which is first no dump tells', () => {
    const dnat = (to: string) => `-A PREROUTING -j DNAT --to-destination ${to}`;
    const two = (a: string, b: string) =>
      short(ask(namespaceOf({ 'iptables-save': `${nft(a, 'nat')}${legacy(b, 'nat')}` }), 'nat', 'PREROUTING', P));
    expect(two(dnat('1.1.1.1'), '-A PREROUTING -j ACCEPT')).toEqual(['dnat 1.1.1.1']);
    expect(two('-A PREROUTING -j ACCEPT', dnat('1.1.1.1'))).toEqual(['dnat 1.1.1.1']);
    expect(two(dnat('2.2.2.2'), dnat('1.1.1.1'))).toEqual(['dnat 1.1.1.1 x0.50', 'dnat 2.2.2.2 x0.50']);
  });

  it('IPv6 packets ask ip6tables', () => {
    const six = nft('-A FORWARD -j DROP').replace('iptables-save', 'ip6tables-save');
    const namespace = namespaceOf({ 'iptables-save': six }, [], { family: 6 });
    expect(short(ask(namespace, 'filter', 'FORWARD', 'tcp [fd00::1]:1 > [fd00::2]:2'))).toEqual(['drop']);
    expect(short(ask(namespace, 'filter', 'FORWARD', P))).toEqual(['accept']);
  });
});

describe('listings', () => {
  const list = (head: string, rule: string) => `Chain FORWARD (policy DROP)\n${head}\n${rule}\n`;
  const PLAIN = 'target     prot opt source               destination         ';
  const VERBOSE = ' pkts bytes target     prot opt in     out     source               destination         ';
  const listed = (text: string) => ask(namespaceOf({ 'iptables-list': text }), 'filter', 'FORWARD', P);

  it('a rule without any test may hide a device where -v was not given', () => {
    const outcomes = listed(list(PLAIN, 'ACCEPT     all  --  0.0.0.0/0            0.0.0.0/0           '));
    expect(outcomes.map((o) => o.verdict)).toEqual(['drop', 'accept']);
    expect(outcomes[0]?.assumptions.map((a) => a.code)).toEqual(['rules-from-listing', 'listing-without-devices']);
    const shown = listed(
      list(VERBOSE, '    5   300 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0           '),
    );
    expect(shown).toMatchObject([{ verdict: 'accept', assumptions: [] }]);
  });

  it('tests that it shows are taken as they are', () => {
    expect(
      listed(list(PLAIN, 'ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:80')),
    ).toMatchObject([{ verdict: 'accept' }]);
    expect(
      listed(list(PLAIN, 'ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:81')),
    ).toMatchObject([{ verdict: 'drop' }]);
  });
});

it('a mark is an unsigned number of 32 bits', () => {
  const [outcome] = ask(
    filter('-A FORWARD -j MARK --set-xmark 0xffffffff/0xffffffff', '-A FORWARD -m mark --mark 0xffffffff -j DROP'),
    'filter',
    'FORWARD',
    packet(P),
  );
  expect(outcome).toMatchObject({ verdict: 'drop', mark: 0xffffffff });
});
