import { describe, expect, test } from 'vitest';
import type { Text } from './one-node.ts';
import { addresses, bundle, FORWARDING, routes, walked } from './partial.ts';

const ROUTER: readonly Text[] = [
  addresses(['lan0', '10.1.0.1/24'], ['wan0', '192.0.2.10/24']),
  ...routes('default via 192.0.2.1 dev wan0\n10.1.0.0/24 dev lan0 proto kernel scope link src 10.1.0.1\n'),
  FORWARDING,
];
const rules = (text: string): Text => ['iptables-save', text, 4];
const at = { start: 'gw', arrival: { device: 'lan0' } };

describe('a packet that a router receives', () => {
  test('passes PREROUTING and FORWARD, and OUTPUT never', () => {
    const network = bundle({
      gw: [...ROUTER, rules('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [7:420]\n:OUTPUT DROP [0:0]\nCOMMIT\n')],
    });
    const [branch, ...others] = walked(network, at).branches;
    expect(others).toEqual([]);
    expect(branch?.forward.end).toMatchObject({ outcome: 'dropped', reason: 'policy-drop', node: 'gw' });
    expect(branch?.forward.steps.at(-1)?.action.values.chain).toBe('FORWARD');
  });

  test('is held against the reverse path of its device', () => {
    const network = bundle({ gw: [...ROUTER, ['sysctl', 'net.ipv4.conf.all.rp_filter = 1\n']] });
    expect(walked(network, { start: 'gw', arrival: { device: 'wan0' } }).branches[0]?.forward.end.reason).toBe(
      'rp-filter',
    );
    expect(walked(network, at).branches[0]?.forward.end.reason).toBe('outside');
  });

  test('an answer that ends in the answering host itself has not reached a sender who is elsewhere', () => {
    const server: readonly Text[] = [
      addresses(['eth0', '198.51.100.7/24']),
      [
        'ip-rule',
        '0:\tfrom all lookup local\n100:\tfrom all fwmark 0x7 lookup 100\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n',
        4,
      ],
      [
        'ip-route',
        'default via 198.51.100.1 dev eth0\n198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.7\nlocal 0.0.0.0/0 dev lo table 100 scope host\n',
        4,
      ],
      ['sysctl', 'net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter = 0\n'],
      rules('*mangle\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp --sport 443 -j MARK --set-mark 0x7\nCOMMIT\n'),
    ];
    const [branch] = walked(bundle({ srv: server }), { start: 'srv', arrival: { device: 'eth0' } }).branches;
    expect(branch?.forward.end.outcome).toBe('delivered');
    expect(branch?.reply?.end).toMatchObject({ reason: 'answer-elsewhere', node: 'srv' });
  });

  test('a question without a start is not walked', () => {
    expect(walked(bundle({ gw: ROUTER }), { start: undefined }).branches).toEqual([]);
  });
});
