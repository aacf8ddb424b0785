import { describe, expect, test } from 'vitest';
import { failing } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'policy-route-precedence';
const diverted = (rule = 'from 10.160.0.0/24 lookup 200') =>
  quietCluster()
    .edited('fn-1/ip_rule.txt', /^32766:/m, `1000:\t${rule}\n32766:`)
    .edited('fn-1/ip_route.txt', /^(default .*\n)/m, '$1default via 10.6.6.77 dev eth0 table 200 \n');

describe(ID, () => {
  test('holds where a rule takes the packet to another table, and the walk without it delivers', () => {
    const judged = failing(diverted());
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { priority: 1000, table: '200', device: 'eth0', mainDevice: 'flannel.1' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([
      {
        id: 'delete-rule',
        provenByWalk: true,
        commands: [{ command: 'ip rule del priority 1000 from 10.160.0.0/24 lookup 200' }],
      },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a rule that does not match the packet is no case of it', () => {
    expect(findingOf(failing(diverted('from 10.99.0.0/24 lookup 200')), ID)).toBeUndefined();
  });

  test('a rule that is not the fault is no case of it', () => {
    const judged = failing(
      diverted().edited('fn-2/sysctl_-a.txt', /^(net\.ipv4\.\S*(?:ip_forward|\.forwarding)) = 1/gm, '$1 = 0'),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test("where the rule's table was not captured it is open", () => {
    const judged = failing(
      quietCluster()
        .edited('fn-1/ip_rule.txt', /^32766:/m, '1000:\tfrom 10.160.0.0/24 lookup 200\n32766:')
        .edited('fn-1/ip_route.txt', /^.* table local .*\n/gm, ''),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'ip-route', namespace: 'fn-1' }] }),
    );
  });
});
