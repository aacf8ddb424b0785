import { describe, expect, test } from 'vitest';
import { failing, PODS, SAME_NODE } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'bridge-nf-off-same-node';
const ASKED = { ...SAME_NODE, dst: '10.161.5.1', dport: 80 };
const alone = () =>
  quietCluster().edited(
    'fn-2/ipvsadm_-Ln.txt',
    /(TCP {2}10\.161\.5\.1:80 rr\n.*10\.160\.1\.9:8080.*\n).*10\.160\.2\.9.*\n/,
    '$1',
  );
const off = () =>
  alone().edited(
    'fn-2/sysctl_-a.txt',
    'net.bridge.bridge-nf-call-iptables = 1',
    'net.bridge.bridge-nf-call-iptables = 0',
  );

describe(ID, () => {
  test('holds where bridged answers pass no iptables, and the sysctl mends it', () => {
    const judged = failing(off(), ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { bridge: 'cni0', server: '10.160.1.9', loaded: true },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'call-iptables', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where the module is not loaded', () => {
    const judged = failing(alone().edited('fn-2/sysctl_-a.txt', /^net\.bridge\..*\n/gm, ''), ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ values: { loaded: false } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a server on another node is no case of it', () => {
    expect(findingOf(failing(off(), PODS), ID)).toBeUndefined();
  });

  test('with the sysctl on it is no case of it', () => {
    expect(findingOf(failing(alone(), ASKED), ID)).toBeUndefined();
  });

  test('without the sysctls it is open', () => {
    const judged = failing(off().without('sysctl', 'fn-2/sysctl'), ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'sysctl', namespace: 'fn-2' }] }),
    );
  });
});
