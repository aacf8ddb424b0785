import { describe, expect, it } from 'vitest';
import { ask, ct, entry, namespaceOf, packet, saved, short } from './make.ts';

const P = 'tcp 10.0.0.1:1024 > 10.0.0.2:80';

/** The outcome of rules that stand in a row in one chain of a table. */
const run = (table: 'raw' | 'mangle' | 'nat' | 'filter', rules: readonly string[], p = packet(P), over = {}) => {
  const hook = table === 'filter' ? 'INPUT' : 'PREROUTING';
  const save = saved(
    table,
    [`${hook} ACCEPT`],
    rules.map((rule) => `-A ${hook} ${rule}`),
  );
  return ask(namespaceOf({ 'iptables-save': save }), table, hook, p, over);
};
const one = (...args: Parameters<typeof run>): string => short(run(...args)).join(' | ');

describe('verdicts', () => {
  it.each([
    ['-j ACCEPT', 'accept'],
    ['-j DROP', 'drop'],
    ['-j RETURN', 'accept'],
    ['-j NFQUEUE --queue-num 0', 'queue'],
    ['-j REJECT', 'reject icmp-port-unreachable'],
    ['-p tcp -j REJECT --reject-with tcp-reset', 'reject tcp-reset'],
    ['-j REJECT --reject-with icmp-admin-prohibited', 'reject icmp-admin-prohibited'],
    ['-j LOG --log-prefix "x "', 'accept'],
    ['-j NFLOG --nflog-group 5', 'accept'],
    ['-j SET --add-set x src', 'accept'],
    ['-j AUDIT --type drop', 'accept'],
    ['', 'accept'],
  ])('%s: %s', (rule, outcome) => expect(one('filter', [rule])).toBe(outcome));

  it('a target that is not known goes on under an assumption', () => {
    const [outcome] = run('filter', ['-j FANCY --x 1', '-j DROP']);
    expect(outcome?.verdict).toBe('drop');
    expect(outcome?.assumptions).toMatchObject([{ code: 'target-unsupported', source: { line: 4 } }]);
  });
});

describe('marks', () => {
  it.each([
    ['--set-xmark 0x4000/0x4000', 0x40, 0x4040],
    ['--set-xmark 0x4000/0x0', 0x4040, 0x40],
    ['--set-xmark 0x0/0x10000', 0x30000, 0x20000],
    ['--set-xmark 0x40/0xffffffff', 0x4000, 0x40],
    ['--set-mark 0x40', 0x4000, 0x40],
    ['--set-mark 0x40/0x40', 0x4000, 0x4040],
    ['--or-mark 0x8000', 0x4000, 0xc000],
    ['--and-mark 0xffffbfff', 0x4040, 0x40],
    ['--xor-mark 0x4000', 0x4040, 0x40],
    ['--set-xmark 0x80000000/0x80000000', 0x1, 0x80000001],
  ])('MARK %s on %i', (options, before, after) => {
    const [outcome] = run('mangle', [`-j MARK ${options}`], packet(P, { mark: before }));
    expect(outcome?.mark).toBe(after);
  });

  const connected = (mark: number) => ({ ct: ct(packet(P), { entry: entry(packet(P), { mark }) }) });
  it.each([
    ['--save-mark --nfmask 0xffffffff --ctmask 0xffffffff', 0x40, 0x5, 'accept mark 0x40 connmark 0x40'],
    ['--save-mark --nfmask 0xf0000 --ctmask 0xf0000', 0x30040, 0x5, 'accept mark 0x30040 connmark 0x30005'],
    ['--restore-mark --nfmask 0xffffffff --ctmask 0xffffffff', 0x40, 0x5, 'accept mark 0x5'],
    ['--restore-mark --nfmask 0x0 --ctmask 0x80', 0x40, 0x80, 'accept mark 0xc0'],
    ['--restore-mark --mask 0x80', 0x40, 0x85, 'accept mark 0xc0'],
    ['--set-xmark 0x80/0x80', 0x0, 0x5, 'accept connmark 0x85'],
  ])('CONNMARK %s', (options, mark, connmark, outcome) =>
    expect(one('mangle', [`-j CONNMARK ${options}`], packet(P, { mark }), connected(connmark))).toBe(outcome),
  );

  it('a rule further on sees the marks that rules before it set', () => {
    expect(
      one(
        'mangle',
        ['-j CONNMARK --set-xmark 0x7/0xffffffff', '-j CONNMARK --restore-mark', '-m mark --mark 0x7 -j DROP'],
        packet(P),
        connected(0),
      ),
    ).toBe('drop mark 0x7 connmark 0x7');
    expect(
      one(
        'mangle',
        ['-j CONNMARK --set-xmark 0x7/0xffffffff', '-m connmark --mark 0x7 -j DROP'],
        packet(P),
        connected(0),
      ),
    ).toBe('drop connmark 0x7');
  });

  it('a packet without an entry has no connection mark', () => {
    const over = { ct: ct(packet(P), { state: 'UNTRACKED', entry: undefined }) };
    expect(one('mangle', ['-j CONNMARK --set-xmark 0x7/0xffffffff'], packet(P), over)).toBe('accept');
  });
});

