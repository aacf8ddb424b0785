import { describe, expect, test } from 'vitest';
import { moduleFor } from '../../src/captures/known-formats.ts';
import { wireguardMask } from '../../src/captures/wireguard/wireguard-mask.ts';
import { read } from './fixture.ts';

/** 32 bytes in base64, as every key is. */
const key = (text: string): string => Buffer.from(text.padEnd(32, '.').slice(0, 32)).toString('base64');
const OWN = key('the gateway, publicly');
const BERTHA = key('bertha, publicly');
const OTTO = key('otto, publicly');
const PRIVATE = key('n0t T0 be SeeN by aNyb0dy');
const PRESHARED = key('n0r Is thIs, BY N0 Means');

const PRETTY = `interface: wg0
  public key: ${OWN}
  private key: (hidden)
  listening port: 51820
  fwmark: 0xca6c

peer: ${BERTHA}
  preshared key: (hidden)
  endpoint: 192.0.2.7:41820
  allowed ips: 10.9.0.2/32, fd00:9::/64
  latest handshake: 1 hour, 2 minutes, 3 seconds ago
  transfer: 1.50 KiB received, 92 B sent
  persistent keepalive: every 25 seconds

peer: ${OTTO}
  allowed ips: (none)

interface: wg1
  listening port: 0
`;
const DUMP = `wg0\t${PRIVATE}\t${OWN}\t51820\t0xca6c
wg0\t${BERTHA}\t${PRESHARED}\t192.0.2.7:41820\t10.9.0.2/32,fd00:9::/64\t1700000000\t1536\t92\t25
wg0\t${OTTO}\t(none)\t[2001:db8::7%eth0]:51820\t(none)\t0\t0\t0\toff
wg1\t(none)\t(none)\t0\toff
`;
const source = (line: number) => ({ file: 'node/capture.txt', line });

describe('wg show', () => {
  test('devices and their peers, each with its line', () => {
    const capture = read('wireguard', PRETTY);
    expect(capture).toMatchObject({ unread: 0, records: 4 });
    expect(capture.data.wireguard).toEqual([
      {
        source: source(1),
        name: 'wg0',
        publicKey: OWN,
        listenPort: 51820,
        fwmark: 0xca6c,
        peers: [
          {
            source: source(7),
            publicKey: BERTHA,
            endpoint: { address: '192.0.2.7', port: 41820 },
            allowedIps: ['10.9.0.2/32', 'fd00:9::/64'],
            countedAt: source(12),
            handshake: { ago: 3723 },
            received: 1536,
            sent: 92,
            keepalive: 25,
          },
          {
            source: source(15),
            publicKey: OTTO,
            endpoint: undefined,
            allowedIps: [],
            handshake: undefined,
            received: undefined,
            sent: undefined,
            keepalive: undefined,
          },
        ],
      },
      { source: source(18), name: 'wg1', publicKey: undefined, listenPort: undefined, fwmark: undefined, peers: [] },
    ]);
  });

  test('the dump tells the same, with the moment of the handshake', () => {
    const capture = read('wireguard', DUMP);
    expect(capture).toMatchObject({ unread: 0, records: 4 });
    const [wg0, wg1] = capture.data.wireguard ?? [];
    expect(wg0).toMatchObject({ name: 'wg0', publicKey: OWN, listenPort: 51820, fwmark: 0xca6c });
    expect(wg0?.peers[0]).toMatchObject({ publicKey: BERTHA, handshake: { at: 1_700_000_000 }, keepalive: 25 });
    expect(wg0?.peers[1]).toMatchObject({ endpoint: { address: '2001:db8::7', port: 51820 }, handshake: undefined });
    expect(wg1).toMatchObject({ name: 'wg1', publicKey: undefined, listenPort: undefined, peers: [] });
  });

  test("one device's dump does not name it; its command does", () => {
    const text = DUMP.replaceAll('wg0\t', '').split('\n').slice(0, 3).join('\n');
    const nameOf = (command?: string) =>
      read('wireguard', text, command === undefined ? {} : { command }).data.wireguard?.map(({ name }) => name);
    expect(nameOf()).toEqual([undefined]);
    expect(nameOf('wg show wg7 dump')).toEqual(['wg7']);
    expect(nameOf('wg show all dump')).toEqual([undefined]);
  });

  test('a handshake now, one that no clock agrees with, and a long one', () => {
    const ago = (text: string) =>
      read('wireguard', `peer: ${OTTO}\n  latest handshake: ${text}\n`).data.wireguard?.[0]?.peers[0]?.handshake;
    expect(ago('Now')).toEqual({ ago: 0 });
    expect(ago('(System clock wound backward; connection problems may ensue.)')).toBeUndefined();
    expect(ago('1 year, 2 days, 1 second ago')).toEqual({ ago: 31536000 + 2 * 86400 + 1 });
  });

  test('what the tool cannot read it says, and what is no such line stays unread', () => {
    const capture = read('wireguard', 'Unable to access interface wg0: Operation not permitted\npeer: short=\n');
    expect(capture.toolMessages).toHaveLength(1);
    expect(capture).toMatchObject({ records: 0, unread: 1 });
    expect(read('wireguard', `peer: ${OTTO}\n  allowed ips: 10.0.0.300/32\n`).unread).toBe(1);
  });
});

describe('secret keys', () => {
  test('no record has them, in neither form', () => {
    const shown = PRETTY.replace('(hidden)', PRIVATE).replace('(hidden)', PRESHARED);
    for (const text of [shown, DUMP]) {
      const capture = read('wireguard', text);
      expect(capture.unread).toBe(0);
      const out = JSON.stringify(capture);
      expect(out).toContain(BERTHA);
      for (const secret of [PRIVATE, PRESHARED]) expect(out).not.toContain(secret.slice(0, 8));
    }
  });

  test('no quoted line has them, and public keys stay', () => {
    const { mask } = wireguardMask();
    const quoted = (text: string) => text.split('\n').map(mask).join('\n');
    expect(quoted(PRETTY)).toBe(PRETTY);
    expect(quoted(DUMP)).toBe(DUMP.replace(PRIVATE, '[masked]').replace(PRESHARED, '[masked]'));
    const shown = quoted(PRETTY.replace('(hidden)', PRIVATE).replace('(hidden)', PRESHARED));
    for (const secret of [PRIVATE, PRESHARED]) expect(shown).not.toContain(secret.slice(0, 8));
    expect(shown).toContain(`public key: ${OWN}`);
  });

  test('a dump that was cut or broken shows none', () => {
    const { mask } = wireguardMask();
    for (const line of DUMP.trimEnd().split('\n'))
      for (let from = 0; from < line.length; from += 7)
        for (const piece of [line.slice(from), line.slice(0, from)]) {
          const out = mask(piece);
          for (const secret of [PRIVATE, PRESHARED]) if (piece.includes(secret)) expect(out).not.toContain(secret);
        }
  });
});

test('told by its content', () => {
  const sniff = moduleFor('wireguard')?.sniff;
  expect(sniff?.(PRETTY)).toBe('wireguard');
  expect(sniff?.(DUMP)).toBe('wireguard');
  expect(sniff?.('interface: eth0\nsome prose\n')).toBeUndefined();
  expect(sniff?.('[Interface]\nListenPort = 51820\n')).toBeUndefined();
});
