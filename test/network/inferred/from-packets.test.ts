import { expect, test } from 'vitest';
import { inferredOf, networkOf, packets, text } from './bundle.ts';

const SYN = 'Flags [S], seq 1, win 64240, length 0';
const ACK = 'Flags [S.], seq 9, ack 2, win 64240, length 0';

test('a source that leaves and never comes in is the own address, at the device that it leaves by', () => {
  const network = networkOf({
    gw: [
      packets([
        `ens1  Out IP 10.60.0.4.40000 > 10.60.0.9.80: ${SYN}`,
        `ens1  In  IP 10.60.0.9.80 > 10.60.0.4.40000: ${ACK}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw')).toMatchObject({
    addresses: ['ens1 10.60.0.4/32'],
    routes: ['10.60.0.9/32 ens1'],
  });
});

test('what is forwarded comes in first: neither end is the router’s own', () => {
  const network = networkOf({
    gw: [
      packets([
        `ens1  In  IP 10.60.0.9.40000 > 10.61.0.9.80: ${SYN}`,
        `ens2  Out IP 10.60.0.9.40000 > 10.61.0.9.80: ${SYN}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw')).toMatchObject({ addresses: [], routes: ['10.61.0.9/32 ens2'] });
  expect([...(network.namespaces.get('gw')?.links.keys() ?? [])].sort()).toEqual(['ens1', 'ens2']);
});

test('a request that came in and went nowhere tells nothing of whose address it was for', () => {
  const network = networkOf({ gw: [packets([`ens1  In  IP 10.60.0.9.40000 > 10.60.0.4.80: ${SYN}`])] });
  expect(inferredOf(network, 'gw').addresses).toEqual([]);
});

test('a packet that lost a hop did not begin here, although its way in was not captured', () => {
  const hop = (ttl: number) =>
    `ens2  Out IP (tos 0x0, ttl ${ttl}, id 7, offset 0, flags [DF], proto TCP (6), length 60)\n    10.60.0.9.40000 > 10.61.0.9.80: ${SYN}`;
  expect(inferredOf(networkOf({ gw: [packets([hop(63)])] }), 'gw').addresses).toEqual([]);
  expect(inferredOf(networkOf({ gw: [packets([hop(64)])] }), 'gw').addresses).toEqual(['ens2 10.60.0.9/32']);
});

test('the name that an answer gets back is no address of the host', () => {
  const network = networkOf({
    gw: [
      packets([
        `vethq In  IP 10.70.1.5.40000 > 10.80.3.3.80: ${SYN}`,
        `ens1  Out IP 10.70.1.5.40000 > 10.70.2.6.80: ${SYN}`,
        `ens1  In  IP 10.70.2.6.80 > 10.70.1.5.40000: ${ACK}`,
        `vethq Out IP 10.80.3.3.80 > 10.70.1.5.40000: ${ACK}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw').addresses).toEqual([]);
});

test('the source that a packet gets by SNAT is one', () => {
  const network = networkOf({
    gw: [
      packets([
        `vethq In  IP 10.70.1.5.40000 > 198.51.100.7.80: ${SYN}`,
        `ens1  Out IP 203.0.113.4.40000 > 198.51.100.7.80: ${SYN}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw').addresses).toEqual(['ens1 203.0.113.4/32']);
});

test('at a bridge and its port it is the bridge that counts', () => {
  const network = networkOf({
    gw: [
      packets([
        `vethq In  IP 10.70.1.5.40000 > 10.70.1.1.53: ${SYN}`,
        `br7   In  IP 10.70.1.5.40000 > 10.70.1.1.53: ${SYN}`,
        `br7   Out IP 10.70.1.1.53 > 10.70.1.5.40000: ${ACK}`,
        `vethq Out IP 10.70.1.1.53 > 10.70.1.5.40000: ${ACK}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw')).toMatchObject({ addresses: ['br7 10.70.1.1/32'], routes: ['10.70.1.5/32 br7'] });
});

test('of an address that leaves by several devices the nearest peer tells the device, or nothing does', () => {
  const out = (device: string, peer: string) => `${device} Out IP 172.30.0.1.40000 > ${peer}.80: ${SYN}`;
  const near = networkOf({ gw: [packets([out('ens1', '172.30.0.2'), out('vethq', '10.70.1.5')])] });
  expect(inferredOf(near, 'gw').addresses).toEqual(['ens1 172.30.0.1/32']);
  const far = networkOf({ gw: [packets([out('ens1', '10.71.0.2'), out('vethq', '10.70.1.5')])] });
  expect(inferredOf(far, 'gw').addresses).toEqual(['? 172.30.0.1/32']);
});

test('a network that packets reach by two devices has no route', () => {
  const network = networkOf({
    gw: [
      packets([
        `ens1 Out IP 172.30.0.1.40000 > 10.71.0.2.80: ${SYN}`,
        `ens2 Out IP 172.30.0.1.40001 > 10.71.0.2.80: ${SYN}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw').routes).toEqual([]);
});

test('ARP tells neighbours, who is on the link, and the device’s own address', () => {
  const network = networkOf({
    gw: [
      packets([
        'br7  Out ARP, Request who-has 10.70.1.5 tell 10.70.1.1, length 28',
        'br7  In  ARP, Reply 10.70.1.5 is-at 02:00:00:00:00:05, length 28',
        'ens1 B   ARP, Request who-has 172.30.0.1 tell 172.30.0.2, length 28',
      ]),
    ],
  });
  expect(inferredOf(network, 'gw')).toEqual({
    addresses: ['br7 10.70.1.1/32'],
    routes: ['10.70.1.5/32 br7', '172.30.0.2/32 ens1'],
    neighbours: ['10.70.1.5 br7 02:00:00:00:00:05'],
  });
});

test('a VXLAN device shows by what it wraps', () => {
  const network = networkOf({
    gw: [
      packets([
        `vx9   Out IP 10.70.1.5.40000 > 10.70.2.6.80: ${SYN}`,
        `ens1  Out IP 172.30.0.1.50000 > 172.30.0.2.8472: OTV, flags [I] (0x08), overlay 0, instance 7\nIP 10.70.1.5.40000 > 10.70.2.6.80: ${SYN}`,
      ]),
    ],
  });
  expect(network.namespaces.get('gw')?.links.get('vx9')).toMatchObject({
    kind: 'vxlan',
    flags: ['UP'],
    vxlan: { id: 7, local: '172.30.0.1', port: 8472 },
  });
});

test('a pod is the one end of all its packets; the host’s device where only that comes in is its cable', () => {
  const network = networkOf({
    'gw/shop': [
      packets(
        [
          `IP 10.70.1.5.40000 > 10.80.3.3.80: ${SYN}`,
          `IP 10.80.3.3.80 > 10.70.1.5.40000: ${ACK}`,
          `IP 10.70.1.5.40001 > 10.80.3.4.53: ${SYN}`,
        ],
        'eth0',
      ),
    ],
    gw: [
      packets([
        `vethq In  IP 10.70.1.5.40000 > 10.80.3.3.80: ${SYN}`,
        `ens1  Out IP 10.70.1.5.40000 > 10.70.2.6.80: ${SYN}`,
        `ens1  In  IP 10.70.2.6.80 > 10.70.1.5.40000: ${ACK}`,
        `ens1  In  IP 172.30.0.2.7 > 10.70.1.5.40000: ${ACK}`,
      ]),
    ],
  });
  expect(inferredOf(network, 'gw/shop')).toMatchObject({
    addresses: ['eth0 10.70.1.5/32'],
    routes: ['10.80.3.3/32 eth0', '10.80.3.4/32 eth0'],
  });
  const host = network.namespaces.get('gw');
  const peer = host && network.vethPeer(host, 'vethq');
  expect(peer && `${peer.namespace.id} ${peer.link.name}`).toBe('gw/shop eth0');
});

test('a pod seen with one peer only: the host knows which of the two lives alone behind a device', () => {
  const pod = packets([`IP 10.70.1.5.40000 > 10.70.2.6.80: ${SYN}`], 'eth0');
  expect(inferredOf(networkOf({ 'gw/shop': [pod] }), 'gw/shop').addresses).toEqual([]);
  const host = packets([
    `vethq In  IP 10.70.1.5.40000 > 10.70.2.6.80: ${SYN}`,
    `ens1  In  IP 10.70.2.6.80 > 10.70.1.5.40000: ${ACK}`,
    `ens1  In  IP 172.30.0.2.7 > 172.30.0.1.9: ${ACK}`,
  ]);
  expect(inferredOf(networkOf({ gw: [host], 'gw/shop': [pod] }), 'gw/shop').addresses).toEqual(['eth0 10.70.1.5/32']);
});

test('an address that one line says to be somebody else’s is not inferred from packets', () => {
  const policy = [
    'src 10.70.1.0/24 dst 10.71.1.0/24 \n\tdir out priority 100 \n\ttmpl src 172.30.0.1 dst 172.30.0.2\n\t\tproto esp reqid 1 mode tunnel\n',
  ].join('');
  const network = networkOf({
    gw: [text('xfrm-policy', policy), packets([`ens1 Out IP 172.30.0.2.9 > 10.9.9.9.80: ${SYN}`])],
  });
  expect(inferredOf(network, 'gw').addresses).toEqual(['? 172.30.0.1/32']);
});