describe('translations', () => {
  it.each([
    ['-p tcp -j DNAT --to-destination 10.9.9.9:8080', 'dnat 10.9.9.9:8080'],
    ['-j DNAT --to-destination 10.9.9.9', 'dnat 10.9.9.9'],
    ['-p tcp -j DNAT --to-destination :8080', 'dnat :8080'],
    ['-p tcp -j DNAT --to-destination 10.9.9.1-10.9.9.5:80-90', 'dnat 10.9.9.1-10.9.9.5:80-90'],
    ['-p tcp -j DNAT --to-destination 10.9.9.9:1000-2000/3000', 'dnat 10.9.9.9:1000-2000'],
    ['-p tcp -j REDIRECT --to-ports 15006', 'redirect :15006-15006'],
    ['-j REDIRECT', 'redirect'],
    ['-j NETMAP --to 10.7.0.0/24', 'netmap 10.7.0.0/24'],
    ['-j ACCEPT', 'accept'],
  ])('%s: %s', (rule, outcome) => expect(one('nat', [rule, '-j DNAT --to-destination 1.1.1.1'])).toBe(outcome));

  it('of the source', () => {
    const rules = (rule: string) =>
      namespaceOf({ 'iptables-save': saved('nat', ['POSTROUTING ACCEPT'], [`-A POSTROUTING ${rule}`]) });
    const out = (rule: string) => ask(rules(rule), 'nat', 'POSTROUTING', P)[0]?.nat;
    expect(out('-j MASQUERADE --random-fully')).toEqual({ kind: 'masquerade', ports: undefined, random: true });
    expect(out('-p tcp -j MASQUERADE --to-ports 1024-65535')).toEqual({
      kind: 'masquerade',
      ports: [1024, 65535],
      random: false,
    });
    expect(out('-j SNAT --to-source 10.9.9.1-10.9.9.5 --persistent')).toEqual({
      kind: 'snat',
      addresses: [{ from: '10.9.9.1', to: '10.9.9.5' }],
      ports: undefined,
      random: false,
      persistent: true,
    });
  });

  it('to IPv6 addresses, bracketed where a port follows', () => {
    const six = (to: string) => {
      const save = saved('nat', ['PREROUTING ACCEPT'], [`-A PREROUTING -p tcp -j DNAT --to-destination ${to}`]).replace(
        'iptables',
        'ip6tables',
      );
      return short(
        ask(
          namespaceOf({ 'iptables-save': save }, [], { family: 6 }),
          'nat',
          'PREROUTING',
          'tcp [fd00::1]:1 > [fd00::2]:80',
        ),
      );
    };
    expect(six('[fd00::9]:8080')).toEqual(['dnat fd00::9:8080']);
    expect(six('fd00:0::9')).toEqual(['dnat fd00::9']);
  });
});

describe('raw, TPROXY and MSS', () => {
  it('NOTRACK goes on, and may still be dropped', () => {
    expect(one('raw', ['-j CT --notrack'])).toBe('notrack');
    expect(one('raw', ['-j NOTRACK', '-j DROP'])).toBe('drop');
  });
  it('the first CT target is the one that counts', () => {
    expect(one('raw', ['-j CT --zone 5', '-j CT --zone 6', '-j CT --notrack'])).toBe('accept zone 5');
    expect(one('raw', ['-j CT --zone-orig 5', '-j CT --zone 6'])).toBe('accept zone original 5');
    expect(one('raw', ['-j CT --zone-reply 5'])).toBe('accept zone reply 5');
    expect(one('raw', ['-j NOTRACK', '-j CT --zone 6'])).toBe('notrack');
    expect(one('raw', ['-j CT --helper ftp'])).toBe('accept');
  });
  it('TPROXY sets its mark', () => {
    const [outcome] = run('mangle', [
      '-p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff',
    ]);
    expect(outcome).toMatchObject({ verdict: 'tproxy', mark: 0x539, tproxy: { address: undefined, port: 15006 } });
  });
  it('TCPMSS is for SYNs, and only ever lowers', () => {
    expect(one('mangle', ['-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu'])).toBe(
      'accept mss pmtu',
    );
    expect(one('mangle', ['-p tcp -j TCPMSS --set-mss 1200', '-p tcp -j TCPMSS --set-mss 1400'])).toBe(
      'accept mss 1200',
    );
    expect(one('mangle', ['-p tcp -j TCPMSS --set-mss 1200'], packet(P, { tcp: 'ack' }))).toBe('accept');
  });
});
