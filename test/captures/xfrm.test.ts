import { expect, test } from 'vitest';
import { read } from './fixture.ts';

const states = (text: string) => {
  const capture = read('xfrm-state', text);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.states ?? [];
};
const policies = (text: string) => {
  const capture = read('xfrm-policy', text);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.policies ?? [];
};

test('a state with statistics', () => {
  const [state] = states(`src 172.18.0.4 dst 172.18.0.6
	proto esp spi 0x5c2a91e3(1546293731) reqid 16401(0x00004011) mode tunnel
	replay-window 0 seq 0x00000000 flag af-unspec esn (0x00100000)
	mark 0x1/0xff
	output-mark 0x6/0xab
	auth-trunc hmac(sha256) 0x0101010101010101010101010101010101010101010101010101010101010101 (256 bits) 128
	enc cbc(aes) 0x02020202020202020202020202020202 (128 bits)
	encap type espinudp sport 4500 dport 4501 addr 0.0.0.0
	coa 10.9.9.9
	lastused 2026-11-20 17:00:00
	anti-replay esn context:
	 seq-hi 0x1, seq 0x3, oseq-hi 0x0, oseq 0x2a
	 replay_window 128, bitmap-length 8
	 00000000 00000000 00000000 00000007 
	 00000000 00000000 00000000 0000000f 
	crypto offload parameters: dev eth2 dir out mode packet
	if_id 0x2a
	dir out
	sel src 10.0.0.0/24 dst 10.1.0.0/24 proto tcp sport 80 dev eth1 uid 0
	lifetime config:
	  limit: soft (INF)(bytes), hard 1000(bytes)
	  limit: soft (INF)(packets), hard 2000(packets)
	  expire add: soft 2612(sec), hard 3600(sec)
	  expire use: soft 0(sec), hard 0(sec)
	lifetime current:
	  46620(bytes), 555(packets)
	  add 2026-11-20 16:42:35 use -
	stats:
	  replay-window 1 replay 2 failed 3
`);
  expect(state).toEqual({
    source: { file: 'node/capture.txt', line: 1 },
    src: '172.18.0.4',
    dst: '172.18.0.6',
    proto: 'esp',
    spi: 0x5c2a91e3,
    reqid: 16401,
    mode: 'tunnel',
    replayWindow: 128,
    flags: ['af-unspec', 'esn'],
    algorithms: [
      { kind: 'auth-trunc', name: 'hmac(sha256)', keyBits: 256, truncBits: 128 },
      { kind: 'enc', name: 'cbc(aes)', keyBits: 128, truncBits: undefined },
    ],
    encap: { type: 'espinudp', sport: 4500, dport: 4501 },
    selector: { src: '10.0.0.0/24', dst: '10.1.0.0/24', proto: 'tcp', sport: 80, dport: undefined, dev: 'eth1' },
    mark: { value: 1, mask: 255 },
    outputMark: { value: 6, mask: 0xab },
    ifId: 42,
    dir: 'out',
    seq: 0x100000003,
    oseq: 42,
    bytes: 46620,
    packets: 555,
    hardBytes: 1000,
    hardPackets: 2000,
    hardAdd: 3600,
    added: '2026-11-20 16:42:35',
    used: '2026-11-20 17:00:00',
    stats: { replayWindow: 1, replay: 2, failed: 3 },
    offload: 'dev eth2 dir out mode packet',
  });
});

test('a key gives its length and nothing else; hidden ones not even that', () => {
  const algorithms = (lines: string) => states(`src 10.0.0.1 dst 10.0.0.2\n${lines}`)[0]?.algorithms;
  expect(
    algorithms(
      '\tauth-trunc hmac(sha1) 0x0102030405060708090a0b0c0d0e0f1011121314 96 enc cbc(aes) 0x00112233445566778899aabbccddeeff\n',
    ),
  ).toEqual([
    { kind: 'auth-trunc', name: 'hmac(sha1)', keyBits: 160, truncBits: 96 },
    { kind: 'enc', name: 'cbc(aes)', keyBits: 128, truncBits: undefined },
  ]);
  expect(algorithms('\taead rfc4106(gcm(aes)) 0xENCAUTHKEY 128\n\tenc ecb(cipher_null) \n\tcomp deflate \n')).toEqual([
    { kind: 'aead', name: 'rfc4106(gcm(aes))', keyBits: undefined, truncBits: 128 },
    { kind: 'enc', name: 'ecb(cipher_null)', keyBits: undefined, truncBits: undefined },
    { kind: 'comp', name: 'deflate', keyBits: undefined, truncBits: undefined },
  ]);
  expect(
    algorithms(
      '\taead rfc7539esp(chacha20,poly1305) <<Keys hidden>> 128\n\tenc cbc(aes) ********\n\tauth hmac(md5)  (0 bits)',
    ),
  ).toEqual([
    { kind: 'aead', name: 'rfc7539esp(chacha20,poly1305)', keyBits: undefined, truncBits: 128 },
    { kind: 'enc', name: 'cbc(aes)', keyBits: undefined, truncBits: undefined },
    { kind: 'auth', name: 'hmac(md5)', keyBits: 0, truncBits: undefined },
  ]);
});

test('masked numbers are unknown; new kernels leave the window of an outgoing state out', () => {
  expect(
    states(
      'src fd00::1 dst fd00::2\n\tproto esp spi 0xSPISPI reqid REQID mode iptfs\n\tflag af-unspec esn extra_flag dont-encap-dscp\n\tanti-replay esn context:\t oseq-hi 0x0, oseq 0xa\n\tdir out\n\tiptfs-opts drop-time 0 dont-frag\n',
    ),
  ).toMatchObject([
    {
      spi: undefined,
      reqid: undefined,
      mode: 'iptfs',
      replayWindow: undefined,
      oseq: 10,
      seq: undefined,
      flags: ['af-unspec', 'esn'],
    },
  ]);
});

