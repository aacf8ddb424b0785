import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting, withRules } from './services.ts';

const ID = 'hostport-steals-vip-port';
const stolen = (port: number) =>
  withRules(
    quietCluster(),
    'fn-1',
    'nat',
    ['CNI-HOSTPORT-DNAT', 'CNI-DN-0123456789abcdef0'],
    [
      '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"abc\\"" -m multiport --dports ${port} -j CNI-DN-0123456789abcdef0`,
      `-A CNI-DN-0123456789abcdef0 -p tcp -m tcp --dport ${port} -j DNAT --to-destination 10.160.2.2:8080`,
    ],
  );

describe(ID, () => {
  test('holds where the hostPort takes the port of a service, and moving it mends that', () => {
    const judged = waiting(stolen(80)).judge(ASKED);
    // Of a flow of which nothing was seen it is no more than likely.
    expect(findingOf(stolen(80).judge(ASKED), ID)).toMatchObject({ confidence: 'likely' });
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      at: 'PREROUTING',
      values: { server: '10.160.2.2', right: '10.160.1.9:8080' },
      fixes: [{ id: 'other-host-port', provenByWalk: true }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a hostPort of another port leaves the service alone', () => {
    expect(stolen(8081).judge(ASKED).found).toEqual([]);
  });

  test("a hostPort on the node's own address is what it should be", () => {
    expect(
      findingOf(stolen(80).judge({ ...ASKED, src: '10.6.6.99', dst: '10.6.6.11', start: 'ext' }), ID),
    ).toBeUndefined();
  });

  test('without the virtual services it is undecided', () => {
    const judged = stolen(80).without('ipvsadm', 'fn-1').judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipvsadm', namespace: 'fn-1' }]);
  });
});
