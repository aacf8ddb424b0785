import { describe, expect, test } from 'vitest';
import { targetOf } from '../../src/captures/probe/probe.ts';
import { read } from './fixture.ts';

const probes = (text: string, command?: string) =>
  (read('probe', text, command === undefined ? {} : { command }).data.probes ?? []).map(
    ({ proto, dst, dport, outcome }) => [proto, dst, dport, outcome],
  );

describe('ping', () => {
  test('without any reply it timed out, at the line that counts', () => {
    const capture = read(
      'probe',
      'PING 10.1.0.9 (10.1.0.9) 56(84) bytes of data.\n\n--- 10.1.0.9 ping statistics ---\n5 packets transmitted, 0 received, 100% packet loss, time 4089ms\n\n',
    );
    expect(capture).toMatchObject({
      records: 1,
      unread: 0,
      data: { probes: [{ proto: 'icmp', dst: '10.1.0.9', outcome: 'timeout', source: { line: 4 } }] },
    });
  });

  test('a reply is a reply, even where others are lost; busybox counts in other words', () => {
    expect(
      probes(
        'PING web (10.1.0.9): 56 data bytes\n64 bytes from 10.1.0.9: seq=0 ttl=63 time=0.201 ms\n\n--- web ping statistics ---\n3 packets transmitted, 1 packets received, 66% packet loss\nround-trip min/avg/max = 0.201/0.201/0.201 ms\n',
      ),
    ).toEqual([['icmp', '10.1.0.9', undefined, 'ok']]);
  });

  test('an error that came back, a packet that was too long, a packet that its own kernel did not send', () => {
    const ping = (line: string) =>
      probes(
        `PING 10.1.0.9 (10.1.0.9) 56(84) bytes of data.\n${line}\n--- 10.1.0.9 ping statistics ---\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1010ms\n`,
      )[0]?.[3];
    expect(ping('From 10.1.0.1 icmp_seq=1 Destination Host Unreachable')).toBe('unreachable');
    expect(ping('From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)')).toBe('too-long');
    expect(ping('ping: sendmsg: Operation not permitted')).toBe('not-permitted');
    expect(ping('From 10.9.0.1: icmp_seq=2 Time to live exceeded')).toBe('ttl');
  });

  test('IPv6, and several pings in one text', () => {
    expect(
      probes(
        'PING 2001:db8::9(2001:db8::9) 56 data bytes\n--- 2001:db8::9 ping statistics ---\n2 packets transmitted, 0 received, 100% packet loss, time 1ms\nPING 10.0.0.7 (10.0.0.7) 56(84) bytes of data.\n64 bytes from 10.0.0.7: icmp_seq=1 ttl=64 time=0.05 ms\n',
      ),
    ).toEqual([
      ['icmp', '2001:db8::9', undefined, 'timeout'],
      ['icmp', '10.0.0.7', undefined, 'ok'],
    ]);
  });
});

test.each([
  ["curl: (7) Failed to connect to 10.1.0.9 port 8080 after 130441 ms: Couldn't connect to server", 8080, 'timeout'],
  ['curl: (7) Failed connect to 10.1.0.9:8080; Connection refused', 8080, 'refused'],
  ['curl: (7) Failed connect to 10.1.0.9:8080; No route to host', 8080, 'unreachable'],
  ['nc: connect to 10.1.0.9 port 22 (tcp) failed: Connection refused', 22, 'refused'],
  ['nc: connect to 10.1.0.9 port 22 (tcp) timed out: Operation now in progress', 22, 'timeout'],
  ['(UNKNOWN) [10.1.0.9] 22 (ssh) : Connection timed out', 22, 'timeout'],
  ['nc: 10.1.0.9 (10.1.0.9:22): No route to host', 22, 'unreachable'],
  ['Connection to 10.1.0.9 22 port [tcp/ssh] succeeded!', 22, 'ok'],
  ['ssh: connect to host 10.1.0.9 port 22: No route to host', 22, 'unreachable'],
  ['telnet: connect to address 10.1.0.9: Connection refused', undefined, 'refused'],
])('%s', (line, port, outcome) => {
  const capture = read('probe', `${line}\n`);
  expect(capture.unread).toBe(0);
  expect(capture.data.probes).toMatchObject([{ proto: 'tcp', dst: '10.1.0.9', outcome }]);
  expect(capture.data.probes?.[0]?.dport).toBe(port);
});

test("curl's error stands behind the last row of its progress meter", () => {
  const meter =
    '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0';
  expect(probes(`${meter}curl: (7) Failed to connect to 10.1.0.9 port 8080: Connection refused\n`)).toEqual([
    ['tcp', '10.1.0.9', 8080, 'refused'],
  ]);
});

test('curl -v tells the attempt, then its end: one probe', () => {
  expect(
    probes(
      '*   Trying 10.1.0.9:80...\n* connect to 10.1.0.9 port 80 failed: Connection refused\n* Failed to connect to 10.1.0.9 port 80: Connection refused\n* Closing connection 0\ncurl: (7) Failed to connect to 10.1.0.9 port 80: Connection refused\n',
    ),
  ).toEqual([['tcp', '10.1.0.9', 80, 'refused']]);
});

test('a tool that names no target has the command line’s', () => {
  expect(probes('curl: (28) Connection timed out after 5001 milliseconds\n', 'curl -m5 http://10.1.0.9:8080/')).toEqual(
    [['tcp', '10.1.0.9', 8080, 'timeout']],
  );
  expect(probes('Ncat: Connection refused.\n', 'nc -v 10.1.0.9 6443')).toEqual([['tcp', '10.1.0.9', 6443, 'refused']]);
  expect(targetOf('curl -k https://[2001:db8::1]:6443/healthz')).toEqual({ dst: '2001:db8::1', dport: 6443 });
  expect(targetOf('curl https://10.0.0.1/')).toEqual({ dst: '10.0.0.1', dport: 443 });
  expect(targetOf('ping web')).toBeUndefined();
});

test('an attempt whose end is not printed, or not told why, says nothing', () => {
  expect(probes("curl: (7) Failed to connect to 10.1.0.9 port 80 after 2 ms: Couldn't connect to server\n")).toEqual(
    [],
  );
  expect(probes('*   Trying 10.1.0.9:80...\n')).toEqual([]);
});