test('policies: selector, direction, templates, marks, statistics', () => {
  const [first, second] = policies(`src 10.8.0.0/16 dst 10.9.0.0/16 uid 0
	security context system_u:object_r:ipsec_spd_t:s0 
	dir fwd action block index 90 priority 1761505 ptype sub share any flag localok icmp (0x00000003)
	lifetime config:
	  limit: soft (INF)(bytes), hard (INF)(bytes)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-20 16:42:36 use 2026-11-20 16:43:00
	mark 0x6/0xffffffff 
	tmpl src 172.18.0.4 dst 172.18.0.6
		proto comp spi 0x00000000(0) reqid 16401(0x00004011) mode tunnel
		level use share any 
		enc-mask ffffffff auth-mask ffffffff comp-mask ffffffff
	tmpl src 0.0.0.0 dst 0.0.0.0
		proto esp reqid 16402 mode transport
	if_id 0x1
src fd00::/64 dst fd01::1/128 proto ipv6-icmp type 135 code 0 dev eth0 
	dir out priority 0 ptype main 
`);
  expect(first).toEqual({
    source: { file: 'node/capture.txt', line: 1 },
    dir: 'fwd',
    selector: {
      src: '10.8.0.0/16',
      dst: '10.9.0.0/16',
      proto: undefined,
      sport: undefined,
      dport: undefined,
      dev: undefined,
    },
    action: 'block',
    priority: 1761505,
    index: 90,
    ptype: 'sub',
    mark: { value: 6, mask: 0xffffffff },
    ifId: 1,
    templates: [
      { src: '172.18.0.4', dst: '172.18.0.6', proto: 'comp', spi: 0, reqid: 16401, mode: 'tunnel', optional: true },
      {
        src: '0.0.0.0',
        dst: '0.0.0.0',
        proto: 'esp',
        spi: undefined,
        reqid: 16402,
        mode: 'transport',
        optional: false,
      },
    ],
    used: '2026-11-20 16:43:00',
    flags: ['localok', 'icmp'],
    securityContext: 'system_u:object_r:ipsec_spd_t:s0',
  });
  expect(second).toMatchObject({
    dir: 'out',
    action: 'allow',
    priority: 0,
    index: undefined,
    ptype: 'main',
    selector: { src: 'fd00::/64', proto: 'ipv6-icmp', icmpType: 135, icmpCode: 0, sport: undefined, dev: 'eth0' },
    templates: [],
  });
});

test("a socket's policies, named or numbered; a masked priority", () => {
  expect(
    policies(
      'src 0.0.0.0/0 dst 0.0.0.0/0 \n\tsocket in priority 0 ptype main \nsrc ::/0 dst ::/0\n\tdir 4 priority 0\nsrc 0.0.0.0/0 dst 0.0.0.0/0\n\tdir out priority PRIORITY ptype main',
    ).map((policy) => [policy.dir, policy.socketDir, policy.priority]),
  ).toEqual([
    ['socket', 'in', 0],
    ['socket', 'out', 0],
    ['out', undefined, 0],
  ]);
});

test('defaults, counts, states and policies in one file', () => {
  const capture = read(
    'xfrm-policy',
    `Default policies:
 in:  accept
 fwd: block
 out: accept
	 SAD count 2
	 SPD IN  1 OUT 2 FWD 1 (Sock: IN 0 OUT 0 FWD 0)
****************** state ******************
src 10.0.0.1 dst 10.0.0.2
	proto esp spi 0x00000001 reqid 1 mode tunnel
src 10.1.0.0/24 dst 10.2.0.0/24 
	dir in priority 5
	tmpl src 10.0.0.1 dst 10.0.0.2
		proto esp reqid 1 mode tunnel
`,
  );
  expect(capture.unreadLines).toEqual([]);
  expect(capture.data.xfrmDefaults).toEqual({
    source: { file: 'node/capture.txt', line: 2 },
    in: 'accept',
    fwd: 'block',
    out: 'accept',
  });
  expect(capture.data.states).toMatchObject([{ spi: 1, mode: 'tunnel' }]);
  expect(capture.data.policies).toMatchObject([{ dir: 'in', priority: 5, templates: [{ reqid: 1 }] }]);
});

test("a monitor's events are no states and no policies", () => {
  const capture = read(
    'xfrm-state',
    `Deleted src 10.0.0.1 dst 10.0.0.2
	proto esp spi 0x00000001 reqid 1 mode tunnel
	replay-window 0 
acquire proto esp 
  sel src 10.0.0.1/32 dst 10.0.0.2/32 proto icmp type 8 code 0 
  policy src 10.0.0.0/24 dst 10.0.1.0/24 
	dir out priority 5 
Updated src 10.0.0.3 dst 10.0.0.4
	proto esp spi 0x00000002 reqid 1 mode tunnel
Expired src 10.0.0.3 dst 10.0.0.4
	proto esp spi 0x00000003 reqid 1 mode tunnel
	hard 1
Flushed state proto esp
`,
  );
  expect(capture.unreadLines).toEqual([]);
  expect(capture.data.states?.map((state) => state.spi)).toEqual([2]);
  expect(capture.data.policies).toBeUndefined();
});

test('an unreadable line does not lend its parts to the state', () => {
  const capture = read(
    'xfrm-state',
    'src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000001 reqid 1 mode tunnel what is this\n',
  );
  expect(capture.unread).toBe(1);
  expect(capture.data.states?.[0]?.spi).toBeUndefined();
});
