import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf, recorded } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { waiting } from './services.ts';

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

describe.skipIf(!recorded)(ID, () => {
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
});
