import { expect, test } from 'vitest';
import type { CaptureKind } from '../../src/records/capture.ts';
import { read } from './fixture.ts';

const clean = (text: string, kind: CaptureKind = 'ipvsadm') => {
  const capture = read(kind, text);
  expect(capture.unreadLines).toEqual([]);
  return capture.data;
};
const HEAD = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`;

test('a listing: services, their flags, their real servers', () => {
  const { services } = clean(`${HEAD}TCP  10.96.0.1:443 rr persistent 10800 mask 255.255.255.0
  -> 192.168.0.1:6443             Masq    1      2          3         
  -> 192.168.0.2:6443             Tunnel  0      0          0         
UDP  10.96.0.10:53 sh ops (sh-port)
SCTP 10.96.0.11:36412 wlc pe sip
  -> 127.0.0.1:36412              Local   1      0          0
TCP  [fd00:10:96::1]:443 rr
  -> [fd00:10:244::5]:6443        Route   100    0          0
`);
  expect(services).toMatchObject([
    {
      source: { line: 4 },
      family: 4,
      proto: 'tcp',
      address: '10.96.0.1',
      port: 443,
      scheduler: 'rr',
      persistent: 10800,
      persistentMask: '255.255.255.0',
      onePacket: false,
      servers: [
        { source: { line: 5 }, address: '192.168.0.1', port: 6443, method: 'masq', weight: 1, active: 2, inactive: 3 },
        { method: 'tunnel', weight: 0 },
      ],
    },
    { proto: 'udp', scheduler: 'sh', onePacket: true, flags: ['(sh-port)'], persistent: undefined, servers: [] },
    { proto: 'sctp', port: 36412, engine: 'sip', servers: [{ method: 'local' }] },
    { family: 6, address: 'fd00:10:96::1', servers: [{ address: 'fd00:10:244::5', port: 6443, method: 'route' }] },
  ]);
});

test('firewall mark services have a mark and no address', () => {
  const { services } = clean(
    `${HEAD}FWM  258 rr\n  -> 10.255.0.6:0                 Masq    1      0          0\nFWM  1 IPv6 wlc persistent 300\n`,
  );
  expect(services).toMatchObject([
    { proto: 'fwmark', fwmark: 258, family: 4, address: undefined, port: undefined, servers: [{ port: 0 }] },
    { proto: 'fwmark', fwmark: 1, family: 6, scheduler: 'wlc', persistent: 300 },
  ]);
});

test('--stats and --rate: five numbers that mean totals or rates, shortened or exact', () => {
  const { services } = clean(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  20.20.20.1:2020                   401  8939187  8953980  830843K    1135M
  -> 10.0.0.5:8080                       1        2        3       4G       5T
`);
  expect(services?.[0]).toMatchObject({
    scheduler: undefined,
    rates: undefined,
    counters: {
      connections: 401,
      inPackets: 8939187,
      outPackets: 8953980,
      inBytes: 830_843_000,
      outBytes: 1_135_000_000,
    },
    servers: [{ counters: { inBytes: 4e9, outBytes: 5e12 }, weight: undefined, method: 'unknown' }],
  });
  const rates = clean(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
FWM  7                                   1        2        3        4        5
`).services;
  expect(rates?.[0]).toMatchObject({ fwmark: 7, counters: undefined, rates: { connections: 1, outBytes: 5 } });
});

test('--thresholds, --persistent-conn and --tun-info', () => {
  const { services } = clean(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn
  -> RemoteAddress:Port
TCP  10.96.0.1:443 rr
  -> 10.0.0.5:8443                100        80         5          6
`);
  expect(services?.[0]?.servers[0]).toMatchObject({
    upperThreshold: 100,
    lowerThreshold: 80,
    active: 5,
    inactive: 6,
    weight: undefined,
  });
  const persistent = clean(`Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn
  -> RemoteAddress:Port
TCP  localhost.localdomain:http wlc
  -> web:http                     5         7           0          4
`).services?.[0];
  expect(persistent).toMatchObject({ address: 'localhost.localdomain', port: 80 });
  expect(persistent?.servers[0]).toMatchObject({ address: 'web', weight: 5, persistentConnections: 7, inactive: 4 });
  const tunnel = clean(`Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  10.96.0.1:443 rr
  -> 10.0.0.5:8443                Tunnel  gue:6080:c    3      0          0
`).services?.[0];
  expect(tunnel?.servers[0]).toMatchObject({ method: 'tunnel', weight: 3 });
});

