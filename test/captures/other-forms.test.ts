import { describe, expect, test } from 'vitest';
import type { Capture, CaptureData, CaptureKind } from '../../src/records/capture.ts';
import { captureList, readTree } from '../bundle/archive.ts';
import { fixture, read } from './fixture.ts';

const wholly = (kind: CaptureKind, text: string, records: number): CaptureData => {
  const capture: Capture = read(kind, text);
  expect(capture.unreadLines).toEqual([]);
  expect(capture.records).toBe(records);
  return capture.data;
};

describe('nft -j list ruleset', () => {
  /** What a ruleset holds, without the lines that it came from and what JSON writes otherwise: numbers for marks and names. */
  const shape = (text: string) =>
    (read('nft-ruleset', text).data.nftTables ?? []).map((table) => ({
      name: `${table.family} ${table.name}`,
      sets: [...table.sets.values()].map((set) => ({
        name: set.name,
        kind: set.kind,
        type: set.type,
        elements: [...set.elements].sort(),
      })),
      chains: [...table.chains.values()].map((chain) => ({
        name: chain.name,
        hook: [chain.type, chain.hook, chain.priority, chain.policy],
        rules: chain.rules.map((rule) => ({
          kinds: rule.statements.map((statement) => statement.kind),
          counters: rule.counters,
          comment: rule.comment,
          handle: rule.handle,
        })),
      })),
    }));

  test.each(['nft/native.json', 'nft/native-numeric.json'])('%s is the ruleset that the text is', (name) => {
    const { unread, unreadLines } = read('nft-ruleset', fixture(name));
    expect([unread, unreadLines]).toEqual([0, []]);
    const numbers = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll('. tcp .', '. 6 .').replaceAll('. udp .', '. 17 .')) as unknown;
    expect(numbers(shape(fixture(name)))).toEqual(numbers(shape(fixture('nft/native.txt'))));
  });

  test('values are those of the text', () => {
    const rule = (name: string, chain: string, at: number) =>
      read('nft-ruleset', fixture(name)).data.nftTables?.[0]?.chains.get(chain)?.rules[at]?.statements;
    for (const name of ['nft/native.txt', 'nft/native.json', 'nft/native-numeric.json'])
      expect(rule(name, 'filter-input', 0)).toEqual([
        { kind: 'match', left: 'ct state', op: '==', right: 'new' },
        { kind: 'jump', chain: 'sec' },
      ]);
    expect(rule('nft/native.json', 'filter-input', 2)).toEqual([
      { kind: 'match', left: 'iifname', op: '==', right: '"veth*"' },
      { kind: 'match', left: 'oifname', op: '!=', right: '"lo"' },
      { kind: 'match', left: 'tcp dport', op: 'in', right: '{ 22, 80-90 }' },
      { kind: 'match', left: 'tcp flags & (fin|syn|rst|ack)', op: '==', right: 'syn' },
      { kind: 'counter' },
      { kind: 'verdict', verdict: 'drop' },
    ]);
  });

  test('a JSON text that was cut keeps its whole objects; every record knows its line', () => {
    const text =
      '{"nftables": [\n{"table": {"family": "ip", "name": "t"}},\n{"chain": {"family": "ip", "table": "t", "name": "c"}},\n{"rule": {"family"';
    const capture = read('nft-ruleset', text);
    expect(capture.data.nftTables?.[0]?.chains.get('c')?.source.line).toBe(3);
    expect(capture.unreadLines).toMatchObject([{ source: { line: 4 }, text: '{"rule": {"family"' }]);
  });
});

