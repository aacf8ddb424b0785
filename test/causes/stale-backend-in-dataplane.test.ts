import { describe, expect, test } from 'vitest';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ASKED, endpointsYaml, quietCluster, serviceYaml, waiting } from './services.ts';

const ID = 'stale-backend-in-dataplane';
const stale = () =>
  quietCluster().edited(
    'fn-1/ipvsadm_-Ln.txt',
    /(TCP {2}10\.161\.5\.1:80 rr\n)(?: {2}->.*\n)+/,
    '$1  -> 10.160.1.77:8080             Masq    1      0          0         \n',
  );
const SERVICE = serviceYaml({ name: 'api', clusterIP: '10.161.5.1', ports: [{ port: 80, targetPort: 8080 }] });

describe(ID, () => {
  test('is certain where the endpoints are known', () => {
    const judged = waiting(stale())
      .withFile('fn-1/kubectl.yaml', SERVICE + endpointsYaml('api', 8080, ['10.160.1.9', '10.160.2.9']))
      .judge(ASKED);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      values: { form: 'stale', server: '10.160.1.77', service: 'shop/api', via: 'fn-1' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely where only the other nodes tell', () => {
    const judged = waiting(stale()).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely', values: { other: 'fn-2' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for a service that lacks the servers it has', () => {
    const judged = waiting(
      quietCluster().edited('fn-1/ipvsadm_-Ln.txt', /(TCP {2}10\.161\.5\.1:80 rr\n)(?: {2}->.*\n)+/, '$1'),
    )
      .withFile('fn-1/kubectl.yaml', SERVICE + endpointsYaml('api', 8080, ['10.160.1.9']))
      .judge(ASKED);
    expect(judged.found[0]).toMatchObject({ id: ID, values: { form: 'missing' }, fixes: [{ provenByWalk: true }] });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a server that is an endpoint is no case of it', () => {
    const judged = waiting(stale())
      .withFile('fn-1/kubectl.yaml', SERVICE + endpointsYaml('api', 8080, ['10.160.1.77']))
      .judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('server-is-endpoint');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('without the objects and without another node, nobody that answers for the server is enough', () => {
    const judged = waiting(
      quietCluster()
        .edited(
          'fn-1/ipvsadm_-Ln.txt',
          /(TCP {2}10\.161\.5\.1:80 rr\n)(?: {2}->.*\n)+/,
          '$1  -> 10.160.0.77:8080             Masq    1      0          0         \n',
        )
        .appended('fn-1/ip_neigh.txt', '10.160.0.77 dev cni0  FAILED\n')
        .withoutNode('fn-2')
        .withoutNode('fn-3'),
    ).judge(ASKED);
    expect(judged.found[0]).toMatchObject({ id: ID, values: { form: 'dead', server: '10.160.0.77' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the server is in no capture and neither are the endpoints: they would tell', () => {
    const lonely = stale().withoutNode('fn-2').withoutNode('fn-3');
    const judged = waiting(lonely).judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['kubectl fn-1']);
    expect(neededFor(lonely.judge(ASKED), ID)).toBeUndefined();
    const told = lonely.withFile('fn-1/kubectl.yaml', SERVICE + endpointsYaml('api', 8080, ['10.160.1.77']));
    expect(neededFor(waiting(told).judge(ASKED), ID)).toBeUndefined();
  });
});
