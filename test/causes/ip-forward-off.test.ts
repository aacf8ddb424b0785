import { describe, expect, test } from 'vitest';
import { recorded } from './bundle.ts';
import { failing } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'ip-forward-off';
const off = () =>
  quietCluster()
    .edited('fn-2/sysctl_-a.txt', 'net.ipv4.ip_forward = 1', 'net.ipv4.ip_forward = 0')
    .edited('fn-2/sysctl_-a.txt', /^(net\.ipv4\.conf\.\S+\.forwarding) = 1/gm, '$1 = 0')
    .edited('fn-2/nstat_-az.txt', /IpInAddrErrors(\s+)0 /, 'IpInAddrErrors$14 ');

describe.skipIf(!recorded)(ID, () => {
  test('holds where the node in front of the pod does not forward, and the sysctl mends it', () => {
    const judged = failing(off());
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-2',
      at: 'routing',
      values: { sysctl: 'net.ipv4.ip_forward', counted: 4 },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'forward', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("a pod's own namespace need not forward", () => {
    const judged = failing(
      quietCluster().edited(
        'fn-1/sysctl_-a.txt',
        /^net\.ipv4\.conf\.docker0\.forwarding = 1/m,
        'net.ipv4.conf.docker0.forwarding = 0',
      ),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without sysctls nobody is accused', () => {
    expect(findingOf(failing(off().without('sysctl', 'fn-2')), ID)).toBeUndefined();
  });
});
