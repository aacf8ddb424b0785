import { describe, expect, test } from 'vitest';
import type { FlowQuestion } from '../../src/path/walk-result.ts';
import { failing } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'hairpin-self-service';
const SELF: FlowQuestion = {
  proto: 'tcp',
  src: '10.160.1.9',
  sport: 40003,
  dst: '10.161.5.1',
  dport: 80,
  start: 'fn-2/api-a',
};
/** The service's only server is the pod that asks. */
const alone = () =>
  quietCluster().edited(
    'fn-2/ipvsadm_-Ln.txt',
    /(TCP {2}10\.161\.5\.1:80 rr\n.*10\.160\.1\.9:8080.*\n).*10\.160\.2\.9.*\n/,
    '$1',
  );
const loopBack = (bundle = alone()) =>
  bundle.edited(
    'fn-2/ipset_list.txt',
    /(Name: KUBE-LOOP-BACK\n(?:.*\n)*?Members:\n)/,
    '$110.160.1.9,tcp:8080,10.160.1.9\n',
  );
const withoutLoopBack = (bundle = alone()) =>
  bundle.edited('fn-2/ipset_list.txt', /^10\.160\.1\.9,tcp:8080,10\.160\.1\.9.*\n/gm, '');

describe(ID, () => {
  test('holds where the bridge port has hairpin mode off, and turning it on mends it', () => {
    const judged = failing(loopBack(), SELF);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { variant: 'hairpin', bridgePort: 'vethapi-a', server: '10.160.1.9' },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'hairpin-on', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where nothing changes the source', () => {
    const judged = failing(
      withoutLoopBack().edited(
        'fn-2/ip_addr.txt',
        /(vethapi-a@(?:.*\n)*? +bridge_slave .*)hairpin off/,
        '$1hairpin on',
      ),
      SELF,
    );
    expect(findingOf(judged, ID)).toMatchObject({ values: { variant: 'no-snat' } });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'masquerade-self', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('another pod of the service is no case of it', () => {
    const judged = failing(alone(), { ...SELF, src: '10.160.1.10', start: 'fn-2/api-cli' });
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('where the mode was not printed it is open', () => {
    const judged = failing(loopBack().edited('fn-2/ip_addr.txt', / hairpin off/g, ''), SELF);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided).toContainEqual(
      expect.objectContaining({ id: ID, missing: [{ kind: 'bridge-link', namespace: 'fn-2' }] }),
    );
  });
});
