import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { endpointsYaml, serviceYaml, waiting } from './services.ts';

const ID = 'etp-local-iptables-no-local-ep';
const NFT = `table ip kube-proxy {
	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.8.3.101 . tcp . 7000 : drop }
	}

	chain filter-forward {
		type filter hook forward priority dstnat - 10; policy accept;
		ct state new jump service-endpoints-check
	}

	chain service-endpoints-check {
		ip daddr . meta l4proto . th dport vmap @no-endpoint-services
	}
}
`;
const NAME = 'gen-kubeproxy-iptables-no-endpoints';
const external = () =>
  bundleOf(NAME)
    .without('tcpdump')
    .edited(
      'gke-a/iptables-save.txt',
      /-A KUBE-SERVICES (-d 10\.8\.3\.101.*)has no endpoints(".*)-j REJECT --reject-with icmp-port-unreachable/,
      '-A KUBE-EXTERNAL-SERVICES $1has no local endpoints$2-j DROP',
    );

describe(ID, () => {
  test('holds where kube-proxy drops for want of a local endpoint', () => {
    const judged = external().judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'gke-a',
      values: { service: 'boutique/currency', chain: 'KUBE-EXTERNAL-SERVICES' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is certain where the client still waits', () => {
    const flow = { ...flowOf(NAME), sport: 40001 };
    expect(waiting(external(), flow).judge(flow).found[0]).toMatchObject({ id: ID, confidence: 'certain' });
  });

  test('holds in nftables mode, where a map drops', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .without('iptables-save')
      .withFile('gke-a/nft_ruleset.txt', NFT)
      .judge(flowOf(NAME));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'gke-a', values: { chain: 'service-endpoints-check' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a service without any endpoint, and an internal policy, are other causes', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
    const internal = bundleOf(NAME)
      .without('tcpdump')
      .edited(
        'gke-a/iptables-save.txt',
        /(-d 10\.8\.3\.101.*)has no endpoints(".*)-j REJECT --reject-with icmp-port-unreachable/,
        '$1has no local endpoints$2-j DROP',
      )
      .judge(flowOf(NAME));
    expect(findingOf(internal, ID)).toBeUndefined();
    expect(internal.found[0]?.id).toBe('itp-local-no-local-ep');
  });

  test('without the rules nothing is claimed', () => {
    expect(
      findingOf(external().without('iptables-save').without('nft-ruleset').judge(flowOf(NAME)), ID),
    ).toBeUndefined();
  });

  const objects = (policy: string, endpoint: string, node: string) =>
    serviceYaml({
      namespace: 'edge',
      name: 'gateway',
      type: 'NodePort',
      clusterIP: '10.100.9.9',
      ports: [{ port: 443, targetPort: 8443, nodePort: 30443 }],
      spec: [`externalTrafficPolicy: ${policy}`],
    }) +
    endpointsYaml('gateway', 8443, [endpoint], 'edge').replace('  conditions:', `  nodeName: ${node}\n  conditions:`);

  test('without the rules of the node that is asked, they would tell where the policy is Local and the endpoint elsewhere', () => {
    const dark = bundleOf('etp-local-drop').without('iptables-save', 'eu-w1/').without('nft-ruleset', 'eu-w1/');
    const asked = (policy: string, endpoint: string, node: string) =>
      dark.withFile('eu-w1/kubectl.yaml', objects(policy, endpoint, node)).judge(flowOf('etp-local-drop'));
    expect(findingOf(bundleOf('etp-local-drop').judge(flowOf('etp-local-drop')), ID)).toMatchObject({ node: 'eu-w1' });
    const judged = asked('Local', '10.100.2.9', 'eu-w2');
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save eu-w1']);
    expect(neededFor(asked('Local', '10.100.1.9', 'eu-w1'), ID)).toBeUndefined();
    const waits = objects('Local', '10.100.1.9', 'eu-w1').replace('ready: true', 'ready: false');
    const notReady = dark.withFile('eu-w1/kubectl.yaml', waits).judge(flowOf('etp-local-drop'));
    expect(neededFor(notReady, ID)).toEqual(['iptables-save eu-w1']);
    expect(neededFor(asked('Cluster', '10.100.2.9', 'eu-w2'), ID)).toBeUndefined();
    expect(neededFor(dark.judge(flowOf('etp-local-drop')), ID)).toBeUndefined();
  });
});
