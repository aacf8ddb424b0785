import { expect, test } from 'vitest';
import type { Neighbour } from '../../src/records/route.ts';
import { read } from './fixture.ts';

const MAC = '52:54:00:12:35:02';

test.each<[string, Partial<Neighbour>]>([
  [
    `10.0.0.1 dev eth0 lladdr ${MAC} REACHABLE `,
    { family: 4, address: '10.0.0.1', dev: 'eth0', mac: MAC, states: ['REACHABLE'], router: false, proxy: false },
  ],
  [`10.0.0.1 dev eth0 lladdr ${MAC.toUpperCase()} ref 1 used 12/10/5 probes 1 DELAY`, { mac: MAC, states: ['DELAY'] }],
  [
    'FE80::0001 dev eth0 lladdr 52:54:00:12:35:02 router STALE',
    { family: 6, address: 'fe80::1', router: true, states: ['STALE'] },
  ],
  ['10.0.0.9 dev eth0  FAILED', { mac: undefined, states: ['FAILED'] }],
  ['10.0.0.9 dev eth0  used 5/5/2 probes 6 INCOMPLETE', { states: ['INCOMPLETE'] }],
  ['10.0.0.9 dev eth0 proxy', { proxy: true, states: [] }],
  [`10.0.0.9 dev vx lladdr ${MAC} extern_learn NOARP proto zebra`, { states: ['NOARP'] }],
  ['10.0.0.9 dev tunl0 lladdr 192.0.2.1 PERMANENT', { mac: '192.0.2.1', states: ['PERMANENT'] }],
  [
    `10.0.0.1                 ether   ${MAC}   C                     eth0`,
    { mac: MAC, states: ['STALE'], dev: 'eth0' },
  ],
  [`10.0.0.1                 ether   ${MAC}   CM                    eth0`, { states: ['PERMANENT'] }],
  [
    '10.0.0.2                         (incomplete)                              eth0',
    { mac: undefined, states: ['INCOMPLETE'] },
  ],
  [`? (10.0.0.1) at ${MAC} [ether] on eth0`, { mac: MAC, states: ['STALE'], dev: 'eth0' }],
  [`gw.lan (10.0.0.1) at ${MAC} [ether] PERM on eth0`, { states: ['PERMANENT'] }],
  ['? (10.0.0.2) at <incomplete> on eth0', { mac: undefined, states: ['INCOMPLETE'] }],
  [`10.0.0.1         0x1         0x2         ${MAC}     *        eth0`, { mac: MAC, states: ['STALE'] }],
  [`10.0.0.1         0x1         0x6         ${MAC}     *        eth0`, { states: ['PERMANENT'] }],
  [
    '10.0.0.1         0x1         0x0         00:00:00:00:00:00     *        eth0',
    { mac: undefined, states: ['INCOMPLETE'] },
  ],
])('%s', (line, expected) => {
  const capture = read('ip-neigh', `${line}\n`);
  expect(capture).toMatchObject({ records: 1, unread: 0 });
  expect(capture.data.neighbours).toMatchObject([expected]);
});

test('headings are ignored; the command may name the device; no address is unread', () => {
  const headings =
    'Address                  HWtype  HWaddress           Flags Mask            Iface\nIP address       HW type     Flags       HW address            Mask     Device\nEntries: 5\tSkipped: 0\tFound: 5\n';
  expect(read('ip-neigh', headings)).toMatchObject({ records: 0, unread: 0, ignored: 3 });
  const shown = read('ip-neigh', `10.0.0.1 lladdr ${MAC} STALE\n`, { command: 'ip neigh show dev br0' });
  expect(shown.data.neighbours?.[0]?.dev).toBe('br0');
  expect(read('ip-neigh', `10.0.0.300 dev eth0 lladdr ${MAC} STALE\nhello there\n`)).toMatchObject({
    records: 0,
    unread: 2,
  });
});

test('JSON', () => {
  const capture = read(
    'ip-neigh',
    `[{"dst":"10.0.0.1","dev":"eth0","lladdr":"${MAC}","state":["REACHABLE"]},{"dst":"fe80::1","dev":"eth0","router":null,"state":["FAILED"]}]\n`,
  );
  expect(capture.data.neighbours).toMatchObject([
    { address: '10.0.0.1', mac: MAC, states: ['REACHABLE'], router: false },
    { address: 'fe80::1', mac: undefined, router: true, states: ['FAILED'] },
  ]);
});
