import { describe, expect, it } from 'vitest';
import { encapsulate, xfrmForward } from '../../../src/path/xfrm/output.ts';
import { atHost, host, through } from '../at-host.ts';
import { packet } from '../netfilter/make.ts';
import { HOST, HOST_ROUTES, nat, OFF, type Text, table, walk } from '../one-node.ts';
import { policies, policy, state, states } from './make.ts';

/** What XFRM makes of a packet that leaves: the policy that it finds and the SA that serves it. */

const SENT = 'tcp 10.244.1.3:999 > 10.2.0.2:80';
const ENDS = '10.244.1.0/24>10.2.0.0/16';
const TUNNEL = 'esp 192.168.10.1>192.168.10.2 reqid 1 tunnel';

/** The SPI by which the packet leaves, `clear`, or the reason for which it does not. */
const sent = (listed: readonly string[], sas: readonly string[], over: Parameters<typeof atHost>[2] = {}): string => {
  const network = host(OFF, policies(...listed), states(...sas));
  const [b] = through(network, xfrmForward, atHost(network, SENT, { oif: 'eth0', ...over }));
  if (!b?.bundle) return b?.end?.reason ?? 'clear';
  const [outer] = through(network, encapsulate, b);
  return `spi ${outer?.packet.spi}`;
};

describe('the policy of what leaves', () => {
  it('is one of direction out, about these addresses', () => {
    expect(sent([policy(`out ${ENDS}`, [TUNNEL])], [state(TUNNEL)])).toBe('spi 1');
    expect(sent([policy(`in ${ENDS}`, [TUNNEL]), policy(`fwd ${ENDS}`, [TUNNEL])], [state(TUNNEL)])).toBe('clear');
    expect(sent([policy('out 10.2.0.0/16>10.244.1.0/24', [TUNNEL])], [state(TUNNEL)])).toBe('clear');
  });

  it('with the lowest priority number wins, also where it asks for nothing', () => {
    const bypass = (priority: number) => policy('out 0.0.0.0/0>10.2.0.2/32', [], { priority });
    const tunnel = policy(`out ${ENDS}`, [TUNNEL], { priority: 10 });
    expect([sent([tunnel, bypass(5)], [state(TUNNEL)]), sent([tunnel, bypass(15)], [state(TUNNEL)])]).toEqual([
      'clear',
      'spi 1',
    ]);
  });

  it('may block', () => {
    expect(sent([policy(`out ${ENDS}`, [], { action: 'block' })], [])).toBe('policy-block');
  });

  it('with an interface of its own is for what leaves by it', () => {
    const by = (ifId: number | undefined) =>
      sent(
        [policy(`out ${ENDS}`, [TUNNEL], { ...(ifId === undefined ? {} : { ifId }) })],
        [state(TUNNEL, { ...(ifId === undefined ? {} : { ifId }) })],
      );
    expect([by(undefined), by(7)]).toEqual(['spi 1', 'clear']);
  });
});

describe('the SA that serves a template', () => {
  const with1 = (...sas: string[]) => sent([policy(`out ${ENDS}`, [TUNNEL])], sas);

  it.each([
    ['another reqid', 'esp 192.168.10.1>192.168.10.2 reqid 2 tunnel'],
    ['another far end', 'esp 192.168.10.1>192.168.10.3 reqid 1 tunnel'],
    ['another near end', 'esp 192.168.10.9>192.168.10.2 reqid 1 tunnel'],
    ['the other direction', 'esp 192.168.10.2>192.168.10.1 reqid 1 tunnel'],
    ['transport mode', 'esp 192.168.10.1>192.168.10.2 reqid 1 transport'],
    ['another protocol', 'ah 192.168.10.1>192.168.10.2 reqid 1 tunnel'],
  ])('is none with %s', (_what, other) => {
    expect(with1(state(other, { spi: 9 }))).toBe('no-state');
    expect(with1(state(other, { spi: 9 }), state(TUNNEL, { spi: 2 }))).toBe('spi 2');
  });

  it('is none that still waits for its keys', () => {
    expect(with1(state(TUNNEL, { spi: 0 }))).toBe('no-state');
  });

  it('has the mark of the packet, or none', () => {
    const marked = (mark: number) =>
      sent([policy(`out ${ENDS}`, [TUNNEL])], [state(TUNNEL, { spi: 3, mark: '0x10/0xf0' })], {
        packet: packet(SENT, { mark }),
      });
    expect([marked(0x1f), marked(0x20)]).toEqual(['spi 3', 'no-state']);
  });

  it('may be missing where the template is optional', () => {
    expect(sent([policy(`out ${ENDS}`, [`${TUNNEL} use`])], [])).toBe('clear');
  });
});

describe('XFRM is asked', () => {
  const routes: Text = ['ip-route', `${HOST_ROUTES}default via 192.168.10.254 dev eth0\n`, 4];
  const codes = (ends: string, ...texts: Text[]) =>
    walk(host(OFF, routes, policies(policy(`out ${ends}`, [TUNNEL])), states(state(TUNNEL)), ...texts), {
      dst: '10.2.0.2',
    }).forward.steps.map((s) => s.action.code);

  it('when a packet is forwarded, by the addresses that it has then', () => {
    expect(codes('10.244.1.0/24>10.2.0.0/16')).toContain('esp-encapsulate');
    expect(codes('192.168.10.0/24>10.2.0.0/16')).not.toContain('esp-encapsulate');
  });

  it('again when POSTROUTING changed the source (nf_xfrm_me_harder)', () => {
    const masquerades = nat(4, '-A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE');
    expect(codes('10.244.1.0/24>10.2.0.0/16', masquerades)).not.toContain('esp-encapsulate');
    expect(codes('192.168.10.0/24>10.2.0.0/16', masquerades)).toContain('esp-encapsulate');
  });

  it('not again for what it wrapped itself', () => {
    const outer = '192.168.10.1/32>192.168.10.2/32';
    const twice = policies(policy('out 10.244.1.0/24>10.2.0.0/16', [TUNNEL]), policy(`out ${outer}`, [TUNNEL]));
    const network = host(OFF, routes, twice, states(state(TUNNEL)));
    const wrapped = walk(network, { dst: '10.2.0.2' }).forward.steps.filter((s) => s.action.code === 'esp-encapsulate');
    expect(wrapped).toHaveLength(1);
  });

  it('so that -m policy tells POSTROUTING what will be wrapped', () => {
    const spares = nat(4, '-A POSTROUTING -s 10.244.1.0/24 -m policy --dir out --pol none -j MASQUERADE');
    expect(codes('10.244.1.0/24>10.2.0.0/16', spares)).not.toContain('masquerade');
    expect(codes('10.9.0.0/24>10.2.0.0/16', spares)).toContain('masquerade');
  });

  it('and its packet passes OUTPUT and POSTROUTING once more, FORWARD once', () => {
    const esp = (hook: string) => table('filter', 4, `-A ${hook} -p esp -j DROP`);
    expect(codes('10.244.1.0/24>10.2.0.0/16', esp('OUTPUT')).at(-1)).toBe('rule-drop');
    expect(codes('10.244.1.0/24>10.2.0.0/16', esp('FORWARD')).at(-1)).not.toBe('rule-drop');
  });
});

it('a tunnel to a host that no route leads to is not sent', () => {
  const network = host(OFF, policies(policy(`out ${ENDS}`, [TUNNEL])), states(state(TUNNEL)), ['ip-addr', HOST]);
  expect(walk(network, { dst: '10.2.0.2' }).forward.end.reason).toBe('no-route');
});
