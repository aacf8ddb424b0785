import { describe, expect, test } from 'vitest';
import { findCandidates } from '../../src/evidence/candidates.ts';
import { BUNDLE_CHECKS } from '../../src/judging/registry.ts';
import { LANGUAGES } from '../../src/report/language.ts';
import { findingContext } from '../../src/report/wording.ts';
import { Words } from '../../src/report/words.ts';
import { BundleTexts } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';

const bundle = (files: Readonly<Record<string, string>>): BundleTexts =>
  new BundleTexts(new Map(Object.entries(files)));
const tcp = (src: string, sport: number, dst: string, dport: number) => ({
  proto: 'tcp',
  src,
  sport,
  dst,
  dport,
  start: 'lb-3',
});

describe('new SYNs to a server at weight 0', () => {
  const TABLE = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.77.0.9:8443 rr
  -> 10.78.4.11:8443              Masq    0      3          902
  -> 10.78.4.12:8443              Masq    1      1          12
`;
  const syn = (second: string, sport: number, how = '') =>
    `2026-03-02 08:15:${second} ${how}IP 10.70.1.5.${sport} > 10.78.4.11.8443: Flags [S], seq ${sport}88, win 64240, options [mss 1460], length 0\n`;
  const TWICE = syn('01.100000', 40112) + syn('02.130000', 40112);
  const made = (packets: string) => bundle({ 'lb-3/ipvsadm_-Ln.txt': TABLE, 'lb-3/tcpdump/eth0.txt': packets });
  const ASKED = tcp('10.70.1.5', 40112, '10.77.0.9', 8443);
  const ID = 'ipvs-weight-zero-pinned';

  test('are told, by the server and the packets', () => {
    const judged = made(TWICE).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ node: 'lb-3', values: { form: 'new', server: '10.78.4.11' } });
    expect(findingOf(judged, ID)?.confidence).not.toBe('certain');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('are found without a flow, under the name of the service', () => {
    expect(
      findCandidates(made(TWICE).network()).map((c) => `${c.question.dst}:${c.question.dport} ${c.symptoms}`),
    ).toContain('10.77.0.9:8443 syn-at-weight-zero');
  });

  test.each([
    ['one SYN alone', made(syn('01.100000', 40112))],
    [
      'answered ones',
      made(
        `${TWICE}2026-03-02 08:15:02.140000 IP 10.78.4.11.8443 > 10.70.1.5.40112: Flags [S.], seq 7, ack 4011289, win 65160, length 0\n`,
      ),
    ],
    [
      'what comes in for the server itself',
      made(
        '2026-03-02 08:15:01.100000 eth0  In  IP 10.70.1.5.40112 > 10.78.4.11.8443: Flags [S], seq 88, win 64240, length 0\n2026-03-02 08:15:02.100000 eth0  In  IP 10.70.1.5.40112 > 10.78.4.11.8443: Flags [S], seq 88, win 64240, length 0\n',
      ),
    ],
    [
      'a flow that has an entry for the server itself',
      made(TWICE).withFile(
        'lb-3/conntrack_-L.txt',
        'tcp      6 110 SYN_SENT src=10.70.1.5 dst=10.78.4.11 sport=40112 dport=8443 [UNREPLIED] src=10.78.4.11 dst=10.70.1.5 sport=8443 dport=40112 mark=0 use=1\n',
      ),
    ],
    ['a server with a weight', made(TWICE).edited('ipvsadm_-Ln.txt', 'Masq    0 ', 'Masq    1 ')],
  ])('not %s', (_, quiet) => {
    expect(findingOf(quiet.judge(ASKED), ID)).toBeUndefined();
    expect(findCandidates(quiet.network()).filter((c) => c.symptoms.includes('syn-at-weight-zero'))).toEqual([]);
  });
});

describe('a service asked under its own address', () => {
  const HEAD = 'IPVS connection entries\npro expire state       source             virtual            destination\n';
  const row = (expire: string, state: string, source = '10.77.0.9:51000') =>
    `${HEAD}TCP ${expire}  ${state}    ${source}   10.77.0.9:8443     10.78.4.12:8443\n`;
  const made = (text: string) => bundle({ 'lb-3/ipvsadm_-Lnc.txt': text });
  const ASKED = tcp('10.77.0.9', 51000, '10.77.0.9', 8443);
  const ID = 'ipvs-masq-missing-vip-source';

  test('is possible where the connection is half open and no rules were captured', () => {
    const judged = made(row('00:41', 'SYN_RECV')).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible', node: 'lb-3', values: { uncaptured: true } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('says nothing of one that is established or only now begun, of another client, nor where the rules are known', () => {
    expect(findingOf(made(row('00:59', 'SYN_RECV')).judge(ASKED), ID)).toBeUndefined();
    expect(findingOf(made(row('14:41', 'ESTABLISHED')).judge(ASKED), ID)).toBeUndefined();
    const other = made(row('00:41', 'SYN_RECV', '10.70.1.5:51000'));
    expect(findingOf(other.judge(tcp('10.70.1.5', 51000, '10.77.0.9', 8443)), ID)).toBeUndefined();
    const masked = made(row('00:41', 'SYN_RECV')).withFile(
      'lb-3/iptables-save.txt',
      '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -s 10.77.0.9/32 -j MASQUERADE\nCOMMIT\n',
    );
    expect(findingOf(masked.judge(ASKED), ID)?.values.uncaptured).not.toBe(true);
  });
});

describe('an entry that translates nothing beside others that are translated', () => {
  const entry = (client: string, answers: string, unreplied = '') =>
    `udp      17 27 src=${client} dst=10.77.0.53 sport=5353 dport=53 ${unreplied}src=${answers} dst=${client} sport=53 dport=5353 mark=0 use=1\n`;
  const made = (...lines: readonly string[]) => bundle({ 'lb-3/conntrack_-L.txt': lines.join('') });
  const ASKED = { proto: 'udp', src: '10.70.1.5', sport: 5353, dst: '10.77.0.53', dport: 53, start: 'lb-3' };
  const ID = 'udp-stale-conntrack';
  const STALE = entry('10.70.1.5', '10.77.0.53', '[UNREPLIED] ');

  test('is told, with the other one', () => {
    const judged = made(STALE, entry('10.70.1.6', '10.78.4.53')).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ node: 'lb-3', values: { untranslated: true } });
    expect(findingOf(judged, ID)?.evidence.map(({ source }) => source.line)).toEqual([1, 2]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each([
    ['alone', made(STALE)],
    ['beside others that are translated no more than it is', made(STALE, entry('10.70.1.6', '10.77.0.53'))],
    ['that is answered', made(entry('10.70.1.5', '10.77.0.53'), entry('10.70.1.6', '10.78.4.53'))],
    ['beside one that nobody answered either', made(STALE, entry('10.70.1.6', '10.78.4.53', '[UNREPLIED] '))],
  ])('not one %s', (_, quiet) => {
    expect(findingOf(quiet.judge(ASKED), ID)).toBeUndefined();
  });
});

describe('a datagram flow that IPVS holds under a port that a rule changes', () => {
  const rules = (rule: string) => `*nat\n:PREROUTING ACCEPT [1:60]\n:POSTROUTING ACCEPT [1:60]\n${rule}\nCOMMIT\n`;
  const RULE = '-A PREROUTING -d 10.77.0.9/32 -p udp -m udp --dport 514 -j DNAT --to-destination 10.77.0.9:5514';
  const made = (rule: string, port = 514) =>
    bundle({
      'lb-3/ipvsadm_-Lnc.txt': `IPVS connection entries\npro expire state       source             virtual            destination\nUDP 04:51  UDP         10.70.1.5:20514    10.77.0.9:${port}    10.78.4.12:${port}\n`,
      'lb-3/iptables-save.txt': rules(rule),
    });
  const ASKED = { proto: 'udp', src: '10.70.1.5', sport: 20514, dst: '10.77.0.9', dport: 514, start: undefined };
  const ID = 'udp-stale-conntrack';

  test('may have an entry from before the rule, and is found without a flow', () => {
    const judged = made(RULE).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'possible', node: 'lb-3' });
    expect(unsaid(judged, ID)).toEqual([]);
    expect(findCandidates(made(RULE).network()).map((c) => c.symptoms.join())).toContain('past-translation');
  });

  test.each([
    ['under the port that the rule gives', made(RULE, 5514)],
    ['where the rule is for some clients', made(RULE.replace('-d', '-s 10.71.0.0/16 -d'))],
    ['where the rule changes the address alone', made(RULE.replace('10.77.0.9:5514', '10.77.0.10:514'))],
    ['where a rule before it takes flows away', made(`-A PREROUTING -p udp -j ACCEPT\n${RULE}`)],
    [
      'where the entries were captured',
      made(RULE).withFile(
        'lb-3/conntrack_-L.txt',
        'udp      17 27 src=10.70.1.6 dst=10.70.0.2 sport=5353 dport=53 src=10.70.0.2 dst=10.70.1.6 sport=53 dport=5353 mark=0 use=1\n',
      ),
    ],
  ])('but not %s', (_, quiet) => {
    expect(findCandidates(quiet.network()).filter((c) => c.symptoms.includes('past-translation'))).toEqual([]);
    expect(findingOf(quiet.judge(ASKED), ID)).toBeUndefined();
  });
});

describe('a large segment that never enters the tunnel', () => {
  const segment = (second: string, from: number, to: number, wrapped: boolean) =>
    `08:15:${second} IP ${wrapped ? '192.0.2.31 > 192.0.2.32: IP ' : ''}10.79.3.4.8080 > 10.70.1.5.41000: Flags [P.], seq ${from}:${to}, ack 90, win 226, length ${to - from}${wrapped ? ' (ipip-proto-4)' : ''}\n`;
  const made = (...packets: readonly string[]) => bundle({ 'lb-3/tcpdump/eth0.txt': packets.join('') });
  const ASKED = { ...tcp('10.70.1.5', 41000, '10.79.3.4', 8080), start: undefined };
  const ID = 'overlay-mtu-blackhole';
  const LOST = [segment('01.000000', 1, 2001, false), segment('01.300000', 1401, 2001, false)];
  const TAIL = segment('01.300010', 1401, 2001, true);

  test('while its tail does may be too long for it', () => {
    const judged = made(...LOST, TAIL).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'possible',
      node: 'lb-3',
      values: { payload: 2000, passed: 600 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each([
    ['in pieces that all enter', made(...LOST, segment('01.000010', 1, 1401, true), TAIL)],
    ['of which nothing enters', made(...LOST)],
    [
      'that was acknowledged',
      made(
        ...LOST,
        TAIL,
        '08:15:01.400000 IP 10.70.1.5.41000 > 10.79.3.4.8080: Flags [.], ack 2001, win 300, length 0\n',
      ),
    ],
  ])('is nothing where it goes %s', (_, quiet) => {
    expect(findingOf(quiet.judge(ASKED), ID)).toBeUndefined();
  });
});

describe('wrong sums of the outer header', () => {
  const packet = (second: string, sum: string, how = '', inner = '10.70.1.5.41000 > 10.79.3.4.8080: Flags [S]') =>
    `08:15:${second} ${how}IP (tos 0x0, ttl 64, id 41, offset 0, flags [none], proto UDP (17), length 110)\n    192.0.2.31.40001 > 192.0.2.32.8472: ${sum}OTV, flags [I] (0x08), overlay 0, instance 1\nIP (tos 0x0, ttl 63, id 7, offset 0, flags [DF], proto TCP (6), length 60)\n    ${inner}, cksum 0x1111 (correct), seq 12, win 64240, length 0\n`;
  const BAD = '[bad udp cksum 0xffff -> 0x1234!] ';
  const made = (...packets: readonly string[]) => bundle({ 'lb-3/tcpdump/eth0.txt': packets.join('') });
  const ASKED = tcp('10.70.1.5', 41000, '10.79.3.4', 8080);
  const ID = 'vxlan-csum-offload-double-nat';

  test('of every encapsulated packet of an unanswered flow are a possibility where the capture may be the sender’s', () => {
    const judged = made(packet('01.000000', BAD), packet('02.000000', BAD)).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'possible',
      node: 'lb-3',
      values: { bad: 2, told: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each([
    ['of one packet alone', made(packet('01.000000', BAD))],
    [
      'of some packets and not of others',
      made(packet('01.000000', BAD), packet('02.000000', BAD), packet('03.000000', '[udp sum ok] ')),
    ],
    [
      'where the flow is answered',
      made(
        packet('01.000000', BAD),
        packet('02.000000', BAD),
        packet('02.100000', '[udp sum ok] ', '', '10.79.3.4.8080 > 10.70.1.5.41000: Flags [S.]'),
      ),
    ],
    [
      'on a sender whose kernel has the fix',
      made(packet('01.000000', BAD), packet('02.000000', BAD)).withFile(
        'lb-3/uname',
        'Linux lb-3 6.1.0-18-amd64 #1 SMP x86_64 GNU/Linux\n',
      ),
    ],
  ])('are nothing %s', (_, quiet) => {
    expect(findingOf(quiet.judge(ASKED), ID)).toBeUndefined();
  });
});

const NAT = (jump: string, packets = 0) =>
  `*nat
:PREROUTING ACCEPT [90:5400]
:INPUT ACCEPT [10:600]
:OUTPUT ACCEPT [60:3600]
:POSTROUTING ACCEPT [67:4020]
:SM-GN-EGRESS-CLUSTER - [0:0]
${jump}[${packets}:0] -A SM-GN-EGRESS-CLUSTER -s 10.70.0.0/16 -m mark --mark 0xc0000/0xc0000 -j SNAT --to-source 242.7.0.1-242.7.0.8
COMMIT
`;

/** What the checks see, everything of it said in both languages. */
const checked = (texts: BundleTexts) => {
  const found = BUNDLE_CHECKS.flatMap((check) =>
    check.detect(texts.network()).map((one) => ({ id: check.id, ...one })),
  );
  for (const language of LANGUAGES) {
    const words = new Words(language);
    for (const one of found)
      for (const section of ['title', 'summary', 'why'])
        expect(words.causeSection(one.id, section, findingContext(one, undefined))).toBeDefined();
    expect(words.faults).toEqual([]);
  }
  return found;
};

describe('chains that translate sources and are not asked', () => {
  const ID = 'submariner-chain-not-hooked';
  const ASKED = tcp('10.70.1.5', 41000, '242.9.0.4', 80);
  const made = (text: string) => bundle({ 'lb-3/iptables-save.txt': text });

  test("Submariner's for global addresses is named for the flow that it would translate", () => {
    const judged = made(NAT('')).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ node: 'lb-3', values: { chain: 'SM-GN-EGRESS-CLUSTER' } });
    expect(findingOf(judged, ID)?.confidence).not.toBe('certain');
    expect(unsaid(judged, ID)).toEqual([]);
    expect(findingOf(made(NAT('')).judge(tcp('10.99.1.5', 41000, '242.9.0.4', 80)), ID)).toBeUndefined();
  });

  test('without a flow the chain is an observation', () => {
    expect(checked(made(NAT('')))).toMatchObject([
      { id: 'source-nat-not-hooked', values: { chain: 'SM-GN-EGRESS-CLUSTER' } },
    ]);
  });

  test.each([
    ['POSTROUTING leads there', NAT('[3:180] -A POSTROUTING -j SM-GN-EGRESS-CLUSTER\n')],
    ['POSTROUTING leads to a chain that was not listed', NAT('[3:180] -A POSTROUTING -j SUBMARINER-POSTROUTING\n')],
    ['the chain has counted packets', NAT('', 12)],
  ])('nothing where %s', (_, text) => {
    expect(findingOf(made(text).judge(ASKED), ID)).toBeUndefined();
    expect(checked(made(text)).filter(({ id }) => id === 'source-nat-not-hooked')).toEqual([]);
  });
});

describe('drops that were counted', () => {
  const FILTER = (policy: string, packets: number, last = '') =>
    bundle({
      'lb-3/iptables-save.txt': `*filter\n:INPUT ACCEPT [5:300]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ${policy} [${packets}:900]\n[7:420] -A OUTPUT -o lo -j ACCEPT\n${last}COMMIT\n`,
    });

  test('by a policy, and by a rule for everything at the end', () => {
    expect(checked(FILTER('DROP', 15))).toMatchObject([
      { id: 'drops-counted', at: 'OUTPUT', values: { packets: 15, policy: true } },
    ]);
    expect(
      checked(FILTER('ACCEPT', 0, '[8:480] -A OUTPUT -j REJECT --reject-with icmp-port-unreachable\n')),
    ).toMatchObject([{ id: 'drops-counted', values: { packets: 8, policy: false } }]);
  });

  test('nothing of counters at zero, of what was accepted, and of a rule for some packets', () => {
    expect(checked(FILTER('DROP', 0))).toEqual([]);
    expect(checked(FILTER('ACCEPT', 15))).toEqual([]);
    expect(checked(FILTER('ACCEPT', 15, '[8:480] -A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n'))).toEqual([]);
  });
});

describe("a WireGuard peer's first handshake", () => {
  const SHOW = (rest: string) =>
    bundle({
      'lb-3/wg_show.txt': `interface: wg7\n  public key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n  listening port: 51820\n\npeer: BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\n  endpoint: 192.0.2.77:51820\n  allowed ips: 10.88.0.0/24\n${rest}`,
      'lb-3/ip_addr.txt':
        '2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP\n    inet 192.0.2.31/24 scope global eth0\n',
    });

  test('that never came about is told by the line of the counts', () => {
    const found = checked(SHOW('  transfer: 0 B received, 2.31 KiB sent\n'));
    expect(found).toMatchObject([
      { id: 'wireguard-no-handshake', values: { device: 'wg7', endpoint: '192.0.2.77', own: false } },
    ]);
    expect(found[0]?.evidence[0]?.source.line).toBe(8);
  });

  test('an endpoint that is the host itself is told as such', () => {
    const own = SHOW('  transfer: 0 B received, 2.31 KiB sent\n').edited('wg_show.txt', '192.0.2.77', '192.0.2.31');
    expect(checked(own)).toMatchObject([{ values: { own: true } }]);
  });

  test('that came about, or that nobody tried, is nothing', () => {
    expect(checked(SHOW('  latest handshake: 12 seconds ago\n  transfer: 1.02 KiB received, 2.31 KiB sent\n'))).toEqual(
      [],
    );
    expect(checked(SHOW(''))).toEqual([]);
  });
});
