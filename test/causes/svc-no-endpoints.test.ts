import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting } from './services.ts';

const ID = 'svc-no-endpoints';
const NFT = (verdict: string) => `table ip kube-proxy {
	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.8.3.101 . tcp . 7000 : ${verdict} }
	}

	chain filter-forward {
		type filter hook forward priority dstnat - 10; policy accept;
		ct state new jump service-endpoints-check
	}

	chain service-endpoints-check {
		ip daddr . meta l4proto . th dport vmap @no-endpoint-services
	}

	chain reject-chain {
		reject
	}
}
`;

describe(ID, () => {
  test.each([
    ['gen-ipvs-no-real-server', 'alpha', 'ipvs'],
    ['gen-kubeproxy-iptables-no-endpoints', 'gke-a', 'iptables'],
  ])('holds in %s', (name, node, mode) => {
    const judged = bundleOf(name).judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'certain', node, values: { mode } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('names the service that the rule names', () => {
    const judged = bundleOf('gen-kubeproxy-iptables-no-endpoints').judge(flowOf('gen-kubeproxy-iptables-no-endpoints'));
    expect(judged.found[0]?.values.service).toBe('boutique/currency');
  });

  test('holds in nftables mode', () => {
    const name = 'gen-kubeproxy-iptables-no-endpoints';
    const judged = bundleOf(name)
      .without('iptables-save')
      .withFile('gke-a/nft_ruleset.txt', NFT('goto reject-chain'))
      .judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'gke-a', values: { mode: 'nftables' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds by the rules as nft prints them, without their comments', () => {
    const name = 'gen-kubeproxy-iptables-no-endpoints';
    const judged = bundleOf(name).without('iptables-save').judge(flowOf(name));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'gke-a',
      values: { mode: 'iptables' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("a REJECT of somebody else's chain, as nft prints it, is none of kube-proxy's", () => {
    const name = 'gen-kubeproxy-iptables-no-endpoints';
    const judged = bundleOf(name)
      .without('iptables-save')
      .edited('gke-a/nft_ruleset.txt', /(ip daddr 10\.8\.3\.101 .*)reject/, '$1accept')
      .edited(
        'gke-a/nft_ruleset.txt',
        /(chain FORWARD \{\n.*\n)/,
        '$1\t\tip daddr 10.8.3.101 counter packets 2 bytes 120 reject\n',
      )
      .judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without packets the configuration alone makes it likely', () => {
    const judged = bundleOf('gen-ipvs-no-real-server').without('tcpdump').judge(flowOf('gen-ipvs-no-real-server'));
    expect(judged.found[0]).toMatchObject({ id: ID, confidence: 'likely', node: 'alpha' });
  });

  test('a service that other nodes have servers for is no case of it', () => {
    const judged = waiting(
      quietCluster().edited('fn-1/ipvsadm_-Ln.txt', /(TCP {2}10\.161\.5\.1:80 rr\n)(?: {2}->.*\n)+/, '$1'),
    ).judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.filter((r) => r.id === ID)).toMatchObject([{ because: 'endpoints-elsewhere' }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the list of virtual services it is undecided', () => {
    const judged = bundleOf('gen-ipvs-no-real-server').without('ipvsadm').judge(flowOf('gen-ipvs-no-real-server'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipvsadm', namespace: 'alpha' }]);
  });
});
