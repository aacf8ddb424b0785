import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';

const ID = 'ipvs-host-clusterip-xfrm-innopols';
const NAME = 'openyurt-ipvs-ipsec';
const own = <T extends { readonly id: string }>(list: readonly T[]) => list.filter((item) => item.id === ID);

describe(ID, () => {
  test('holds for the host that asks a ClusterIP beyond the tunnel, with the proven policy', () => {
    const { found, flow } = bundleOf(NAME).judge(flowOf(NAME));
    expect(flow.outcome).toBe('dropped');
    expect(found[0]).toMatchObject({ id: ID, confidence: 'certain', node: 'cloud-gw', at: 'xfrm-in' });
    expect(found[0]?.fixes).toMatchObject([{ id: 'add-in-policy', provenByWalk: true }]);
    expect(found[0]?.values).toMatchObject({
      virtual: '10.255.31.243',
      server: '10.233.68.67',
      masqueraded: '10.233.64.0',
      counter: 6,
    });
  });

  test('the pod by its own address is no case of it', () => {
    const judged = bundleOf(NAME).judge({ src: '10.233.64.0', dst: '10.233.68.67', dport: 80, start: 'cloud-gw' });
    expect(judged.flow.outcome).toBe('delivered');
    expect(own(judged.found)).toEqual([]);
    expect(own(judged.ruledOut)).toMatchObject([{ because: 'not-a-virtual-service' }]);
  });

  test('the ClusterIP from a pod is no case of it: the forward check comes before IPVS puts the address back', () => {
    const judged = bundleOf(NAME).judge({
      src: '10.233.64.5',
      dst: '10.255.31.243',
      dport: 80,
      start: 'cloud-gw/client',
    });
    expect(judged.flow.outcome).toBe('delivered');
    expect(own(judged.found)).toEqual([]);
    expect(own(judged.ruledOut)).toMatchObject([{ because: 'client-in-pod' }]);
  });

  test('kube-proxy in iptables mode is no case of it: netfilter undoes what netfilter did', () => {
    const judged = bundleOf('ok-ipsec-iptables-mode').judge(flowOf('ok-ipsec-iptables-mode'));
    expect(judged.flow.outcome).toBe('delivered');
    expect(own(judged.found)).toEqual([]);
    expect(own(judged.ruledOut)).toMatchObject([{ because: 'translated-by-netfilter' }]);
  });

  test('a policy for the service address lets the answer pass', () => {
    const policy =
      'src 10.255.0.0/16 dst 10.233.64.0/24 uid 0\n\tdir in action allow index 40 priority 1757392 ptype main share any flag  (0x00000000)\n\ttmpl src 0.0.0.0 dst 0.0.0.0\n\t\tproto esp spi 0x00000000(0) reqid 0(0x00000000) mode tunnel\n\t\tlevel required share any \n';
    const judged = bundleOf(NAME).appended('cloud-gw/ip_xfrm_policy.txt', policy).judge(flowOf(NAME));
    expect(judged.flow.walked.branches[0]?.outcome).toBe('delivered');
    expect(own(judged.found)).toEqual([]);
  });

  test('a flat counter refutes it', () => {
    const judged = bundleOf(NAME)
      .edited('cloud-gw/xfrm_stat.txt', /XfrmInNoPols(\s+)6/, 'XfrmInNoPols$10')
      .judge(flowOf(NAME));
    expect(own(judged.found)).toEqual([]);
    expect(own(judged.ruledOut)).toMatchObject([{ because: 'counter-flat' }]);
  });

  test('an answer that never came refutes it', () => {
    const unreplied = /SYN_RECV (src=10\.255\.31\.243 dst=10\.255\.31\.243 sport=45026 dport=80) /;
    const judged = bundleOf(NAME)
      .edited('cloud-gw/conntrack_-L.txt', unreplied, 'SYN_SENT $1 [UNREPLIED] ')
      .judge({ ...flowOf(NAME), sport: 45_026 });
    expect(own(judged.found)).toEqual([]);
    expect(own(judged.ruledOut)).toMatchObject([{ because: 'no-answer-came-back' }]);
  });

  test('without the counters answers that came out of the tunnel and a half open entry make it likely', () => {
    const judged = bundleOf(NAME).without('xfrm-stat', 'cloud-gw').judge(flowOf(NAME));
    expect(own(judged.found)).toMatchObject([{ confidence: 'likely', node: 'cloud-gw' }]);
  });

  test('without the counters and without packets it is open, and says which capture decides', () => {
    const judged = bundleOf(NAME).without('xfrm-stat', 'cloud-gw').without('tcpdump').judge(flowOf(NAME));
    expect(own(judged.found)).toEqual([]);
    expect(own(judged.undecided)).toMatchObject([{ missing: [{ kind: 'xfrm-stat', namespace: 'cloud-gw' }] }]);
  });

  test('without packets the counter cannot be tied to this flow: likely, not certain', () => {
    const judged = bundleOf(NAME).without('tcpdump').judge(flowOf(NAME));
    expect(own(judged.found)).toMatchObject([{ confidence: 'likely', node: 'cloud-gw' }]);
  });
});
