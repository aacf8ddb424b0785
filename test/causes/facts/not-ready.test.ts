import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from '../bundle.ts';
import { findingOf } from '../said.ts';
import { ASKED, endpointsYaml, quietCluster, serviceYaml, waiting } from '../services.ts';

/** An endpoint that is not ready gets no traffic: to every cause it is as if it were not there. */

const SERVICE = serviceYaml({ name: 'api', clusterIP: '10.161.5.1', ports: [{ port: 80, targetPort: 8080 }] });
const SERVERS = /(TCP {2}10\.161\.5\.1:80 rr\n)((?: {2}->.*\n)+)/;

/** Every proxy's servers of the service as `edit` leaves them, on the nodes whose file ends so. */
const withServers = (edit: (servers: string) => string, where = 'ipvsadm_-Ln.txt') =>
  quietCluster().edited(where, SERVERS, (_all = '', head = '', servers = '') => head + edit(servers));

const judged = (bundle: ReturnType<typeof quietCluster>, ready: readonly string[], notReady: readonly string[]) =>
  waiting(bundle)
    .withFile('fn-1/kubectl.yaml', SERVICE + endpointsYaml('api', 8080, ready, 'shop', notReady))
    .judge(ASKED);

describe('a service without servers', () => {
  const nobody = () => withServers(() => '');

  test('has no endpoints, where all that it has are not ready', () => {
    const found = judged(nobody(), [], ['10.160.1.9', '10.160.2.9']);
    expect(findingOf(found, 'svc-no-endpoints')).toBeDefined();
    expect(findingOf(found, 'stale-backend-in-dataplane')).toBeUndefined();
  });

  test('lacks the endpoint that is ready', () => {
    const found = judged(nobody(), ['10.160.1.9'], ['10.160.2.9']);
    expect(findingOf(found, 'svc-no-endpoints')).toBeUndefined();
    expect(findingOf(found, 'stale-backend-in-dataplane')).toMatchObject({ values: { endpoints: ['10.160.1.9'] } });
  });
});

test('a server that is gone is held against the endpoints that are ready', () => {
  const stale = withServers(
    () => '  -> 10.160.1.77:8080             Masq    1      0          0         \n',
    'fn-1/ipvsadm_-Ln.txt',
  );
  expect(findingOf(judged(stale, ['10.160.1.9'], ['10.160.2.9']), 'stale-backend-in-dataplane')).toMatchObject({
    values: { endpoints: ['10.160.1.9'] },
  });
});

test('of servers that all have the weight 0, those that are ready are named', () => {
  const drained = withServers((servers) => servers.replace(/( Masq +)\d+/g, '$10'));
  const named = (ready: readonly string[], notReady: readonly string[]) =>
    findingOf(judged(drained, ready, notReady), 'ipvs-weight-zero-pinned')?.values.ready;
  const [one, other] = ['10.160.1.9', '10.160.2.9'] as const;
  expect([named([one, other], []), named([one], [other])]).toEqual([[one, other], [one]]);
});

describe('a Local policy on a node without an endpoint', () => {
  const name = 'ack-local-pre124-nodeport-no-endpoint';
  const asked = 'cn-hongkong.10.0.0.140';
  const objects = (ready: readonly string[], notReady: readonly string[]) =>
    serviceYaml({
      name: 'api',
      type: 'NodePort',
      clusterIP: '10.161.5.1',
      ports: [{ port: 80, targetPort: 8080, nodePort: flowOf(name).dport ?? 0 }],
      spec: ['externalTrafficPolicy: Local'],
    }) + endpointsYaml('api', 8080, ready, 'shop', notReady);

  test('refuses clients only where another node has one that is ready', () => {
    const bundle = bundleOf(name);
    const alone = bundle
      .nodes()
      .filter((node) => node !== asked)
      .reduce((rest, node) => rest.without('ipvsadm', `${node}/`), bundle);
    const held = (ready: readonly string[], notReady: readonly string[]) =>
      findingOf(
        alone.withFile(`${asked}/kubectl.yaml`, objects(ready, notReady)).judge(flowOf(name)),
        'etp-local-empty-rs-refused',
      );
    expect(held(['10.160.1.9'], [])).toMatchObject({ values: { server: '10.160.1.9' } });
    expect(held([], ['10.160.1.9'])).toBeUndefined();
  });
});

test('a rule that says that a service has no endpoints is right where none is ready', () => {
  const name = 'gen-kubeproxy-iptables-no-endpoints';
  const flow = flowOf(name);
  const service = serviceYaml({
    namespace: 'boutique',
    name: 'currency',
    clusterIP: flow.dst,
    ports: [{ port: flow.dport ?? 0, targetPort: 7000 }],
  });
  const held = (ready: readonly string[], notReady: readonly string[]) =>
    findingOf(
      bundleOf(name)
        .withFile('gke-a/kubectl.yaml', service + endpointsYaml('currency', 7000, ready, 'boutique', notReady))
        .judge(flow),
      'svc-no-endpoints',
    );
  expect(held([], ['10.8.3.9'])).toBeDefined();
  expect(held(['10.8.3.9'], [])).toBeUndefined();
});
