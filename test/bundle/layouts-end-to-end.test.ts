import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeOpened, openBundle } from '../../src/analyze.ts';
import { tar } from './archive.ts';
import { LAYOUTS, type RecordedNode } from './repack.ts';

const folder = fileURLToPath(new URL('../../../shared/captures/', import.meta.url));
const present = existsSync(folder);
if (!present) console.warn('SKIPPED: the recorded bundles are not beside the project (../shared); no layout is judged');
const scratch = mkdtempSync(join(tmpdir(), 'layouts-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const recorded = async (name: string): Promise<readonly RecordedNode[]> => {
  const nodes = new Map<string, { files: Map<string, string>; pods: Map<string, Map<string, string>> }>();
  const unpack = extract();
  unpack.end(gunzipSync(readFileSync(join(folder, `${name}.tgz`))));
  for await (const entry of unpack) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    if (entry.header.type !== 'file') continue;
    const [, node = '', ...rest] = entry.header.name.split('/');
    const own = nodes.get(node) ?? { files: new Map(), pods: new Map() };
    nodes.set(node, own);
    const inPod = rest[0] === 'netns';
    const files = inPod ? (own.pods.get(rest[1] ?? '') ?? new Map<string, string>()) : own.files;
    if (inPod) own.pods.set(rest[1] ?? '', files);
    files.set(rest.slice(inPod ? 2 : 0).join('/'), Buffer.concat(parts).toString());
  }
  return [...nodes].map(([node, own]) => ({ name: node, ...own }));
};

interface Truth {
  readonly flow: {
    readonly proto: string;
    readonly src: string;
    readonly sport?: number;
    readonly dst: string;
    readonly dport?: number;
    readonly startNode?: string;
    readonly startPod?: string;
  };
  readonly cause: string | null;
  readonly causeAlso?: readonly string[];
  readonly dropNode?: string | null;
}

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

describe.skipIf(!present).each(Object.entries(LAYOUTS))('%s', (layout, repack) => {
  test.each(Object.keys(SILENT))('%s', async (name) => {
    const truth = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Truth;
    const nodes = await recorded(name);
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
