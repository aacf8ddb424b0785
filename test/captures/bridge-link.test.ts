import { expect, test } from 'vitest';
import { read } from './fixture.ts';

test('ports with their bridge and hairpin mode, of new and old iproute2', () => {
  const capture = read(
    'bridge-link',
    '3: veth0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master cni0 state forwarding priority 32 cost 2 \n' +
      '    hairpin on guard off root_block off fastleave off learning on flood on mcast_flood on \n' +
      '4: veth1 state UP @if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master cni0 state forwarding priority 32 cost 2 \n' +
      '    hairpin off guard off root_block off fastleave off learning on flood on \n' +
      '5: eth0: <BROADCAST,UP> mtu 1500 master br0 state disabled priority 32 cost 100 \n',
  );
  expect(capture.unread).toBe(0);
  expect(capture.data.links).toMatchObject([
    { index: 3, name: 'veth0', master: 'cni0', hairpin: true, state: undefined, mtu: undefined, flags: [] },
    { index: 4, name: 'veth1', master: 'cni0', hairpin: false },
    { index: 5, name: 'eth0', master: 'br0', hairpin: undefined },
  ]);
});

test('JSON', () => {
  const capture = read(
    'bridge-link',
    '[{"ifindex":3,"link":null,"ifname":"veth0","master":"cni0","state":"forwarding","hairpin":true}]\n',
  );
  expect(capture.data.links).toMatchObject([{ name: 'veth0', master: 'cni0', hairpin: true, source: { line: 1 } }]);
});
