import { expect, test } from 'vitest';
import type { FdbEntry } from '../../src/records/route.ts';
import { read } from './fixture.ts';

test.each<[string, Partial<FdbEntry>]>([
  [
    '46:AF:62:75:ec:ee dev flannel.1 dst 10.6.1.235 used 5/1004 self permanent',
    { mac: '46:af:62:75:ec:ee', dev: 'flannel.1', dst: '10.6.1.235', flags: ['self', 'permanent'], master: undefined },
  ],
  [
    '52:54:00:e2:28:a3 dev ens3 vlan 1 used 63688/63688 master br-ens3 permanent',
    { vlan: 1, master: 'br-ens3', flags: ['permanent'] },
  ],
  ['52:54:00:e2:28:a3 dev ens3 used 0/0 master br-ens3 ', { master: 'br-ens3', flags: [] }],
  [
    '00:00:00:00:00:00 dev vx0 dst FD00::0002 port 8472 vni 7 via eth0 self permanent',
    { dst: 'fd00::2', port: 8472, vni: 7, via: 'eth0' },
  ],
  ['01:00:5e:00:00:01 dev dev eth0 self permanent', { dev: 'eth0' }],
  [
    '00:00:11:22:33:44 dev vtep1-100 vlan 100 offload master Bridge',
    { flags: ['offload'], master: 'Bridge', vlan: 100 },
  ],
  ['00:00:11:22:33:44 dev vx0 nhid 12 self extern_learn', { dst: undefined, flags: ['self', 'extern_learn'] }],
])('%s', (line, expected) => {
  const capture = read('bridge-fdb', `${line}\n`);
  expect(capture).toMatchObject({ records: 1, unread: 0 });
  expect(capture.data.fdb).toMatchObject([expected]);
});

test('the device of the command, where the rows leave it out', () => {
  const capture = read('bridge-fdb', '46:af:62:75:ec:ee dst 10.6.1.235 self permanent\n', {
    command: 'bridge fdb show dev vx0',
  });
  expect(capture.data.fdb?.[0]?.dev).toBe('vx0');
});

test('JSON', () => {
  const capture = read(
    'bridge-fdb',
    '[{"mac":"46:af:62:75:ec:ee","ifname":"flannel.1","dst":"10.6.1.235","flags":["self"],"state":"permanent"},{"mac":"52:54:00:e2:28:a3","ifname":"veth0","vlan":1,"flags":[],"master":"cni0","state":""}]\n',
  );
  expect(capture.data.fdb).toMatchObject([
    { dev: 'flannel.1', dst: '10.6.1.235', flags: ['self', 'permanent'] },
    { dev: 'veth0', vlan: 1, master: 'cni0', flags: [] },
  ]);
});

test('what is no entry is unread', () => {
  expect(
    read('bridge-fdb', '46:af:62:75:ec dev a\n46:af:62:75:ec:ee dev vx0 dst 10.0.0.300 self\nwhat\n'),
  ).toMatchObject({ records: 0, unread: 3 });
});
