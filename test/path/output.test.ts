import { describe, expect, it } from 'vitest';
import { HOST_ROUTES, nat, node, OFF, RULES, type Text, table, walk } from './one-node.ts';

/** What a host sends itself: ip_route_me_harder and who calls it. Table 100 leads nowhere, so that a lookup in it shows. */

const BY_MARK: readonly Text[] = [
  ['ip-rule', `${RULES}100:\tfrom all fwmark 0x40/0x40 lookup 100\n`, 4],
  ['ip-route', `${HOST_ROUTES}blackhole default table 100\n`, 4],
];
const TO_POD = { dst: '10.244.1.3', start: 'a' };
const marking = (name: string, hook: string, set = '0x40/0x40'): Text =>
  table(name, 4, `-A ${hook} -j MARK --set-xmark ${set}`);

describe('a mark that', () => {
  const end = (...texts: Text[]) => walk(node(OFF, [...BY_MARK, ...texts]), TO_POD).forward.end.reason;

  it('the mangle table of OUTPUT sets asks the routes again (ipt_mangle_out)', () => {
    expect([end(), end(marking('mangle', 'OUTPUT'))]).toEqual(['socket', 'blackhole']);
  });

  it('is the same afterwards asks nobody', () => {
    expect(end(marking('mangle', 'OUTPUT', '0x0/0x40'))).toBe('socket');
  });

  it('is another one than the rule asks for finds the way that it had', () => {
    expect(end(marking('mangle', 'OUTPUT', '0x20/0x20'))).toBe('socket');
  });

  it.each([
    ['raw', 'OUTPUT'],
    ['filter', 'OUTPUT'],
    ['security', 'OUTPUT'],
    ['mangle', 'POSTROUTING'],
  ])('%s %s sets asks nobody', (name, hook) => {
    expect(end(marking(name, hook))).toBe('socket');
  });
});

describe('a destination that OUTPUT changes', () => {
  const moved = (to: string) => nat(4, `-A OUTPUT -d 192.168.10.99/32 -j DNAT --to-destination ${to}`);
  const sent = (...texts: Text[]) => walk(node(OFF, texts), { dst: '192.168.10.99', start: 'a' });

  it('is routed anew', () => {
    expect(sent(moved('10.244.1.3')).forward.end).toMatchObject({ outcome: 'delivered', namespace: 'd' });
    const gone: Text = ['ip-route', `${HOST_ROUTES}unreachable 10.99.0.0/16\n`, 4];
    expect(sent(moved('10.99.0.1'), gone).forward.end.reason).toBe('unreachable');
  });

  it('keeps the source that the first way gave it', () => {
    expect(sent(moved('10.244.1.3')).forward.steps.at(-1)?.before.src).toBe('192.168.10.1');
  });

  it('with a mark of the nat table has that looked up too', () => {
    const both = nat(
      4,
      '-A OUTPUT -d 192.168.10.99/32 -j MARK --set-xmark 0x40/0x40',
      '-A OUTPUT -d 192.168.10.99/32 -j DNAT --to-destination 10.244.1.3',
    );
    expect(sent(...BY_MARK, both).forward.end.reason).toBe('blackhole');
  });
});

describe('the source of what names none', () => {
  it("is the route's, not the one of a device that the packet is sent by afterwards", () => {
    const { forward } = walk(node(OFF, []), TO_POD);
    expect(forward.steps.at(-1)?.before.src).toBe('10.244.1.1');
  });

  it('is the address itself for what is its own', () => {
    const { forward } = walk(node(OFF, []), { dst: '203.0.113.10', start: 'a' });
    expect(forward.steps.at(-1)?.before.src).toBe('203.0.113.10');
  });
});

it('what a host sends itself passes OUTPUT and POSTROUTING, then PREROUTING and INPUT by loopback', () => {
  const drops = (name: string, rule: string) =>
    walk(node(OFF, [table(name, 4, `${rule} -j DROP`)]), { dst: '10.244.1.1', start: 'a' }).forward.end.reason;
  expect(drops('filter', '-A OUTPUT -o lo')).toBe('rule-drop');
  expect(drops('mangle', '-A POSTROUTING -o lo')).toBe('rule-drop');
  expect(drops('mangle', '-A PREROUTING -i lo')).toBe('rule-drop');
  expect(drops('filter', '-A INPUT -i lo')).toBe('rule-drop');
  expect(drops('filter', '-A OUTPUT -o cni0')).toBe('socket');
  expect(drops('filter', '-A FORWARD')).toBe('socket');
});
