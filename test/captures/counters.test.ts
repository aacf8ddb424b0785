import { expect, test } from 'vitest';
import { read } from './fixture.ts';

const values = (text: string) => {
  const capture = read('counters', text);
  expect(capture.unreadLines).toEqual([]);
  return Object.fromEntries(capture.data.counters?.map(({ name, value }) => [name, value]) ?? []);
};

test('nstat and snmp6', () => {
  expect(
    values(
      '#kernel\nIpInReceives                    48                 0.0\nTcpExtListenOverflows           3                  0.0\nIp6InReceives                   \t123\n',
    ),
  ).toEqual({
    IpInReceives: 48,
    TcpExtListenOverflows: 3,
    Ip6InReceives: 123,
  });
});

test('/proc/net/snmp and netstat: names over values, also over a slice’s end', () => {
  expect(
    values(
      'Tcp: RtoAlgorithm RtoMin MaxConn InSegs\nTcp: 1 200 -1 77\nTcpExt: SyncookiesSent ListenDrops\nTcpExt: 5 6\nIcmpMsg: InType3 OutType3\nIcmpMsg: 1 2\n',
    ),
  ).toEqual({
    TcpRtoAlgorithm: 1,
    TcpRtoMin: 200,
    TcpMaxConn: -1,
    TcpInSegs: 77,
    TcpExtSyncookiesSent: 5,
    TcpExtListenDrops: 6,
    IcmpMsgInType3: 1,
    IcmpMsgOutType3: 2,
  });
  const filler = Array.from({ length: 4000 }, (_, i) => `Filler${i} 1\n`).join('');
  const many = Array.from({ length: 9000 }, (_, i) => `Name${i}`);
  const all = values(`${filler}TcpExt: ${many.join(' ')}\nTcpExt: ${many.map((_, i) => i).join(' ')}\n`);
  expect(all.TcpExtName8999).toBe(8999);
});

test('values without their names are unread', () => {
  expect(read('counters', 'TcpExt: 1 2 3\n').unread).toBe(1);
  expect(read('counters', 'TcpExt: A B\nTcpExt: 1 2 3\n').unread).toBe(1);
});

test('netstat -s, old and new wording', () => {
  expect(
    values(
      `Ip:
    Forwarding: 1
    1234 total packets received
    5 with invalid addresses
    12 dropped because of missing route
Icmp:
    7 ICMP messages received
    0 input ICMP message failed
    ICMP input histogram:
        destination unreachable: 3
        echo requests: 4
    9 ICMP messages sent
    0 ICMP messages failed
    ICMP output histogram:
        destination unreachable: 5
        echo replies: 4
IcmpMsg:
        InType3: 3
Tcp:
    10 active connections openings
    11 segments send out
    12 segments retransmited
    3 failed connection attempts
Udp:
    6 packets received
    2 packets to unknown port received.
    IgnoredMulti: 8
TcpExt:
    3 times the listen queue of a socket overflowed
    4 SYNs to LISTEN sockets dropped
    Quick ack mode was activated 5 times
    17 packets rejected in established connections because of timestamp
    TCPSynRetrans: 2
    IPReversePathFilter: 99
    1 curious things happened
IpExt:
    InNoRoutes: 21
    InOctets: 1000
`,
    ),
  ).toEqual({
    IpForwarding: 1,
    IpInReceives: 1234,
    IpInAddrErrors: 5,
    IpOutNoRoutes: 12,
    IcmpInMsgs: 7,
    IcmpInErrors: 0,
    IcmpInDestUnreachs: 3,
    IcmpInEchos: 4,
    IcmpOutMsgs: 9,
    IcmpOutErrors: 0,
    IcmpOutDestUnreachs: 5,
    IcmpOutEchoReps: 4,
    IcmpMsgInType3: 3,
    TcpActiveOpens: 10,
    TcpOutSegs: 11,
    TcpRetransSegs: 12,
    TcpAttemptFails: 3,
    UdpInDatagrams: 6,
    UdpNoPorts: 2,
    UdpIgnoredMulti: 8,
    TcpExtListenOverflows: 3,
    TcpExtListenDrops: 4,
    TcpExtDelayedACKLost: 5,
    TcpExtPAWSEstab: 17,
    TcpExtTCPSynRetrans: 2,
    TcpExtIPReversePathFilter: 99,
    IpExtInNoRoutes: 21,
    IpExtInOctets: 1000,
  });
});

test('nstat -j keeps the line of each counter', () => {
  const capture = read('counters', '{\n  "kernel": {\n    "IpInReceives": 48,\n    "TcpRetransSegs": 2\n  }\n}\n');
  expect(capture.data.counters).toMatchObject([
    { name: 'IpInReceives', value: 48, source: { line: 3 } },
    { name: 'TcpRetransSegs', value: 2, source: { line: 4 } },
  ]);
});

test('an indented line outside any section is unread', () => {
  expect(read('counters', '    12 total packets received\nwhat\n').unread).toBe(2);
});
