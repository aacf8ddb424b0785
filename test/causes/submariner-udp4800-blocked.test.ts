import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { established, waiting } from './services.ts';

const ID = 'submariner-udp4800-blocked';
const NAME = 'submariner-hostnet-rule-deleted';
/** The flow of a pod, which needs no rule. */
const flow = { ...flowOfPod(), sport: undefined };
function flowOfPod() {
  return { proto: 'tcp', src: '10.9.0.9', dst: '10.8.0.7', dport: 80, start: 'c2-control-plane/netshoot' };
}
const DROP = '[7:770] -A INPUT -p udp -m udp --dport 4800 -j DROP\n';

describe(ID, () => {
  test('a rule before the agent’s own drops the tunnel', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .without('conntrack')
      .edited('c2-worker/iptables-save.txt', /(?=.*-A INPUT )/, DROP)
      .judge({ ...flow, sport: 40001 });
    expect(judged.found[0]).toMatchObject({
      id: ID,
      node: 'c2-worker',
      at: 'INPUT',
      values: { rule: true, port: 4800 },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'accept', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the network between the nodes drops it', () => {
    const judged = bundleOf('submariner-healthy')
      .without('conntrack')
      .edited('c2-worker/tcpdump/any.txt', /.*\.4800.*\n|.*vx-submariner.*\n/g, '')
      .edited('c2-worker/tcpdump/any.txt', /.*10\.9\.0\.9.*\n/g, '')
      .edited('c2-control-plane/netns/netshoot/tcpdump/eth0.txt', /.*IP 10\.8\.0\.7.*\n/g, '')
      .edited('c2-control-plane/tcpdump/any.txt', /.*IP 10\.8\.0\.7.*\n/g, '')
      .judge(flowOf('submariner-healthy'));
    const found = findingOf(judged, ID);
    if (found) {
      expect(found).toMatchObject({ node: null, between: ['c2-control-plane', 'c2-worker'] });
      expect(unsaid(judged, ID)).toEqual([]);
    }
  });

  test('a tunnel that passes is not accused', () => {
    expect(findingOf(bundleOf('submariner-healthy').judge(flowOf('submariner-healthy')), ID)).toBeUndefined();
  });

  test('another overlay’s port is another cause', () => {
    const judged = bundleOf('gen-vxlan-fdb-missing').judge(flowOf('gen-vxlan-fdb-missing'));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without captures at either end they would tell, where the gateway tracks and has no entry', () => {
    const waitingFlow = { ...flow, sport: 40001 };
    const dark = bundleOf(NAME).without('tcpdump').withoutFile('nf_conntrack.txt');
    const other = established({ ...waitingFlow, src: '10.9.0.99' }, '10.8.0.7', 80, '10.9.0.99');
    const asked = waiting(dark.withFile('c2-worker/conntrack_-L.txt', other), waitingFlow).judge(waitingFlow);
    expect(findingOf(asked, ID)).toBeUndefined();
    expect(neededFor(asked, ID)).toEqual(['tcpdump c2-control-plane', 'tcpdump c2-worker']);
    const untracked = waiting(dark.without('conntrack'), waitingFlow).judge(waitingFlow);
    expect(neededFor(untracked, ID)).toBeUndefined();
  });
});