describe('conntrack in its other forms', () => {
  test('-o save: translated entries have -g in place of -r', () => {
    const { conntrack } = wholly(
      'conntrack',
      'conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.\n' +
        '-A -t 119 -u SEEN_REPLY,ASSURED -s 10.0.0.1 -d 10.96.0.9 -g 10.0.0.2 -q 10.0.0.1 -p tcp --sport 44424 --dport 81 --reply-port-src 80 --reply-port-dst 44424 --state TIME_WAIT\n' +
        '-A -t 29 -u UNSET -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -q 10.0.0.1 -p udp --sport 45685 --dport 53 --reply-port-src 53 --reply-port-dst 45685\n' +
        '-A -t 29 -u SEEN_REPLY -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -q 10.0.0.1 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 8553\n',
      3,
    );
    expect(conntrack?.entry(0)).toMatchObject({
      source: { line: 2 },
      proto: 'tcp',
      state: 'TIME_WAIT',
      timeout: 119,
      original: { src: '10.0.0.1', dst: '10.96.0.9', sport: 44424, dport: 81 },
      reply: { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 44424 },
      assured: true,
    });
    expect(conntrack?.entry(1)).toMatchObject({ proto: 'udp', unreplied: true });
    expect(conntrack?.entry(2)).toMatchObject({ proto: 'icmp', original: { icmpId: 8553 } });
  });

  test('-o xml', () => {
    const flow =
      '<flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>10.0.0.1</src><dst>10.96.0.9</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>44424</sport><dport>81</dport></layer4></meta><meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>10.0.0.2</src><dst>10.0.0.1</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>80</sport><dport>44424</dport></layer4></meta><meta direction="independent"><state>ESTABLISHED</state><timeout>119</timeout><mark>7</mark><use>1</use><id>3867219057</id><assured/></meta></flow>';
    const { conntrack } = wholly(
      'conntrack',
      `<?xml version="1.0" encoding="utf-8"?>\n<conntrack>\n${flow}\n</conntrack>\nconntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n`,
      1,
    );
    expect(conntrack?.entry(0)).toMatchObject({
      source: { line: 3 },
      state: 'ESTABLISHED',
      mark: 7,
      assured: true,
      reply: { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 44424 },
    });
    const broken = read('conntrack', `<?xml version="1.0"?>\n<conntrack>\n${flow.slice(0, 200)}\n${flow}\n`);
    expect([broken.records, broken.unread]).toEqual([1, 1]);
  });

  test('what -o asks for is no node; the saved form is not ipvsadm’s', async () => {
    const saved =
      '-A -t 29 -u UNSET -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -q 10.0.0.1 -p udp --sport 5 --dport 53 --reply-port-src 53 --reply-port-dst 5\n';
    const bundle = await readTree({
      hostname: 'n1\n',
      'conntrack_-L_-o_id.txt':
        'udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 mark=0 use=1 id=2820641343\n',
      'conntrack_-L_-o_save.txt': saved,
      'conntrack-save.txt': saved,
    });
    expect(captureList(bundle).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'n1 conntrack',
      'n1 conntrack',
      'n1 conntrack',
      'n1 hostname',
    ]);
  });
});

describe('ip -o xfrm', () => {
  test('a block on one line; no key of it is quoted', () => {
    const key = 'a1b2c3d4e5f60718'.repeat(4);
    const state = `src 10.0.0.1 dst 10.0.0.2\\\tproto esp spi 0xc1a2b3c4 reqid 1 mode tunnel\\\treplay-window 32 flag af-unspec\\\tauth-trunc hmac(sha256) 0x${key} 128\\\tenc cbc(aes) 0x${key}\\\tanti-replay context: seq 0x0, oseq 0x5, bitmap 0x00000000\n`;
    const data = wholly('xfrm-state', state + state.replace('0xc1a2b3c4', '0xc1a2b3c5'), 2);
    expect(data.states).toMatchObject([
      { source: { line: 1 }, spi: 0xc1a2b3c4, oseq: 5, mode: 'tunnel', replayWindow: 32 },
      { source: { line: 2 }, spi: 0xc1a2b3c5 },
    ]);
    expect(JSON.stringify(read('xfrm-state', `${state.slice(0, -40)}\\\tnonsense\n`))).not.toContain('a1b2c3d4');
  });
  test('policies with their templates', () => {
    const { policies } = wholly(
      'xfrm-policy',
      'src 10.1.0.0/16 dst 10.2.0.0/16 \\\tdir out priority 371327 ptype main \\\ttmpl src 10.0.0.1 dst 10.0.0.2\\\t\tproto esp spi 0xc1a2b3c4 reqid 1 mode tunnel\n',
      1,
    );
    expect(policies).toMatchObject([{ dir: 'out', priority: 371327, templates: [{ src: '10.0.0.1', reqid: 1 }] }]);
  });
});

