import { expect, test } from 'vitest';
import type { CaptureInput } from '../../src/captures/module.ts';
import type { Socket } from '../../src/records/socket.ts';
import { read } from './fixture.ts';

const sockets = (text: string, over: Partial<CaptureInput> = {}): readonly Socket[] => {
  const capture = read('sockets', text, over);
  expect(capture.unreadLines).toEqual([]);
  return capture.data.sockets ?? [];
};

test.each<[string, Partial<Socket>]>([
  [
    'tcp   LISTEN 0      128      0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=1026,fd=4)) ino:22405 sk:99 <->',
    {
      proto: 'tcp',
      state: 'LISTEN',
      recvQ: 0,
      sendQ: 128,
      local: '0.0.0.0',
      localPort: 22,
      localDev: undefined,
      peer: '0.0.0.0',
      peerPort: undefined,
      process: 'sshd',
      v6only: undefined,
    },
  ],
  [
    'tcp   LISTEN 0      128         [::]:22            [::]:*    ino:22414 sk:a6 v6only:1 <->',
    { local: '::', localPort: 22, peer: '::', v6only: true },
  ],
  [
    'tcp   LISTEN 0      128            *:9978             *:*    v6only:0 <->',
    { local: '*', localPort: 9978, v6only: false },
  ],
  ['tcp   LISTEN 0      100       :::2223                 :::*   ', { local: '::', localPort: 2223, peer: '::' }],
  ['tcp   LISTEN 0      100       ::1:25                 :::*   ', { local: '::1', localPort: 25 }],
  [
    'udp   UNCONN 0      0      0.0.0.0%virbr0:67          0.0.0.0:*',
    { local: '0.0.0.0', localDev: 'virbr0', localPort: 67 },
  ],
  [
    'udp   UNCONN 0      0      [fe80::1]%eth0:546         [::]:*',
    { local: 'fe80::1', localDev: 'eth0', localPort: 546 },
  ],
  [
    'udp   UNCONN 0      0      fe80::1%eth0:546           :::*',
    { local: 'fe80::1', localDev: 'eth0', localPort: 546 },
  ],
  [
    'icmp6 UNCONN 0      0      *%ens33:ipv6-icmp          *:*',
    { proto: 'icmp6', local: '*', localDev: 'ens33', localPort: undefined },
  ],
  [
    'tcp   ESTAB  0      36     [::ffff:10.0.0.1]:2380 [::ffff:10.0.0.2]:48636',
    { local: '::ffff:10.0.0.1', peer: '::ffff:10.0.0.2', peerPort: 48_636, sendQ: 36 },
  ],
  ['tcp   LISTEN 0      128    0.0.0.0:ssh                0.0.0.0:*', { localPort: 22 }],
  [
    'tcp   LISTEN 0      511    0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=3,fd=6),("nginx",pid=2,fd=6),("master",pid=1,fd=6))',
    { process: 'nginx, master' },
  ],
  ['tcp   LISTEN 0      128    *:111  *:*      users:(("rpcbind",483,8))', { process: 'rpcbind' }],
])('ss: %s', (line, expected) => {
  expect(sockets(`${line}\n`)).toMatchObject([expected]);
});

test('without the Netid column the options tell the protocol', () => {
  const text =
    'State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\nESTAB 0 0 10.0.0.1:22 10.0.0.2:5000\n';
  expect(sockets(text)[0]?.proto).toBe('tcp');
  expect(sockets(text, { command: 'ss -antp' })[0]?.proto).toBe('tcp');
  expect(sockets(text, { command: 'ss -anu' })[0]?.proto).toBe('udp');
  expect(sockets(text, { command: 'ss_-nau dport = :1111' })[0]?.proto).toBe('udp');
  expect(sockets('UNCONN 0 0 0.0.0.0:8472 0.0.0.0:*\n')[0]?.proto).toBe('udp');
});

test('without the State column the filter tells the state', () => {
  const text = 'Recv-Q Send-Q Local Address:Port Peer Address:Port\n0      0      10.0.0.1:22        10.0.0.2:5000\n';
  expect(sockets(text, { command: 'ss -tn state established' })[0]).toMatchObject({ state: 'ESTAB', localPort: 22 });
  expect(sockets(text)[0]?.state).toBe('UNKNOWN');
  expect(read('sockets', '0      0      10.0.0.1:22        10.0.0.2:5000\n').unread).toBe(1);
});

test('lines below a socket belong to it; other families are ignored with theirs', () => {
  const capture = read(
    'sockets',
    'tcp LISTEN 0 128 *:80 *:*\n\t skmem:(r0,rb87380,t0,tb16384,f0,w0,o0,bl0,d0) v6only:0 cubic cwnd:10\nu_str ESTAB 0 0 * 19431 * 19432\n\t skmem:(r0)\nnl UNCONN 0 0 0:0 * sk=0 cb=0\n\n',
  );
  expect(capture).toMatchObject({ records: 1, unread: 0 });
  expect(capture.data.sockets).toMatchObject([{ localPort: 80, v6only: false }]);
});

test('netstat in ss’s words', () => {
  const rows = sockets(
    'Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n' +
      'tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      1026/sshd           \n' +
      'tcp6       0      0 :::80                   :::*                    LISTEN      12/nginx: master pr \n' +
      'tcp        0      1 10.0.0.1:40000          10.0.0.2:80             SYN_SENT    -                   \n' +
      'udp        0      0 0.0.0.0:68              0.0.0.0:*                           900/dhclient        \n' +
      'udp6       0      0 fe80::1:546             :::*                                -                   \n' +
      'udp        0      0 10.0.0.1:50000          10.0.0.2:53             ESTABLISHED 0          4711       77/app     off (0.00/0/0)\n' +
      'raw6       0      0 :::58                   :::*                    7           967/NetworkManager  \n' +
      'Active UNIX domain sockets (servers and established)\nProto RefCnt Flags       Type       State         I-Node   PID/Program name     Path\nunix  2      [ ACC ]     STREAM     LISTENING     18000    1/init   /run/systemd/private\n',
  );
  expect(rows).toMatchObject([
    { proto: 'tcp', state: 'LISTEN', localPort: 22, process: 'sshd' },
    { proto: 'tcp', state: 'LISTEN', local: '::', process: 'nginx: master pr' },
    { state: 'SYN-SENT', sendQ: 1, process: undefined },
    { proto: 'udp', state: 'UNCONN', process: 'dhclient' },
    { proto: 'udp', local: 'fe80::1', localPort: 546 },
    { state: 'ESTAB', peerPort: 53, process: 'app' },
    { proto: 'raw', local: '::', localPort: 58 },
  ]);
});

test('ss -s and messages are no sockets; anything else is unread', () => {
  const capture = read(
    'sockets',
    'Total: 187\nTCP:   6 (estab 1, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\nRAW\t  1         0         1        \nUDP\t  8         5         3        \nINET\t  9         5         4        \nFRAG\t  0         0         0        \n\nbash: ss: command not found\n',
  );
  expect(capture).toMatchObject({ records: 0, unread: 0 });
  expect(capture.toolMessages).toHaveLength(1);
  expect(read('sockets', 'tcp WAITING 0 0 10.0.0.1:1 10.0.0.2:2\nhello\n').unread).toBe(2);
});
