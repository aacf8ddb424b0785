import { describe, expect, test } from 'vitest';
import { failing, PODS, rulesFirst } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'masq-wrong-or-no-address';
/** The pod's traffic is masqueraded on fn-1 with docker0's kind of address on the tunnel device, which fn-2 has no route to. */
const masqueraded = () =>
  rulesFirst(
    quietCluster().edited(
      'fn-1/ip_addr.txt',
      'inet 10.160.0.0/32 scope global flannel.1',
      'inet 10.99.0.1/32 scope global flannel.1',
    ),
    'fn-1',
    'nat',
    [],
    ['-A POSTROUTING -s 10.160.0.0/24 -o flannel.1 -j MASQUERADE'],
  ).edited('fn-2/ip_route.txt', /^default .*\n/m, '');

describe(ID, () => {
  test('holds where the answer cannot find back to the address that was taken', () => {
    const judged = failing(masqueraded());
    expect(findingOf(judged, ID)).toMatchObject({
      node: 'fn-2',
      values: { variant: 'wrong', address: '10.99.0.1', from: 'fn-1' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'explicit-source', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where there is no address to take', () => {
    const judged = failing(
      masqueraded()
        .edited('fn-1/ip_addr.txt', /^ +inet \d.* scope global .*\n(?: +valid_lft.*\n)?/gm, '')
        .edited('fn-1/ip_route.txt', /^local .* table local .*scope host.*\n/gm, ''),
    );
    expect(findingOf(judged, ID)).toMatchObject({ node: 'fn-1', values: { variant: 'none', device: 'flannel.1' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('an address that is routed back to is no case of it', () => {
    expect(
      findingOf(failing(masqueraded().edited('fn-1/ip_addr.txt', 'inet 10.99.0.1/32', 'inet 10.160.0.0/32')), ID),
    ).toBeUndefined();
  });

  test('without the rules nobody is accused', () => {
    expect(
      findingOf(failing(masqueraded().without('iptables-save', 'fn-1').without('nft-ruleset', 'fn-1')), ID),
    ).toBeUndefined();
  });

  test("without the routes of the answer's sender they would tell whether the address is one to answer to", () => {
    const flow = { ...PODS, dst: '10.6.6.12', dport: 10250 };
    const masked = rulesFirst(
      quietCluster(),
      'fn-1',
      'nat',
      [],
      ['-A POSTROUTING -s 10.160.0.0/24 -o eth0 -j MASQUERADE'],
    )
      .edited('fn-1/ip_addr.txt', 'inet 10.6.6.11/24', 'inet 10.99.0.1/24')
      .edited('fn-2/ss_-antp.txt', /$/, 'LISTEN 0 128 0.0.0.0:10250 0.0.0.0:*\n');
    const judged = failing(masked.without('ip-route', 'fn-2/ip'), flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-route fn-2']);
    expect(neededFor(masked.without('ip-route', 'fn-2/ip').judge(flow), ID)).toBeUndefined();
  });
});