test('connections of DPVS', () => {
  const { ipvsConnections } = wholly(
    'ipvsadm-connections',
    '[1]tcp 90s    TCP_EST     192.0.2.101:46002  192.0.2.254:80     192.0.2.200:1028   192.0.2.4:8080\n' +
      '[2]udp 30s    UDP_NORM    [2001:db8::1]:4600 [2001:db8::fe]:53  [2001:db8::9]:1    [2001:db8::4]:53\n',
    2,
  );
  expect(ipvsConnections).toMatchObject([
    {
      proto: 'tcp',
      expire: 90,
      state: 'TCP_EST',
      client: '192.0.2.101',
      virtualPort: 80,
      server: '192.0.2.4',
      serverPort: 8080,
    },
    { proto: 'udp', client: '2001:db8::1', server: '2001:db8::4' },
  ]);
});

test('sockets of /proc/net', async () => {
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
  const rows =
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0                      \n' +
    '   1: 0B42A8C0:1F91 0C42A8C0:A2C3 01 00000010:00000020 02:000A7214 00000000     0        0 12346 2 0000000000000000 20 4 30 10 -1                     \n';
  expect(wholly('sockets', head + rows, 2).sockets).toMatchObject([
    { proto: 'tcp', state: 'LISTEN', local: '127.0.0.1', localPort: 8080, peer: '0.0.0.0' },
    {
      state: 'ESTAB',
      local: '192.168.66.11',
      localPort: 8081,
      peer: '192.168.66.12',
      peerPort: 41667,
      recvQ: 32,
      sendQ: 16,
    },
  ]);
  const six =
    '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n' +
    ' 100: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0000000000000000 0\n';
  const bundle = await readTree({ 'n1/hostname': 'n1\n', 'n1/proc/net/udp6': six, 'n1/proc/net/tcp': head + rows });
  expect(captureList(bundle)).toContain('n1 sockets n1/proc/net/udp6');
  const all = bundle.nodes[0]?.namespaces[0]?.captures.flatMap((capture) => capture.data.sockets ?? []);
  expect(all).toContainEqual(
    expect.objectContaining({ proto: 'udp', state: 'UNCONN', local: '2001:db8::1', localPort: 53 }),
  );
});

test('ip -br neigh, ip -d route with next hop objects, busybox arp of a proxy entry', () => {
  expect(
    wholly(
      'ip-neigh',
      '10.1.0.2                                br0              02:00:00:00:00:02\n10.1.0.9                                br0              \n',
      2,
    ).neighbours,
  ).toMatchObject([
    { address: '10.1.0.2', dev: 'br0', mac: '02:00:00:00:00:02' },
    { address: '10.1.0.9', dev: 'br0', mac: undefined },
  ]);
  const { routes } = wholly(
    'ip-route',
    'unicast 10.7.0.0/16 nhid 7 via 10.1.0.2 dev br0 proto boot scope global \n\tnh_info id 7 via 10.1.0.2 dev br0 scope link proto unspec \nunicast 10.8.0.0/16 dev br0 proto boot scope link \n',
    2,
  );
  expect(routes?.[0]).toMatchObject({ nhid: 7, nextHops: [{ via: '10.1.0.2' }] });
  const arp = read(
    'ip-neigh',
    '? (10.1.0.2) at 02:00:00:00:00:02 [ether] PERM on br0\n? (10.1.0.7) at * PERM PUP on br0\n',
  );
  expect([arp.records, arp.unread]).toEqual([1, 0]);
});

test('a filter of ss is no node', async () => {
  const bundle = await readTree({
    hostname: 'n1\n',
    'ss_-o_state_established.txt': 'Recv-Q Send-Q Local Address:Port Peer Address:Port\n',
  });
  expect(bundle.nodes.map((node) => node.name)).toEqual(['n1']);
});
