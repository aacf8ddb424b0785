import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { podYaml, withRules } from './services.ts';

const ID = 'kube-router-stale-pod-fw';
const NAME = 'kube-router-svip-healthy';
const FLOW = { ...flowOf(NAME), sport: 40001, dport: 80 };
const OLD = 'KUBE-POD-FW-AAAAAAAAAAAAAAAA';
const quiet = () => bundleOf(NAME).without('tcpdump').without('conntrack').withoutFile('nf_conntrack.txt');
const stale = () =>
  withRules(
    quiet(),
    'worker-1',
    'filter',
    [OLD],
    [
      `-A KUBE-ROUTER-OUTPUT -d 10.244.1.15/32 -m comment --comment "rule to jump traffic destined to POD name:job-old namespace: batch to chain ${OLD}" -j ${OLD}`,
      `-A ${OLD} -m comment --comment "rule to REJECT traffic destined for POD name:job-old namespace: batch" -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable`,
    ],
  );

describe(ID, () => {
  test('holds where two pods have a firewall on one address, and removing the old one mends it', () => {
    const judged = stale().judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'worker-1',
      values: { address: '10.244.1.15', pod: 'batch/job-old', chain: OLD },
      fixes: [{ id: 'delete-stale-jump', provenByWalk: false }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds by the pods, where the chain is the only one', () => {
    const only = stale().edited(
      'worker-1/iptables-save.txt',
      /^.*-A KUBE-ROUTER-(OUTPUT|INPUT|FORWARD) -[sd] 10\.244\.1\.15\/32 .*KUBE-POD-FW-7636IMOYQY4GFLNA\n/gm,
      '',
    );
    const judged = only
      .withFile('worker-1/kubectl.yaml', podYaml('web-6d5f8c9b7-x2lqv', 'worker-1', '10.244.1.15'))
      .judge(FLOW);
    expect(findingOf(judged, ID)?.values).toMatchObject({ pod: 'batch/job-old', owner: 'shop/web-6d5f8c9b7-x2lqv' });
    const current = only
      .withFile('worker-1/kubectl.yaml', podYaml('job-old', 'worker-1', '10.244.1.15', 'Running', 'batch'))
      .judge(FLOW);
    expect(findingOf(current, ID)).toBeUndefined();
    expect(current.ruledOut.find((r) => r.id === ID)?.because).toBe('pod-is-current');
    expect(unsaid(current, ID)).toEqual([]);
  });

  test('the firewall of the pod itself is no case of it', () => {
    expect(quiet().judge(FLOW).found).toEqual([]);
  });

  test('whose address it is no capture tells: the pods would', () => {
    const only = stale()
      .edited(
        'worker-1/iptables-save.txt',
        /^.*-A KUBE-ROUTER-(OUTPUT|INPUT|FORWARD) -[sd] 10\.244\.1\.15\/32 .*KUBE-POD-FW-7636IMOYQY4GFLNA\n/gm,
        '',
      )
      .withoutPods()
      .without('kubectl');
    const judged = only.judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['kubectl worker-1']);
  });
});
