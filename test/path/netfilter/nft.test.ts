import { describe, expect, it } from 'vitest';
import type { NetNamespace } from '../../../src/network/namespace.ts';
import { runNftHook } from '../../../src/path/netfilter/nft.ts';
import type { HookQuestion } from '../../../src/path/netfilter/outcome.ts';
import { serviceOf } from '../../../src/path/netfilter/subject.ts';
import type { Packet } from '../../../src/path/packet.ts';
import type { Hook } from '../../../src/records/iptables.ts';
import { fixture } from '../../captures/fixture.ts';
import { ct, entry, namespaceOf, packet, question, short } from './make.ts';

const kubeProxy = namespaceOf({ 'nft-ruleset': fixture('netfilter/kube-proxy.nft.txt') });
const guard = namespaceOf({
  'nft-ruleset': fixture('netfilter/guard.nft.txt'),
  'ip-addr':
    '2: eth0: <UP> mtu 1500 state UP\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n    inet 10.0.0.2/24 scope global eth0\n',
});

const EVERYWHERE = [-Infinity, Infinity] as const;
const NAT = {
  PREROUTING: [-100, -99],
  OUTPUT: [-100, -99],
  INPUT: [100, 101],
  POSTROUTING: [100, 101],
  FORWARD: [0, 0],
} as const;

const run = (
  ns: NetNamespace,
  hook: Hook,
  p: Packet | string,
  over: Partial<HookQuestion> = {},
  window: readonly [number, number] = EVERYWHERE,
) => runNftHook(question(ns, hook, typeof p === 'string' ? packet(p) : p, over), window);
const nat = (ns: NetNamespace, hook: Hook, p: Packet | string, over: Partial<HookQuestion> = {}) =>
  run(ns, hook, p, over, NAT[hook]);