test("several listings in one file are one set of services; a name's unknown port makes no two servers one", () => {
  const { services } = clean(`-A -t 10.96.0.1:443 -s rr -p 10800
-a -t 10.96.0.1:443 -r 192.168.0.1:6443 -m -w 1 -x 9 -y 8

IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.96.0.1:443                       4        3        2        1        0
  -> 192.168.0.1:6443                    4        3        2        1        0
`);
  expect(services).toHaveLength(1);
  expect(services?.[0]).toMatchObject({
    source: { line: 1 },
    scheduler: 'rr',
    persistent: 10800,
    counters: { connections: 4 },
  });
  expect(services?.[0]?.servers).toMatchObject([
    { method: 'masq', weight: 1, upperThreshold: 9, lowerThreshold: 8, counters: { connections: 4 } },
  ]);
  const named = clean(
    `${HEAD}TCP  web:odd-one rr\n  -> web:odd-two  Masq 1 0 0\n  -> web:odd-three  Masq 1 0 0\n`,
  ).services;
  expect(named?.[0]?.port).toBe(0);
  expect(named?.[0]?.servers).toHaveLength(2);
});

test('ipvsadm -S: marks, methods, options of newer versions', () => {
  const { services } = clean(`-A -f 7 -6 -s wlc -o --pe sip -b sh-fallback
-a -f 7 -6 -r [fd00::5]:0 -i -w 5 --tun-type gue --tun-port 6080 --tun-nocsum
-A -u 10.96.0.10:domain -s rr
-a -u 10.96.0.10:domain -r 10.0.0.3:domain -g -w 0
-A --sctp-service 10.96.0.11:36412 -s rr
`);
  expect(services).toMatchObject([
    {
      proto: 'fwmark',
      fwmark: 7,
      family: 6,
      onePacket: true,
      engine: 'sip',
      servers: [{ address: 'fd00::5', port: 0, method: 'tunnel', weight: 5 }],
    },
    { proto: 'udp', port: 53, servers: [{ address: '10.0.0.3', port: 53, method: 'route', weight: 0 }] },
    { proto: 'sctp', port: 36412 },
  ]);
});

