import { expect, test } from 'vitest';
import { inferredOf, networkOf, packets, text } from './bundle.ts';

const SYN = 'Flags [S], seq 1, win 64240, length 0';

test('conntrack: the address that answers to a masqueraded connection go to', () => {
  const entry = (reply: string) =>
    `tcp      6 50 ESTABLISHED src=10.70.1.5 dst=198.51.100.7 sport=40000 dport=80 src=198.51.100.7 dst=${reply} sport=80 dport=40000 [ASSURED] mark=0 use=1\n`;
  expect(inferredOf(networkOf({ gw: [text('conntrack', entry('203.0.113.4'))] }), 'gw').addresses).toEqual([
    '? 203.0.113.4/32',
  ]);
  // Nothing was translated: a router, a client and a server have this entry.
  expect(inferredOf(networkOf({ gw: [text('conntrack', entry('10.70.1.5'))] }), 'gw').addresses).toEqual([]);
});

test('IPsec policies: the tunnel begins here and ends at the peer', () => {
  const policies =
    'src 10.70.1.0/24 dst 10.71.1.0/24 \n\tdir out priority 100 \n\ttmpl src 172.30.0.1 dst 172.30.0.2\n\t\tproto esp reqid 1 mode tunnel\n' +
    'src 10.71.1.0/24 dst 10.70.1.0/24 \n\tdir fwd priority 100 \n\ttmpl src 172.30.0.2 dst 172.30.0.1\n\t\tproto esp reqid 1 mode tunnel\n';
  const network = networkOf({
    gw: [
      text('xfrm-policy', policies),
      packets(['ens1 In IP 172.30.0.2 > 172.30.0.1: ESP(spi=0x1,seq=0x1), length 96']),
    ],
  });
  expect(inferredOf(network, 'gw').addresses).toEqual(['ens1 172.30.0.1/32']);
});

test('IPVS: services’ addresses are the host’s, on every node; those at NodePorts are real ones', () => {
  const services = (own: string) =>
    `IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.80.3.3:80 rr\n  -> 10.70.1.5:8080               Masq    1      0          0\nTCP  ${own}:30080 rr\n  -> 10.70.1.5:8080               Masq    1      0          0\n`;
  const network = networkOf({
    a: [text('ipvsadm', services('172.30.0.1'))],
    b: [text('ipvsadm', services('172.30.0.2'))],
  });
  expect(inferredOf(network, 'a').addresses).toEqual(['* 10.80.3.3/32', '? 172.30.0.1/32']);
  expect(inferredOf(network, 'b').addresses).toEqual(['* 10.80.3.3/32', '? 172.30.0.2/32']);
  expect(network.owners('10.80.3.3').map((o) => o.link.kind)).toEqual(['dummy', 'dummy']);
});

test('sockets: local ends are the namespace’s own, wildcards and loopback tell nothing', () => {
  const sockets =
    'State  Recv-Q Send-Q Local Address:Port Peer Address:Port\nLISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 128 127.0.0.1:631 0.0.0.0:*\nESTAB 0 0 172.30.0.1:22 172.30.0.9:50000\n';
  expect(inferredOf(networkOf({ gw: [text('sockets', sockets)] }), 'gw').addresses).toEqual(['? 172.30.0.1/32']);
});

test('ipsets in which plugins keep the host’s own addresses', () => {
  const set = (name: string) =>
    `Name: ${name}\nType: hash:ip\nRevision: 4\nHeader: family inet hashsize 1024 maxelem 65536\nSize in memory: 312\nReferences: 1\nNumber of entries: 1\nMembers:\n172.30.0.1\n`;
  expect(inferredOf(networkOf({ gw: [text('ipset', set('kube-router-local-ips'))] }), 'gw').addresses).toEqual([
    '* 172.30.0.1/32',
  ]);
  expect(inferredOf(networkOf({ gw: [text('ipset', set('kube-router-node-ips'))] }), 'gw').addresses).toEqual([]);
});

test('neighbours that are listed are on their device’s link', () => {
  const neighbours = '10.70.1.5 dev br7 lladdr 02:00:00:00:00:05 REACHABLE\n172.30.0.9 dev ens1  FAILED\n';
  const network = networkOf({ gw: [text('ip-neigh', neighbours)] });
  expect(inferredOf(network, 'gw').routes).toEqual(['10.70.1.5/32 br7', '172.30.0.9/32 ens1']);
});

test('an address that two hosts seem to send from is nobody’s; a line that says so outright decides', () => {
  const sends = (device: string) => packets([`${device} Out IP 172.30.0.1.40000 > 172.30.0.9.80: ${SYN}`]);
  const both = networkOf({ a: [sends('ens1')], b: [sends('ens7')] });
  expect(both.owners('172.30.0.1')).toEqual([]);
  const sockets = text(
    'sockets',
    'State  Recv-Q Send-Q Local Address:Port Peer Address:Port\nESTAB 0 0 172.30.0.1:22 172.30.0.9:50000\n',
  );
  const told = networkOf({ a: [sends('ens1'), sockets], b: [sends('ens7')] });
  expect(told.owners('172.30.0.1').map((o) => `${o.namespace.id} ${o.link.name}`)).toEqual(['a ens1']);
});
