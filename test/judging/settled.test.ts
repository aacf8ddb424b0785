import { describe, expect, test } from 'vitest';
import { analysisOf, flow } from './open-texts.ts';

const ADDRESSES = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 203.0.113.5/24 brd 203.0.113.255 scope global eth0
       valid_lft forever preferred_lft forever
3: lan: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP group default qlen 1000
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
    inet 10.61.0.1/24 brd 10.61.0.255 scope global lan
       valid_lft forever preferred_lft forever
`;
const ROUTES = `default via 203.0.113.1 dev eth0
203.0.113.0/24 dev eth0 proto kernel scope link src 203.0.113.5
10.61.0.0/24 dev lan proto kernel scope link src 10.61.0.1
local 203.0.113.5 dev eth0 table local proto kernel scope host src 203.0.113.5
local 10.61.0.1 dev lan table local proto kernel scope host src 10.61.0.1
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
`;
const POLICY = `src 10.61.0.0/24 dst 10.62.0.0/24
	dir out priority 375423
	tmpl src 203.0.113.5 dst 203.0.113.9
		proto esp reqid 7 mode tunnel
`;
const STATE = `src 203.0.113.9 dst 203.0.113.5
	proto esp spi 0xc1230001 reqid 7 mode tunnel
	replay-window 32 flag af-unspec
	auth-trunc hmac(sha256) 0x0000 128
`;
const CIPHER = '	enc cbc(aes) 0x0000\n';
const ASKED = [flow('10.61.0.1', '10.62.0.7', 80, 'edge')];
const files = (state: string) => ({
  'edge/ip_addr.txt': ADDRESSES,
  'edge/ip_route.txt': ROUTES,
  'edge/ip_xfrm_policy.txt': POLICY,
  'edge/ip_xfrm_state.txt': state,
});

describe('a finding that something is not there', () => {
  test('holds where the whole listing lacks it', async () => {
    const { rootCauses } = await analysisOf(files(`${STATE}${CIPHER}`), ASKED);
    expect(rootCauses[0]).toMatchObject({ id: 'xfrm-out-sa-missing', node: 'edge' });
  });

  test('is undecided where the listing breaks off, and the listing is asked for', async () => {
    const { rootCauses, undecided, verdict, collect } = await analysisOf(files(STATE), ASKED);
    expect(rootCauses).toEqual([]);
    expect(undecided.find((u) => u.id === 'xfrm-out-sa-missing')?.missing).toEqual([
      { kind: 'xfrm-state', namespace: 'edge' },
    ]);
    expect(verdict.code).not.toBe('healthy');
    expect(collect[0]).toMatchObject({ where: 'edge' });
    expect(collect.find((c) => c.capture === 'xfrm-state')?.decides).toContain('xfrm-out-sa-missing');
  });
});

describe('a finding that a fact speaks against', () => {
  const RULES = (drop: string) => `*filter
:INPUT ACCEPT [90:9000]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [40:4000]
${drop} -A INPUT -p tcp -m tcp --dport 9090 -j DROP
COMMIT
`;
  const SYN = (n: number) =>
    `2026-03-01 10:00:0${n}.000000 lan   In  IP 10.61.0.30.40404 > 10.61.0.1.9090: Flags [S], seq 77, win 64240, length 0\n`;
  const bundle = (drop: string) => ({
    'edge/ip_addr.txt': ADDRESSES,
    'edge/ip_route.txt': ROUTES,
    'edge/iptables-save.txt': RULES(drop),
    'edge/tcpdump/any.txt': `${SYN(1)}${SYN(2)}${SYN(4)}`,
  });

  test('is ruled out by the very rule, which has counted nothing though the packets came', async () => {
    const { rootCauses, ruledOut } = await analysisOf(bundle('[0:0]'), [flow('10.61.0.30', '10.61.0.1', 9090)]);
    expect(rootCauses.filter((cause) => cause.at === 'INPUT')).toEqual([]);
    expect(ruledOut.some((fact) => fact.because === 'rule-counter-zero')).toBe(true);
  });

  test('holds where the rule has counted', async () => {
    const { rootCauses } = await analysisOf(bundle('[3:180]'), [flow('10.61.0.30', '10.61.0.1', 9090)]);
    expect(rootCauses[0]).toMatchObject({ node: 'edge', at: 'INPUT' });
  });
});
