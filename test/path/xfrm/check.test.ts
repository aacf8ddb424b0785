import { describe, expect, it } from 'vitest';
import { policyCheck } from '../../../src/path/xfrm/check.ts';
import { atHost, host, through } from '../at-host.ts';
import { ct, entry, packet } from '../netfilter/make.ts';
import { nat, OFF, type Text, table, walk } from '../one-node.ts';
import { policies, policy, secpath } from './make.ts';

/** __xfrm_policy_check of a packet that one or more SAs decrypted, or none. */

const PACKET = 'tcp 10.1.0.1:999 > 10.2.0.2:80';
const ENDS = '10.1.0.0/16>10.2.0.0/16';
const OUTER = 'esp 192.0.2.1>192.0.2.2 reqid 1 tunnel';
const OTHER = 'esp 192.0.2.9>192.0.2.2 reqid 9 tunnel';
const TRANSPORT = 'esp 192.0.2.1>192.0.2.2 reqid 1 transport';

interface Asked {
  readonly dir?: 'in' | 'fwd';
  readonly by?: readonly string[];
  readonly text?: string;
  readonly over?: Parameters<typeof atHost>[2];
}
/** How the check of a packet that these SAs decrypted ends. */
const check = (listed: readonly string[], { dir = 'in', by = [], text = PACKET, over = {} }: Asked = {}): string => {
  const network = host(OFF, policies(...listed));
  const b = atHost(network, text, { iif: 'eth0', secpath: secpath(...by), ...over });
  return through(network, policyCheck(dir), b)[0]?.end?.reason ?? 'passed';
};

describe('a packet that came by the SA of its policy', () => {
  it('passes', () => {
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: [OUTER] })).toBe('passed');
  });

  it.each([
    ['another reqid', 'esp 192.0.2.1>192.0.2.2 reqid 2 tunnel'],
    ['another sender', 'esp 192.0.2.8>192.0.2.2 reqid 1 tunnel'],
    ['another mode', 'esp 192.0.2.1>192.0.2.2 reqid 1 transport'],
    ['another protocol', 'ah 192.0.2.1>192.0.2.2 reqid 1 tunnel'],
  ])('and %s does not', (_what, by) => {
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: [by] })).toBe('tmpl-mismatch');
  });

  it('and any reqid or sender does where the template leaves it open', () => {
    const open = 'esp 0.0.0.0>0.0.0.0 reqid 0 tunnel';
    expect(check([policy(`in ${ENDS}`, [open])], { by: [OTHER] })).toBe('passed');
  });

  it('and its other end does not matter', () => {
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: ['esp 192.0.2.1>192.0.2.77 reqid 1 tunnel'] })).toBe('passed');
  });
});

describe('a packet in the clear', () => {
  it('is refused where a policy asks for an SA, and passes where none does', () => {
    expect(check([policy(`in ${ENDS}`, [OUTER])])).toBe('tmpl-mismatch');
    expect(check([policy(`in ${ENDS}`)])).toBe('passed');
    expect(check([policy('in 10.9.0.0/16>10.2.0.0/16', [OUTER])])).toBe('passed');
  });

  it('passes where the SA is optional', () => {
    expect(check([policy(`in ${ENDS}`, [`${OUTER} use`])])).toBe('passed');
  });

  it('is refused by a policy that blocks', () => {
    expect(check([policy(`in ${ENDS}`, [], { action: 'block' })])).toBe('policy-block');
  });
});

describe('a tunnel SA that no template stands for', () => {
  it('is refused, whether the policy has none at all or others', () => {
    expect(check([policy(`in ${ENDS}`)], { by: [OUTER] })).toBe('tmpl-mismatch');
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: [OUTER, OTHER] })).toBe('tmpl-mismatch');
  });

  it('is refused before the one that the template stands for, which SAs of transport mode may precede', () => {
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: [OTHER, OUTER] })).toBe('tmpl-mismatch');
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: [TRANSPORT, OUTER] })).toBe('passed');
  });

  it('is refused behind an optional template of another', () => {
    expect(check([policy(`in ${ENDS}`, [`${OUTER} use`])], { by: [OTHER] })).toBe('tmpl-mismatch');
  });

  it('is refused where no policy is about the packet', () => {
    expect(check([policy('in 10.9.0.0/16>10.2.0.0/16', [OUTER])], { by: [OUTER] })).toBe('no-policy');
    expect(check([], { by: [OUTER] })).not.toBe('tmpl-mismatch');
  });

  it('is none where the SA is one of transport mode', () => {
    expect(check([policy(`in ${ENDS}`)], { by: [TRANSPORT] })).toBe('passed');
    expect(check([policy('in 10.9.0.0/16>10.2.0.0/16', [OUTER])], { by: [TRANSPORT] })).toBe('passed');
    expect(check([policy(`in ${ENDS}`, [OUTER])], { by: [OUTER, TRANSPORT] })).toBe('passed');
  });
});

describe('several templates', () => {
  const AH = 'ah 192.0.2.1>192.0.2.2 reqid 1 transport';

  it('are met from the last to the first, as the packet was unpacked', () => {
    expect(check([policy(`in ${ENDS}`, [OUTER, AH])], { by: [AH, OUTER] })).toBe('passed');
    expect(check([policy(`in ${ENDS}`, [OUTER, AH])], { by: [OUTER, AH] })).toBe('tmpl-mismatch');
    expect(check([policy(`in ${ENDS}`, [OUTER, AH])], { by: [OUTER] })).toBe('tmpl-mismatch');
  });
});