describe("kube-proxy's nftables mode", () => {
  it('goes from the service map through service and endpoint to the translation', () => {
    const outcomes = nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.7:999 > 172.30.0.41:80');
    expect(short(outcomes)).toEqual(['dnat 10.180.0.1:80']);
    expect(outcomes[0]?.hits.map((hit) => `${hit.chain} ${hit.position}`)).toEqual([
      'nat-prerouting 1',
      'services 1',
      'service-ULMVA6XW-ns1/svc1/tcp/p80 2',
      'endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80 2',
    ]);
    expect(serviceOf(outcomes[0]?.hits ?? [])).toEqual({ namespace: 'ns1', name: 'svc1', port: 'p80' });
  });

  it('shares packets between endpoints, and marks those from outside', () => {
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.7:999 > 172.30.0.42:80'))).toEqual([
      'dnat 10.180.0.2:80 x0.50',
      'dnat 10.180.0.3:80 x0.50',
    ]);
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 192.0.2.7:999 > 172.30.0.42:80'))).toEqual([
      'dnat 10.180.0.2:80 mark 0x4000 x0.50',
      'dnat 10.180.0.3:80 mark 0x4000 x0.50',
    ]);
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.2:999 > 172.30.0.42:80'))).toEqual([
      'dnat 10.180.0.2:80 mark 0x4000 x0.50',
      'dnat 10.180.0.3:80 x0.50',
    ]);
  });

  it('node ports and external addresses are masqueraded always', () => {
    const outcomes = ['dnat 10.180.0.2:80 mark 0x4000 x0.50', 'dnat 10.180.0.3:80 mark 0x4000 x0.50'];
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.9:999 > 192.168.0.2:3001'))).toEqual(outcomes);
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.9:999 > 1.2.3.4:80'))).toEqual(outcomes);
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.9:999 > 192.168.0.9:3001'))).toEqual(['accept']);
  });

  it('masquerades what is marked, and takes the mark away', () => {
    expect(short(nat(kubeProxy, 'POSTROUTING', packet('tcp 192.0.2.7:999 > 10.180.0.2:80', { mark: 0x4000 })))).toEqual(
      ['masquerade'],
    );
    expect(short(nat(kubeProxy, 'POSTROUTING', 'tcp 192.0.2.7:999 > 10.180.0.2:80'))).toEqual(['accept']);
  });

  it('session affinity: nobody is in the set, so the endpoint is chosen', () => {
    expect(short(nat(kubeProxy, 'PREROUTING', 'udp 10.180.0.7:999 > 172.30.0.44:53'))).toEqual(['dnat 10.180.0.9:53']);
  });

  it('rejects services without endpoints and drops unallocated addresses, for new connections', () => {
    expect(short(run(kubeProxy, 'FORWARD', 'tcp 10.180.0.7:999 > 172.30.0.43:80'))).toEqual([
      'reject icmp-port-unreachable',
    ]);
    expect(short(run(kubeProxy, 'FORWARD', 'tcp 10.180.0.7:999 > 172.30.0.41:81'))).toEqual([
      'reject icmp-port-unreachable',
    ]);
    expect(short(run(kubeProxy, 'FORWARD', 'tcp 10.180.0.7:999 > 172.30.9.9:81'))).toEqual(['drop']);
    const p = packet('tcp 10.180.0.7:999 > 172.30.9.9:81');
    expect(short(run(kubeProxy, 'FORWARD', p, { ct: ct(p, { state: 'ESTABLISHED' }) }))).toEqual(['accept']);
    expect(short(run(kubeProxy, 'INPUT', 'tcp 10.180.0.7:999 > 192.168.0.2:3003', {}, [-200, 0]))).toEqual(['drop']);
  });

  it('the firewall of a load balancer stands before its translation', () => {
    expect(short(run(kubeProxy, 'PREROUTING', 'tcp 198.51.100.1:999 > 1.2.3.4:80', {}, [-200, -100]))).toEqual([
      'drop',
    ]);
    expect(short(run(kubeProxy, 'PREROUTING', 'tcp 203.0.113.1:999 > 1.2.3.4:80', {}, [-200, -100]))).toEqual([
      'accept',
    ]);
  });

  it('the nat hook asks once per entry, and never about what has none', () => {
    const p = packet('tcp 10.180.0.7:999 > 172.30.0.41:80');
    expect(short(nat(kubeProxy, 'PREROUTING', p, { ct: ct(p, { state: 'ESTABLISHED' }) }))).toEqual(['accept']);
    expect(short(nat(kubeProxy, 'PREROUTING', p, { ct: ct(p, { entry: entry(p, { dstNatDone: true }) }) }))).toEqual([
      'accept',
    ]);
    expect(short(nat(kubeProxy, 'PREROUTING', p, { ct: ct(p, { state: 'UNTRACKED', entry: undefined }) }))).toEqual([
      'accept',
    ]);
  });

  it('a port that is not known opens every service of the address', () => {
    const outcomes = nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.7:999 > 172.30.0.42:*');
    expect(outcomes.map((o) => o.verdict)).toEqual(['accept', 'nat', 'nat']);
    expect(outcomes[0]?.assumptions).toMatchObject([{ code: 'port-unknown' }]);
    expect(short(nat(kubeProxy, 'PREROUTING', 'tcp 10.180.0.7:999 > 172.30.0.99:*'))).toEqual(['accept']);
  });
});

