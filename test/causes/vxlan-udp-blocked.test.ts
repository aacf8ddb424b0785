import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, PODS, packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { established, quietCluster } from './services.ts';

const ID = 'vxlan-udp-blocked';
const OUT = { device: 'eth0', direction: 'Out' } as const;
/** The tunnel's packet leaves fn-1 twice. */
const sending = () =>
  quietCluster().withFile(
    'fn-1/tcpdump/any.txt',
    [1, 2, 4]
      .map((second) =>
        packet(
          second,
          `10.6.6.11.41000 > 10.6.6.12.8472: OTV, flags [I] (0x08), overlay 0, instance 1\nIP ${syn(PODS.src, 40002, PODS.dst, 8080)}`,
          OUT,
        ),
      )
      .join(''),
  );

describe(ID, () => {
  test('holds where the outer packets are seen to leave and not to arrive', () => {
    const judged = failing(
      sending().withFile(
        'fn-2/tcpdump/any.txt',
        packet(1, '10.6.6.11.22 > 10.6.6.12.50000: Flags [.], ack 1, win 500, length 0', {
          device: 'eth0',
          direction: 'In',
        }),
      ),
    );
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: null,
      between: ['fn-1', 'fn-2'],
      values: { port: 8472, by: 'network' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each([
    ['calico-vxlan-4789-blocked', null],
    ['flannel-ufw-drops-8472', 'kube-w2'],
    ['calico-vxlan-host-not-allowed', 'cal-2'],
  ])('holds for the recorded %s', (name, node) => {
    const judged = bundleOf(name).judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({ id: ID, node });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a packet that arrives is no case of it', () => {
    const arriving = packet(
      1,
      `10.6.6.11.41000 > 10.6.6.12.8472: OTV, flags [I] (0x08), overlay 0, instance 1\nIP ${syn(PODS.src, 40002, PODS.dst, 8080)}`,
      { device: 'eth0', direction: 'In' },
    );
    expect(findingOf(failing(sending().withFile('fn-2/tcpdump/any.txt', arriving)), ID)).toBeUndefined();
    expect(findingOf(bundleOf('ok-flannel-ufw-open').judge(flowOf('ok-flannel-ufw-open')), ID)).toBeUndefined();
  });

  test("without the receiver's captures it is not certain", () => {
    const judged = failing(sending());
    expect(findingOf(judged, ID)).toMatchObject({ node: null, between: ['fn-1', 'fn-2'] });
    expect(['likely', 'possible']).toContain(findingOf(judged, ID)?.confidence);
  });

  test('without captures at either end they would tell, where the receiver tracks and has no entry', () => {
    const other = established({ ...PODS, src: '10.160.2.9' }, PODS.dst, 8080, '10.160.2.9');
    const tracking = quietCluster().withFile('fn-2/conntrack_-L.txt', other);
    const judged = failing(tracking);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['tcpdump fn-1', 'tcpdump fn-2']);
    const arrived = established(PODS, PODS.dst, 8080, PODS.src);
    expect(neededFor(failing(tracking.appended('fn-2/conntrack_-L.txt', arrived)), ID)).toBeUndefined();
    expect(neededFor(failing(quietCluster()), ID)).toBeUndefined();
    expect(neededFor(tracking.judge(PODS), ID)).toBeUndefined();
  });

  test('a connection that hangs with its large segments got the small ones through', () => {
    const name = 'gen-mtu-blackhole-vxlan';
    const judged = bundleOf(name)
      .without('tcpdump', 'site-a1/')
      .withFile(
        'site-a1/tcpdump/eth0.txt',
        packet(1, '10.200.1.21.22 > 10.200.1.11.50000: Flags [.], ack 1, win 500, length 0'),
      )
      .judge({ ...flowOf(name), sport: 35_712 });
    expect(judged.flow.evidence.seen).toBe('stalled');
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('packets that left by another device than the walk says were not lost in its tunnel', () => {
    const name = 'raven-flannel-masq-before-xfrm';
    expect(findingOf(bundleOf(name).without('ip-rule').judge(flowOf(name)), ID)).toBeUndefined();
  });
});