describe('the policy that is asked', () => {
  const blocks = (dir: 'in' | 'fwd' | 'out') => policy(`${dir} ${ENDS}`, [], { action: 'block' });

  it('is one of the direction', () => {
    const inbound = policy('in 10.99.0.0/16>10.98.0.0/16');
    expect([check([blocks('in')]), check([inbound, blocks('fwd')]), check([inbound, blocks('out')])]).toEqual([
      'policy-block',
      'passed',
      'passed',
    ]);
    expect([check([blocks('in')], { dir: 'fwd' }), check([blocks('fwd')], { dir: 'fwd' })]).toEqual([
      'passed',
      'policy-block',
    ]);
  });

  it('has the lowest priority number, and of equals is the older, which is listed later', () => {
    const open = (priority: number) => policy(`in ${ENDS}`, [], { priority });
    const block = (priority: number) => policy('in 0.0.0.0/0>0.0.0.0/0', [], { priority, action: 'block' });
    expect([check([open(20), block(10)]), check([open(10), block(20)])]).toEqual(['policy-block', 'passed']);
    expect([check([open(10), block(10)]), check([block(10), open(10)])]).toEqual(['policy-block', 'passed']);
  });

  it('has a selector that the whole packet falls under', () => {
    const narrow = (text: string) => check([policy(`in ${ENDS}`, [], { narrow: text, action: 'block' })]);
    expect([narrow('proto tcp'), narrow('proto udp')]).toEqual(['policy-block', 'passed']);
    expect([narrow('proto tcp dport 80'), narrow('proto tcp dport 81')]).toEqual(['policy-block', 'passed']);
    expect([narrow('proto tcp sport 999'), narrow('proto tcp sport 80')]).toEqual(['policy-block', 'passed']);
    expect(check([policy('in 10.2.0.0/16>10.1.0.0/16', [], { action: 'block' })])).toBe('passed');
  });

  it("has the packet's mark, under its own mask", () => {
    const marked = (mark: number) =>
      check([policy(`in ${ENDS}`, [], { mark: '0x10/0xf0', action: 'block' })], {
        over: { packet: packet(PACKET, { mark }) },
      });
    expect([marked(0x10), marked(0x1f), marked(0x20), marked(0)]).toEqual([
      'policy-block',
      'policy-block',
      'passed',
      'passed',
    ]);
  });

  it('has no interface of its own where the packet came by none', () => {
    expect(check([policy(`in ${ENDS}`, [], { action: 'block', ifId: 7 })])).toBe('passed');
  });
});

describe('the addresses that are looked up', () => {
  const served = packet('tcp 10.1.0.1:999 > 10.96.0.10:80');
  const block = (dst: string) => policy(`in 10.1.0.0/16>${dst}`, [], { action: 'block' });
  /** A packet whose destination was 10.96.0.10 on the wire. */
  const moved = (over: Partial<ReturnType<typeof entry>>) => ({
    over: { ct: ct(served, { entry: entry(served, over) }) },
  });

  it('are those of the wire where netfilter changed them', () => {
    expect(check([block('10.96.0.10/32')], moved({ dstNat: true }))).toBe('policy-block');
    expect(check([block('10.2.0.2/32')], moved({ dstNat: true }))).toBe('passed');
  });

  it('are those of the header where IPVS changed them, which leaves no bit', () => {
    expect(check([block('10.96.0.10/32')], moved({}))).toBe('passed');
    expect(check([block('10.2.0.2/32')], moved({}))).toBe('policy-block');
  });

  it("of an answer are the wire's on the other side", () => {
    const answer = packet('tcp 10.2.0.2:80 > 10.1.0.1:999');
    const kept = entry(served, {
      reply: { src: '10.2.0.2', dst: '10.1.0.1', sport: 80, dport: 999 },
      dstNat: true,
    });
    // The source was given its old name back: 10.96.0.10 in the header, 10.2.0.2 on the wire.
    const back = {
      text: 'tcp 10.96.0.10:80 > 10.1.0.1:999',
      over: { ct: ct(answer, { state: 'ESTABLISHED', direction: 'reply', entry: kept }) },
    } as const;
    const from = (src: string) => policy(`in ${src}>10.1.0.0/16`, [], { action: 'block' });
    expect([check([from('10.2.0.2/32')], back), check([from('10.96.0.10/32')], back)]).toEqual([
      'policy-block',
      'passed',
    ]);
  });
});

describe('the check stands', () => {
  const block = (dir: string, dst: string) => policies(policy(`${dir} 10.244.1.3/32>${dst}`, [], { action: 'block' }));

  it('before all of FORWARD', () => {
    const drops = table('mangle', 4, '-A FORWARD -j DROP');
    const end = (...texts: Text[]) => walk(host(OFF, drops, ...texts), { dst: '192.168.10.9' }).forward.end.reason;
    expect([end(), end(block('fwd', '192.168.10.9/32'))]).toEqual(['rule-drop', 'policy-block']);
  });

  it('behind all of INPUT', () => {
    const drops = table('security', 4, '-A INPUT -j DROP');
    const end = (...texts: Text[]) =>
      walk(host(OFF, block('in', '10.244.1.1/32'), ...texts), { dst: '10.244.1.1' }).forward.end.reason;
    expect([end(), end(drops)]).toEqual(['policy-block', 'rule-drop']);
  });

  it('behind PREROUTING, whose new destination it takes back', () => {
    const moved = nat(4, '-A PREROUTING -d 10.96.0.10/32 -j DNAT --to-destination 10.244.1.1');
    const end = (dst: string) => walk(host(OFF, moved, block('in', dst)), {}).forward.end.reason;
    expect([end('10.96.0.10/32'), end('10.244.1.1/32')]).toEqual(['policy-block', 'socket']);
  });
});