describe('a firewall of its own', () => {
  const P = (text: string, over: Partial<Packet> = {}) => packet(text, over);
  it.each<[string, Packet, Partial<HookQuestion>, string]>([
    [
      'established',
      P('tcp 10.0.0.1:1 > 10.0.0.2:99'),
      { ct: ct(P('tcp 10.0.0.1:1 > 10.0.0.2:99'), { state: 'ESTABLISHED' }) },
      'accept',
    ],
    [
      'invalid',
      P('tcp 10.0.0.1:1 > 10.0.0.2:22'),
      { ct: ct(P('tcp 10.0.0.1:1 > 10.0.0.2:22'), { state: 'INVALID', entry: undefined }) },
      'drop',
    ],
    ['loopback', P('tcp 10.0.0.1:1 > 10.0.0.2:99'), { iif: 'lo' }, 'accept'],
    ['blocked network', P('tcp 10.66.1.1:1 > 10.0.0.2:22'), {}, 'drop'],
    ['blocked range', P('tcp 10.77.0.6:1 > 10.0.0.2:22'), {}, 'drop'],
    ['beside the range', P('tcp 10.77.0.4:1 > 10.0.0.2:22'), {}, 'accept'],
    ['icmp', P('icmp 10.0.0.1 > 10.0.0.2', { icmp: { type: 8, code: 0, id: 1 } }), {}, 'accept'],
    ['port in an anonymous set', P('tcp 10.0.0.1:1 > 10.0.0.2:31000'), {}, 'accept'],
    ['udp is no tcp', P('udp 10.0.0.1:1 > 10.0.0.2:31000'), {}, 'reject icmp-host-unreachable connmark 0x10000'],
    ['flags with a mask', P('tcp 10.0.0.1:1 > 10.0.0.2:9000'), {}, 'accept'],
    [
      'flags of another packet',
      P('tcp 10.0.0.1:1 > 10.0.0.2:9000', { tcp: 'syn-ack' }),
      {},
      'reject tcp-reset connmark 0x10000',
    ],
    ['fewer flags', P('tcp 10.0.0.1:1 > 10.0.0.2:9001'), {}, 'accept'],
    ['ttl', P('udp 10.0.0.1:1 > 10.0.0.2:53'), {}, 'accept'],
    ['low ttl', P('udp 10.0.0.1:1 > 10.0.0.2:53', { ttl: 10 }), {}, 'reject icmp-host-unreachable connmark 0x10000'],
    ['mark', P('udp 10.0.0.1:1 > 10.0.0.2:54', { mark: 0x140 }), {}, 'accept mark 0x140'],
    [
      'connection mark from the mark',
      P('udp 10.0.0.1:1 > 10.0.0.2:54', { mark: 0x23 }),
      {},
      'reject icmp-host-unreachable mark 0x23 connmark 0x10023',
    ],
    ['device prefix within the limit', P('udp 10.0.0.1:1 > 10.0.0.2:54'), { iif: 'cali12' }, 'accept connmark 0x10000'],
    ['local address', P('tcp 10.0.0.1:1 > 10.0.0.2:9100'), {}, 'accept connmark 0x10000'],
    ['no local address', P('tcp 10.0.0.1:1 > 10.0.0.3:9100'), {}, 'reject tcp-reset connmark 0x10000'],
  ])('%s', (_name, p, over, outcome) => expect(short(run(guard, 'INPUT', p, over))).toEqual([outcome]));

  it('translates by maps and by chance', () => {
    expect(short(nat(guard, 'PREROUTING', 'tcp 10.0.0.1:1 > 10.0.0.2:8443'))).toEqual([
      'dnat 10.9.0.1 x0.33',
      'dnat 10.9.0.2 x0.33',
      'dnat 10.9.0.3 x0.33',
    ]);
    expect(short(nat(guard, 'PREROUTING', 'tcp 10.0.0.1:1 > 10.0.0.2:8444'))).toEqual(['dnat 10.9.0.1:443']);
    expect(short(nat(guard, 'PREROUTING', 'tcp 10.0.0.1:1 > 10.0.0.2:8080'))).toEqual(['redirect :80-80']);
    const snat = nat(guard, 'POSTROUTING', 'tcp 10.0.0.1:1 > 192.0.2.99:80');
    expect(short(snat)).toEqual(['snat 192.0.2.1-192.0.2.4']);
    expect(snat[0]?.nat).toMatchObject({ persistent: true });
    expect(short(nat(guard, 'POSTROUTING', 'tcp 10.0.0.1:1 > 10.0.0.2:80'))).toEqual(['accept']);
  });

  it('a drop policy names its chain', () => {
    const six = packet('udp [fd00::1]:1 > [fd00::2]:54');
    const bare = namespaceOf({
      'nft-ruleset':
        'table inet f {\n\tchain in {\n\t\ttype filter hook input priority filter; policy drop;\n\t\tip saddr != 10.0.0.0/8 accept\n\t}\n}\n',
    });
    const [outcome] = run(bare, 'INPUT', six);
    expect(outcome).toMatchObject({ verdict: 'drop', policyOf: { chain: 'in', source: { line: 2 } }, hits: [] });
    expect(run(bare, 'INPUT', 'udp 192.0.2.1:1 > 10.0.0.2:1')[0]?.verdict).toBe('accept');
  });
});

