import { describe, expect, test } from 'vitest';
import { failing, rulesFirst } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ipset, quietCluster } from './services.ts';

const ID = 'calico-rpf-raw-drop';
const withRpf = () =>
  rulesFirst(
    quietCluster()
      .edited('fn-1/ip_route.txt', /^10\.160\.0\.0\/24 dev cni0.*\n/m, '10.160.0.0/24 dev docker0 scope link \n')
      .edited(
        'fn-1/iptables-save.txt',
        /^\*filter\n/m,
        '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*filter\n',
      ),
    'fn-1',
    'raw',
    ['cali-PREROUTING', 'cali-rpf-skip'],
    [
      '-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING',
      '-A cali-PREROUTING -i cni0 -m comment --comment "cali:dXR-zSEZEq3dPNTn" -m rpfilter --invert --validmark -j DROP',
    ],
  );

describe(ID, () => {
  test('holds where the way back leads out of another device', () => {
    const judged = failing(withRpf());
    expect(findingOf(judged, ID)).toMatchObject({
      node: 'fn-1',
      at: 'PREROUTING',
      values: { owner: 'calico', table: 'raw' },
    });
    expect(['certain', 'likely']).toContain(findingOf(judged, ID)?.confidence);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a workload whose way back is right passes the rule', () => {
    const judged = failing(
      withRpf().edited(
        'fn-1/ip_route.txt',
        '10.160.0.0/24 dev docker0 scope link',
        '10.160.0.0/24 dev cni0 scope link',
      ),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the routes it is not certain', () => {
    expect(findingOf(failing(withRpf().without('ip-route', 'fn-1/ip')), ID)?.confidence).not.toBe('certain');
  });

  test("without the rules of a node of Calico's they would tell, where the way back is another device's", () => {
    const calico = withRpf().appended(
      'fn-1/ipset_list.txt',
      ipset('cali40all-ipam-pools', 'hash:net', ['10.160.0.0/16']),
    );
    const dark = calico.without('iptables-save', 'fn-1').without('nft-ruleset', 'fn-1');
    const judged = failing(dark);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save fn-1']);
    const straight = dark.edited('fn-1/ip_route.txt', '10.160.0.0/24 dev docker0', '10.160.0.0/24 dev cni0');
    expect(neededFor(failing(straight), ID)).toBeUndefined();
    const flannel = withRpf().without('iptables-save', 'fn-1').without('nft-ruleset', 'fn-1');
    expect(neededFor(failing(flannel), ID)).toBeUndefined();
  });
});
