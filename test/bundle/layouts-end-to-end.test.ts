import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeOpened, openBundle } from '../../src/judging/analyze.ts';
import { tar } from './archive.ts';
import { recordedNodes, truthOf } from './recorded-nodes.ts';
import { LAYOUTS } from './repack.ts';

const scratch = mkdtempSync(join(tmpdir(), 'layouts-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const NO_IPVS = 'the collector has no ipvsadm';
const NO_XFRM = 'the collector has no ip xfrm';

/** What a collector does not take it cannot tell. Everything else names the cause. */
const SILENT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gen-ipvs-no-real-server': {
    'subctl gather': NO_IPVS,
    'must-gather': NO_IPVS,
    'Cilium sysdump': NO_IPVS,
    'Calico diags': NO_IPVS,
    Antrea: NO_IPVS,
  },
  'xfrm-sa-mismatch': {
    Rancher: NO_XFRM,
    'must-gather': NO_XFRM,
    'ACK diagnose_k8s': NO_XFRM,
    EKS: NO_XFRM,
    'Replicated troubleshoot': NO_XFRM,
    'Calico diags': NO_XFRM,
    Antrea: NO_XFRM,
  },
  'gen-kubeproxy-iptables-no-endpoints': {},
  'ok-ipvs-cross-node-flannel': {},
};

describe.each(Object.entries(LAYOUTS))('%s', (layout, repack) => {
  test.each(Object.keys(SILENT))('%s', async (name) => {
    const truth = truthOf(name);
    const nodes = await recordedNodes(name);
    const path = join(scratch, 'bundle.tgz');
    writeFileSync(path, gzipSync(await tar(await repack(nodes))));
    const opened = await openBundle(path);
    const { bundle } = opened;
    expect(bundle.nodes.map((node) => node.name).sort()).toEqual(nodes.map((node) => node.name).sort());
    const captures = bundle.nodes.flatMap((node) => node.namespaces.flatMap((ns) => ns.captures));
    expect(captures.filter((capture) => capture.unread > 0).map((capture) => capture.file)).toEqual([]);
    const { flow } = truth;
    const pod = `${flow.startNode}/${flow.startPod}`;
    const from = flow.startPod === undefined ? flow.startNode : opened.network.namespaces.has(pod) ? pod : undefined;
    const analysis = await analyzeOpened(opened, [
      {
        src: { kind: 'address', address: flow.src, port: flow.sport },
        dst: { kind: 'address', address: flow.dst, port: flow.dport },
        proto: flow.proto,
        from,
      },
    ]);
    const loud = analysis.rootCauses.filter((cause) => cause.confidence !== 'possible');
    if (truth.cause === null || SILENT[name]?.[layout] !== undefined) {
      expect(loud.map((cause) => `${cause.id}@${cause.node}`)).toEqual([]);
      return;
    }
    expect([truth.cause, ...(truth.causeAlso ?? [])]).toContain(loud[0]?.id);
    if (truth.dropNode) expect(loud[0]?.node).toBe(truth.dropNode);
  });
});
