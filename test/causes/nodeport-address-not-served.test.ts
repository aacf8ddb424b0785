import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ASKED, quietCluster, serviceYaml, waiting } from './services.ts';

const ID = 'nodeport-address-not-served';
const FLOW = { ...ASKED, src: '10.6.6.99', dst: '10.6.6.111', dport: 31800, start: 'ext' };
const second = () =>
  quietCluster()
    .edited(
      'fn-1/ip_addr.txt',
      /( {4}inet 10\.6\.6\.11\/24 scope global eth0\n)/,
      '$1       valid_lft forever preferred_lft forever\n    inet 10.6.6.111/24 scope global secondary eth0\n',
    )
    .appended('fn-1/ip_route.txt', 'local 10.6.6.111 dev eth0 table local proto kernel scope host src 10.6.6.111\n');

describe(ID, () => {
  test('holds on an address that came later, and a virtual service on it mends it', () => {
    const judged = waiting(second(), FLOW).judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      node: 'fn-1',
      values: { address: '10.6.6.111', served: ['10.6.6.11'], port: 31800 },
      fixes: [{ id: 'serve-address', provenByWalk: false }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the address that is served, and a port that is no node port, are no cases of it', () => {
    expect(second().judge({ ...FLOW, dst: '10.6.6.11' }).found).toEqual([]);
    expect(findingOf(second().judge({ ...FLOW, dport: 31801 }), ID)).toBeUndefined();
  });

  test('without virtual services and rules it is undecided, where the Service has the port', () => {
    const judged = second()
      .without('ipvsadm', 'fn-1')
      .without('iptables-save', 'fn-1')
      .without('nft-ruleset', 'fn-1')
      .withFile(
        'fn-1/kubectl.yaml',
        serviceYaml({
          name: 'api',
          type: 'NodePort',
          clusterIP: '10.161.5.1',
          ports: [{ port: 80, targetPort: 8080, nodePort: 31800 }],
        }),
      )
      .judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing.map((m) => m.kind)).toEqual(['ipvsadm', 'iptables-save']);
  });

  test('an empty IPVS table and no rules accuse nobody: the rules would tell', () => {
    const judged = bundleOf('etp-local-drop')
      .without('iptables-save', 'eu-w1/')
      .without('nft-ruleset', 'eu-w1/')
      .judge(flowOf('etp-local-drop'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(findingOf(bundleOf('etp-local-drop').judge(flowOf('etp-local-drop')), ID)).toBeUndefined();
  });

  test("rules that serve no service and IPVS's table missing accuse nobody: the table would tell", () => {
    const name = 'ct-off-nodeport';
    const dark = bundleOf(name).without('ipvsadm');
    const judged = dark.without('ipvsadm-connections').judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)?.[0]).toMatch(/^ipvsadm /);
    // A connection of IPVS to the address says that it is served.
    const connected = dark.judge(flowOf(name));
    expect(findingOf(connected, ID)).toBeUndefined();
    expect(neededFor(connected, ID)).toBeUndefined();
  });
});