test('/proc/net/ip_vs: hexadecimal addresses, ports and marks; persistence in jiffies', () => {
  const { services } = clean(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:01BB rr persistent 2700000 FFFFFF00 ops
  -> C0A80001:192B      Masq    1      0          0         
TCP  [fd00:0010:0096:0000:0000:0000:0000:0001]:0050 rr 
  -> [fd00:0000:0000:0000:0000:0000:0000:0002]:1F90      Masq    -1      0          0         
FWM  00000010 wlc 
`);
  expect(services).toMatchObject([
    {
      address: '10.96.0.1',
      port: 443,
      persistent: 0,
      persistentMask: '255.255.255.0',
      onePacket: true,
      servers: [{ address: '192.168.0.1', port: 6443 }],
    },
    { address: 'fd00:10:96::1', port: 80, family: 6, servers: [{ address: 'fd00::2', port: 8080, weight: -1 }] },
    { fwmark: 16 },
  ]);
});

test('connections: minutes and seconds, templates, IPv6, persistence engines', () => {
  const { ipvsConnections, services } = clean(
    `IPVS connection entries
pro expire state       source             virtual            destination
TCP 14:52  ESTABLISHED 10.244.3.238:60996 10.96.0.1:443      172.38.40.214:6443
TCP 180:00 NONE        169.46.57.9:0      169.46.7.238:65535 169.48.180.190:0
IP  00:59  NONE        10.0.0.1:0         0.0.0.7:0          10.0.0.5:0
UDP 03:39  UDP         [fd00::1]:39398    [fd00:10:96::a]:53 [fd00:10:244::1]:53
UDP 04:01  UDP         10.0.0.1:5060      10.0.0.2:5060      10.0.0.3:5060      sip 1234@host (call)
`,
    'ipvsadm-connections',
  );
  expect(services).toBeUndefined();
  expect(ipvsConnections).toMatchObject([
    {
      source: { line: 3 },
      proto: 'tcp',
      expire: 892,
      state: 'ESTABLISHED',
      client: '10.244.3.238',
      clientPort: 60996,
      virtual: '10.96.0.1',
      virtualPort: 443,
      server: '172.38.40.214',
      serverPort: 6443,
    },
    { expire: 10800, state: 'NONE', clientPort: 0, serverPort: 0 },
    { proto: 'ip', virtual: '0.0.0.7' },
    { client: 'fd00::1', virtual: 'fd00:10:96::a', virtualPort: 53 },
    { engine: 'sip', engineData: '1234@host (call)' },
  ]);
});

test('/proc/net/ip_vs_conn and ip_vs_conn_sync', () => {
  const { ipvsConnections } = clean(
    `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A000001 8F9E 0A600001 01BB C0A80102 192B ESTABLISHED     889
UDP fd00:0000:0000:0000:0000:0000:0000:0001 0035 fd00:0000:0000:0000:0000:0000:0000:0002 0035 [fd00:0000:0000:0000:0000:0000:0000:0003] 0035 UDP             2 sip abc
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
TCP 0A000001 8F9E 0A600001 01BB C0A80102 192B TIME_WAIT   SYNC        12
`,
    'ipvsadm-connections',
  );
  expect(ipvsConnections).toMatchObject([
    {
      client: '10.0.0.1',
      clientPort: 36766,
      virtual: '10.96.0.1',
      virtualPort: 443,
      server: '192.168.1.2',
      serverPort: 6443,
      state: 'ESTABLISHED',
      expire: 889,
    },
    { client: 'fd00::1', clientPort: 53, server: 'fd00::3', engine: 'sip', engineData: 'abc' },
    { state: 'TIME_WAIT', expire: 12 },
  ]);
});

test('an IPv6 address that is written in full keeps its decimal port in ipvsadm', () => {
  const full = '[2a02:16b8:1c02:1563:1111:1675:e63b:3704]:1234';
  expect(clean(`${HEAD}TCP  ${full} rr\n`).services?.[0]?.port).toBe(1234);
  expect(clean(`TCP 00:07  CLOSE       ${full} ${full} ${full}\n`).ipvsConnections?.[0]?.serverPort).toBe(1234);
});

test('--timeout, statistics of the kernel, messages', () => {
  expect(clean('Timeout (tcp tcpfin udp): 900 120 300\n', 'ipvsadm-timeout').ipvsTimeouts).toEqual({
    source: { file: 'node/capture.txt', line: 1 },
    tcp: 900,
    tcpFin: 120,
    udp: 300,
  });
  const capture = read(
    'ipvsadm',
    "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?\n",
  );
  expect(capture).toMatchObject({ unread: 0, data: { services: [] } });
  expect(capture.toolMessages).toHaveLength(2);
});

test('a real server without its service above it is not read as one', () => {
  const capture = read(
    'ipvsadm',
    '  -> 192.168.0.1:6443             Masq    1      2          3\nTCP  10.96.0.1:443 rr\n',
  );
  expect(capture.unread).toBe(1);
  expect(capture.data.services).toMatchObject([{ servers: [] }]);
});

test('servers below a service that is not kept, or cannot be read, are not those of the service above it', () => {
  const capture = read(
    'ipvsadm',
    [
      'TCP  10.0.0.1:80 rr',
      '  -> 192.168.0.1:80               FullNat 1      0          0',
      'MATCH icmp,from=192.168.88.1-192.168.88.253:0-0,oif=bond1 rr',
      '  -> 101.227.17.140:0             SNAT    1      0          0',
      'TCP  10.0.0.2:80 rr',
      '  -> 192.168.0.2:80               FullNat 1      0          0',
      'TCP  <cut>',
      '  -> 192.168.0.3:80               FullNat 1      0          0',
      'TCP  10.0.0.4:80 rr',
      '',
    ].join('\n'),
  );
  expect(capture.data.services?.map((s) => [s.address, s.servers.map((server) => server.address)])).toEqual([
    ['10.0.0.1', ['192.168.0.1']],
    ['10.0.0.2', ['192.168.0.2']],
    ['10.0.0.4', []],
  ]);
  expect(capture).toMatchObject({ ignored: 2, unread: 2 });
});