describe('beside iptables', () => {
  const nft =
    'table ip nat {\n\tchain PREROUTING {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\txt match set counter packets 1 bytes 60 dnat to 10.9.9.9:80\n\t}\n}\n';
  const save =
    '# Generated by iptables-save v1.8.9 (nf_tables) on Fri Nov 20 16:45:00 2026\n*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m set --match-set a dst -j DNAT --to-destination 10.9.9.9:80\nCOMMIT\n';
  const p = 'tcp 10.0.0.1:1 > 10.0.0.2:80';

  it('leaves the mirror of a captured table to iptables-save', () => {
    expect(short(nat(namespaceOf({ 'nft-ruleset': nft, 'iptables-save': save }), 'PREROUTING', p))).toEqual(['accept']);
  });
  it('uses it where only the ruleset was captured, or the save is of the other backend', () => {
    const outcomes = nat(namespaceOf({ 'nft-ruleset': nft }), 'PREROUTING', p);
    expect(short(outcomes)).toEqual(['dnat 10.9.9.9:80', 'accept']);
    expect(outcomes[0]?.assumptions).toMatchObject([
      { code: 'match-unsupported', missing: { kind: 'iptables-save', namespace: 'node' } },
    ]);
    const legacy = save.replace('v1.8.9 (nf_tables)', 'v1.6.1');
    expect(nat(namespaceOf({ 'nft-ruleset': nft, 'iptables-save': legacy }), 'PREROUTING', p)).toHaveLength(2);
  });
  it('a save that does not name its backend is the mirror where its chains are', () => {
    const unnamed = save.replace('v1.8.9 (nf_tables)', 'v1.8.7');
    expect(short(nat(namespaceOf({ 'nft-ruleset': nft, 'iptables-save': unnamed }), 'PREROUTING', p))).toEqual([
      'accept',
    ]);
    const empty = unnamed.replace(/^-A.*\n/m, '');
    expect(nat(namespaceOf({ 'nft-ruleset': nft, 'iptables-save': empty }), 'PREROUTING', p)).toHaveLength(2);
  });
  it('reads the set where nft printed it as a comment', () => {
    const commented = nft.replace('xt match set', '# match-set a dst');
    const ipset = 'Name: a\nType: hash:ip\nHeader: family inet\nNumber of entries: 1\nMembers:\n10.0.0.2\n';
    expect(short(nat(namespaceOf({ 'nft-ruleset': commented, ipset }), 'PREROUTING', p))).toEqual(['dnat 10.9.9.9:80']);
  });
});

describe('a set that the ruleset does not show', () => {
  const asks = (rule: string) =>
    namespaceOf({
      'nft-ruleset': `table inet f {\n\tchain in {\n\t\ttype filter hook input priority filter; policy accept;\n\t\t${rule}\n\t}\n}\n`,
    });
  const verdicts = (rule: string) =>
    run(asks(rule), 'INPUT', 'tcp 10.0.0.1:1 > 10.0.0.2:80').map((outcome) => outcome.verdict);

  it('leaves open whether the packet is in it', () => {
    expect(verdicts('ip saddr @gone drop').sort()).toEqual(['accept', 'drop']);
    expect(verdicts('ip saddr != @gone drop').sort()).toEqual(['accept', 'drop']);
  });
});
