import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, rulesFirst, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { established, quietCluster } from './services.ts';

const ID = 'ipip-proto4-blocked';
/** The same cluster with Calico's IP-in-IP instead of flannel's VXLAN. */
const overIpip = () => {
  let bundle = quietCluster();
  for (const [node, prefix, via] of [
    ['fn-1', '10.160.1.0/24', '10.6.6.12'],
    ['fn-2', '10.160.0.0/24', '10.6.6.11'],
  ] as const)
    for (const [file, from, to] of [
      [
        'ip_route.txt',
        new RegExp(`^${prefix.replace('/', '\\/')} via .*$`, 'm'),
        `${prefix} via ${via} dev tunl0 proto bird onlink `,
      ],
      ['ip_addr.txt', /tunl0@NONE: <NOARP>/, 'tunl0@NONE: <NOARP,UP,LOWER_UP>'],
      ['ip_link_stats.txt', /tunl0@NONE: <NOARP>/, 'tunl0@NONE: <NOARP,UP,LOWER_UP>'],
    ] as const)
      bundle = bundle.edited(`${node}/${file}`, from, to);
  return bundle;
};
const leaving = (seconds: readonly number[]) =>
  seconds
    .map((s) =>
      packet(s, `10.6.6.11 > 10.6.6.12: IP ${syn(PODS.src, 40002, PODS.dst, 8080)} (ipip-proto-4)`, {
        device: 'eth0',
        direction: 'Out',
      }),
    )
    .join('');
const otherTraffic = packet(1, '10.6.6.11.22 > 10.6.6.12.50000: Flags [.], ack 1, win 500, length 0', {
  device: 'eth0',
  direction: 'In',
});

describe(ID, () => {
  test('holds where protocol 4 leaves and does not arrive', () => {
    const judged = failing(
      overIpip()
        .withFile('fn-1/tcpdump/any.txt', leaving([1, 2, 4]))
        .withFile('fn-2/tcpdump/any.txt', otherTraffic),
    );
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: null,
      between: ['fn-1', 'fn-2'],
      values: { number: 4, otherwise: true },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("holds where the receiver's own rules drop it", () => {
    const judged = failing(rulesFirst(overIpip(), 'fn-2', 'filter', [], ['-A INPUT -p ipencap -j DROP']));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'fn-2', values: { by: 'rule' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a packet that arrives is no case of it', () => {
    const judged = failing(
      overIpip()
        .withFile('fn-1/tcpdump/any.txt', leaving([1]))
        .withFile('fn-2/tcpdump/any.txt', leaving([1]).replace('eth0 Out', 'eth0 In ')),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test("without the receiver's captures it is not certain", () => {
    const judged = failing(overIpip().withFile('fn-1/tcpdump/any.txt', leaving([1, 2, 4])));
    expect(findingOf(judged, ID)?.confidence).not.toBe('certain');
  });

  test('without captures at either end they would tell, where the receiver tracks and has no entry', () => {
    const other = established({ ...PODS, src: '10.160.2.9' }, PODS.dst, 8080, '10.160.2.9');
    const tracking = overIpip().withFile('fn-2/conntrack_-L.txt', other);
    const judged = failing(tracking);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['tcpdump fn-1', 'tcpdump fn-2']);
    expect(neededFor(judged, 'vxlan-udp-blocked')).toBeUndefined();
    expect(neededFor(failing(overIpip()), ID)).toBeUndefined();
  });
});
