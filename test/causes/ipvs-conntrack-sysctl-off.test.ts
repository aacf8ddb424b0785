import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'ipvs-conntrack-sysctl-off';
const NAME = 'openyurt-ipvs-ipsec';
const off = () =>
  bundleOf(NAME)
    .without('tcpdump')
    .edited('cloud-gw/conntrack_-L.txt', /.*10\.255\.31\.243.*\n/g, '')
    .edited('cloud-gw/sysctl_-a.txt', 'net.ipv4.vs.conntrack = 1', 'net.ipv4.vs.conntrack = 0');

describe(ID, () => {
  test('IPVS does not track, nothing masquerades', () => {
    const judged = off().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      // It dies where the answer's destination is held as well; the setting is the sender's.
      node: 'edge-gw',
      values: { sender: 'cloud-gw', virtual: '10.255.31.243', server: '10.233.68.67' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an entry of the virtual address is proof of tracking', () => {
    const judged = bundleOf(NAME)
      .edited('cloud-gw/sysctl_-a.txt', 'net.ipv4.vs.conntrack = 1', 'net.ipv4.vs.conntrack = 0')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'tracked-all-the-same' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('switched on it is not in question', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the sysctl it would tell, where IPVS has a connection that conntrack does not know', () => {
    const judged = off().without('sysctl', 'cloud-gw/sysctl').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['sysctl cloud-gw']);
    // The recorded entry of the virtual address says that IPVS tracks.
    expect(neededFor(bundleOf(NAME).without('sysctl', 'cloud-gw/sysctl').judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
