/** The cluster's objects in the forms of the collectors that take them, beside the node's captures, judged end to end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeOpened, openBundle } from '../../src/judging/analyze.ts';
import { tar, tree } from './archive.ts';
import { asCollected, asInspected } from './cluster-objects.ts';
import { recordedNodes, truthOf } from './recorded-nodes.ts';
import { LAYOUTS } from './repack.ts';

const NAME = 'gen-kubeproxy-iptables-no-endpoints';
const INSPECTED = 'must-gather.local.4242/quay-io-sha256-1';
const COLLECTED = 'support-bundle-2026-11-20T16_48_53';

const scratch = mkdtempSync(join(tmpdir(), 'objects-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each<[string, string, Readonly<Record<string, string>>]>([
  ['must-gather, a YAML list for each namespace', 'must-gather', asInspected(INSPECTED)],
  ['Replicated troubleshoot, a JSON list for each namespace', 'Replicated troubleshoot', asCollected(COLLECTED, false)],
  ['Replicated troubleshoot of old, bare arrays', 'Replicated troubleshoot', asCollected(COLLECTED, true)],
])('%s', (_, layout, objects) => {
  const opened = async () => {
    const members = [...((await LAYOUTS[layout]?.(await recordedNodes(NAME))) ?? []), ...tree(objects)];
    const path = join(scratch, 'bundle.tgz');
    writeFileSync(path, gzipSync(await tar(members)));
    return openBundle(path);
  };
  const from = (dst: string, port: string) => ({
    src: { kind: 'pod', namespace: 'boutique', name: 'loadgen' } as const,
    dst: { kind: 'svc', namespace: 'boutique', name: dst, port } as const,
    proto: 'tcp',
    from: undefined,
  });

  test('every object is read, and its addresses are known by their names', async () => {
    const { bundle, network } = await opened();
    const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
    expect(captures.filter((capture) => capture.unread > 0).map((capture) => capture.file)).toEqual([]);
    const { services, endpoints, pods, nodes } = network.kube;
    expect(services.map((s) => `${s.namespace}/${s.name} ${s.clusterIPs.join()}`).sort()).toEqual([
      'boutique/checkout 10.8.3.102',
      'boutique/currency 10.8.3.101',
      'default/kubernetes 10.8.0.1',
      'kube-system/kube-dns 10.8.0.10',
    ]);
    expect(endpoints.map((e) => `${e.service} ${e.address}:${e.port}`).sort()).toEqual([
      'checkout 10.4.1.22:5050',
      'kube-dns 10.4.1.3:53',
      'kubernetes 10.128.0.4:6443',
    ]);
    expect([...new Set(pods.map((p) => `${p.name}@${p.nodeName}`))].sort()).toEqual([
      'checkout@gke-b',
      'kdns@gke-b',
      'loadgen@gke-a',
    ]);
    expect(nodes.map((n) => `${n.name} ${n.podCIDRs.join()}`).sort()).toEqual([
      'gke-a 10.4.0.0/24',
      'gke-b 10.4.1.0/24',
    ]);
    // The objects are the cluster's: they make no node.
    expect(bundle.nodes.map((node) => node.name).sort()).toEqual(['gke-a', 'gke-b']);
  });

  test('the service without endpoints is named, by its name and with its object', async () => {
    const bundle = await opened();
    const analysis = await analyzeOpened(bundle, [from('currency', 'grpc')]);
    const [cause] = analysis.rootCauses;
    expect(cause).toMatchObject({ id: truthOf(NAME).cause, node: 'gke-a' });
    expect(cause?.confidence).not.toBe('possible');
    expect(cause?.values).toMatchObject({ service: 'boutique/currency' });
  });

  test('the service beside it works and accuses nobody', async () => {
    const analysis = await analyzeOpened(await opened(), [from('checkout', 'grpc')]);
    expect(analysis.rootCauses.filter((cause) => cause.confidence !== 'possible')).toEqual([]);
  });
});
