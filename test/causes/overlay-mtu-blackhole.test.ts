import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { packet } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'overlay-mtu-blackhole';
const NAME = 'gen-mtu-blackhole-vxlan';

describe(ID, () => {
  test('holds where full-size segments are repeated on one side and never seen on the other', () => {
    const judged = bundleOf(NAME).judge(flowOf(NAME));
    expect(judged.flow.evidence.seen).toBe('stalled');
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: null,
      between: ['site-b1', 'site-a1'],
      values: { payload: 1398, inner: 1450, outer: 1500, overhead: 50, deviceMtu: 1450 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds over another overlay and link', () => {
    const judged = bundleOf('calico-vxlan-leg-1420').judge(flowOf('calico-vxlan-leg-1420'));
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'certain', node: null });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the connection with the small answer is no case of it', () => {
    const judged = bundleOf(NAME).judge({ ...flowOf(NAME), sport: 35_708 });
    expect(judged.flow.evidence.seen).toBe('ok');
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test.each(['ok-noisy', 'ok-ipvs-cross-node-flannel', 'xfrm-healthy', 'submariner-healthy'])(
    'large answers of %s that arrive are no case of it',
    (name) => {
      const judged = bundleOf(name).judge(flowOf(name));
      expect(judged.flow.evidence.seen).toBe('ok');
      expect(findingOf(judged, ID)).toBeUndefined();
    },
  );

  test("without the other side's captures it is likely, not certain", () => {
    const judged = bundleOf(NAME)
      .without('tcpdump', 'site-a1/tcpdump')
      .without('tcpdump', 'site-a1/netns')
      .judge({ ...flowOf(NAME), sport: 35_712 });
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', node: null });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  const HANGS = { ...flowOf(NAME), sport: 35_712 };
  /** Nobody captured packets; the connection is still open, and its last packet came seven seconds ago. */
  const open = (timeout: number) =>
    bundleOf(NAME)
      .without('tcpdump')
      .withoutFile('nf_conntrack.txt')
      .edited('conntrack_-L.txt', /50 CLOSE_WAIT/g, `${timeout} ESTABLISHED`);

  test('without packets an entry that waits for an acknowledgement asks for them', () => {
    const judged = open(293).judge(HANGS);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['tcpdump site-a1', 'tcpdump site-b1']);
    // An idle connection, one whose last segment was sent just now, and a host whose idle entries live no longer.
    expect(neededFor(open(431_993).judge(HANGS), ID)).toBeUndefined();
    expect(neededFor(open(300).judge(HANGS), ID)).toBeUndefined();
    const short = open(293).edited('sysctl_-a.txt', /(timeout_established) = 432000/, '$1 = 300');
    expect(neededFor(short.judge(HANGS), ID)).toBeUndefined();
  });

  test('a capture of another device at the far end is as good as none', () => {
    const ssh = packet(1, '10.200.1.21.22 > 10.200.1.11.50000: Flags [.], ack 1, win 500, length 0');
    const judged = bundleOf(NAME)
      .without('tcpdump', 'site-a1/tcpdump')
      .without('tcpdump', 'site-a1/netns')
      .withFile('site-a1/tcpdump/eth0.txt', ssh)
      .judge(HANGS);
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'likely', between: ['site-b1', 'site-a1'] });
    expect(unsaid(judged, ID)).toEqual([]);
  });
});
