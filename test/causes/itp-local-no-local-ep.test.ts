import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, serviceYaml, waiting } from './services.ts';

const ID = 'itp-local-no-local-ep';
const empty = () =>
  quietCluster().edited('fn-1/ipvsadm_-Ln.txt', /(TCP {2}10\.161\.5\.1:80 rr\n)(?: {2}->.*\n)+/, '$1');
const service = (policy: string) =>
  serviceYaml({
    name: 'api',
    clusterIP: '10.161.5.1',
    ports: [{ port: 80, targetPort: 8080 }],
    spec: [`internalTrafficPolicy: ${policy}`],
  });

describe(ID, () => {
  test('is certain where the service says so', () => {
    const judged = waiting(empty()).withFile('fn-1/kubectl.yaml', service('Local')).judge(ASKED);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { mode: 'ipvs', elsewhere: 'fn-2' },
      fixes: [{ id: 'policy-cluster', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely where only the other nodes tell', () => {
    expect(findingOf(waiting(empty()).judge(ASKED), ID)?.confidence).toBe('likely');
  });

  test('holds in iptables mode by the name that the rule gives', () => {
    const name = 'gen-kubeproxy-iptables-no-endpoints';
    const judged = bundleOf(name)
      .without('tcpdump')
      .edited(
        'gke-a/iptables-save.txt',
        /(-d 10\.8\.3\.101.*)has no endpoints(".*)-j REJECT --reject-with icmp-port-unreachable/,
        '$1has no local endpoints$2-j DROP',
      )
      .judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'gke-a', values: { mode: 'iptables' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a service with the Cluster policy is no case of it', () => {
    const judged = waiting(empty()).withFile('fn-1/kubectl.yaml', service('Cluster')).judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the service object, and without a trace of the flow, it is undecided', () => {
    const judged = empty().judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'kubectl', namespace: 'fn-1' }]);
  });
});
