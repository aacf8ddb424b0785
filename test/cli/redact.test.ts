import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressFamily } from '../../src/tables/address.ts';
import { bundle, inside } from './inside.ts';
import { sample } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-redact-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const membersOf = async (archive: string): Promise<Map<string, string>> => {
  const reader = extract();
  const members = new Map<string, string>();
  const done = (async () => {
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (entry.header.type === 'file') members.set(entry.header.name, Buffer.concat(chunks).toString('utf8'));
    }
  })();
  reader.end(gunzipSync(readFileSync(archive)));
  await done;
  return members;
};

const archiveOf = async (members: ReadonlyMap<string, string>): Promise<Buffer> => {
  const tar = pack();
  for (const [name, text] of members) tar.entry({ name }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
};

/** Objects of an API server that nobody else names: they must not get out either. */
const KUBE = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: { name: canary-checkout, namespace: canary-shop }
  spec: { type: ClusterIP, clusterIP: 10.99.77.55, clusterIPs: [10.99.77.55], ports: [{ port: 80, protocol: TCP }] }
- apiVersion: v1
  kind: Pod
  metadata: { name: canary-checkout-5f7d, namespace: canary-shop }
  spec: { nodeName: canary-worker }
  status: { podIP: 10.99.66.44, podIPs: [{ ip: 10.99.66.44 }], phase: Running }
- apiVersion: v1
  kind: Node
  metadata: { name: canary-worker }
  status: { addresses: [{ type: InternalIP, address: 10.99.55.33 }, { type: Hostname, address: canary-worker }] }
`;
const COMMENT =
  '-A PREROUTING -m comment --comment "canary-shop/canary-checkout:http for canary-checkout-5f7d" -j ACCEPT';

/** Addresses that redaction leaves: they name nobody. Netmasks, loopback, multicast; networks whose prefix the kind of address fixes. */
const KEPT =
  /^(?:0\.|127\.|22[4-9]\.|23\d\.|25[0-5]\.|::1?$|ff0|fe80::$|fe80::\/64$|(?:192\.0\.2|198\.51\.100|203\.0\.113)\.0$|169\.254\.0\.0$|10\.0\.0\.0$|172\.16\.0\.0$|192\.168\.0\.0$)/i;
const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g;
const IPV6 = /(?<![0-9a-z:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![0-9a-z:])/gi;
const MAC = /(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])/gi;
const STATE = /ip_addr|ip_route|ip_neigh|ipvsadm|conntrack|iptables|ip_xfrm|bridge_fdb|ipset/;

interface Canaries {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

const canariesOf = (members: ReadonlyMap<string, string>): Canaries => {
  const folders = [...members.keys()].map((name) => name.split('/').slice(1));
  const names = new Set([
    ...folders.map(([node = '']) => node),
    ...folders.flatMap(([, netns, pod]) => (netns === 'netns' && pod !== undefined ? [pod] : [])),
    ...[...members].filter(([name]) => name.endsWith('/hostname')).map(([, text]) => text.trim()),
  ]);
  const addresses = new Set<string>();
  for (const [name, text] of members) {
    if (!STATE.test(name)) continue;
    for (const [found] of text.matchAll(IPV4)) if (addressFamily(found) === 4) addresses.add(found);
    for (const [found] of text.matchAll(IPV6)) if (addressFamily(found) === 6) addresses.add(found);
    for (const [found] of text.matchAll(MAC)) if (!/^(?:00:){5}00$|^.[13579bdf]/i.test(found)) addresses.add(found);
  }
  return { names: [...names], addresses: [...addresses].filter((address) => !KEPT.test(address)) };
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** An address or name that stands for itself: not a part of a longer one. */
const found = (text: string, canary: string): boolean =>
  new RegExp(`(?<![\\w.:-])${escaped(canary)}(?![\\w:-]|\\.\\d)`, 'i').test(text);

/** What every report says: a pod that is called `client` cannot be looked for in it. */
const ownWords = async (): Promise<string> => {
  const ran: string[] = [];
  for (const format of ['html', 'json', 'md', 'text'])
    ran.push((await inside(sample, '--format', format, '-o', '-', '--lang', 'en')).stdout);
  return ran.join('\n');
};

const BUNDLES = [
  'kube-router-svip-healthy',
  'submariner-hostnet-rule-deleted',
  'ack-local-124-slb-from-no-endpoint-node-terway',
];

describe.each(BUNDLES)('--redact on %s', (name) => {
  const outputs = new Map<string, string>();
  const originals = new Map<string, string>();
  let canaries: Canaries;
  let mapping: Readonly<Record<'addresses' | 'macs' | 'names', Readonly<Record<string, string>>>>;

  beforeAll(async () => {
    const members = await membersOf(bundle(name));
    const ours = await ownWords();
    const all = canariesOf(members);
    canaries = { ...all, names: all.names.filter((canary) => !found(ours, canary)) };
    const node = [...members.keys()][0]?.split('/').slice(0, 2).join('/') ?? '';
    members.set(`${node}/kubectl.yaml`, KUBE);
    for (const [file, text] of members)
      if (file.endsWith('/iptables-save.txt'))
        members.set(file, text.replace(/^(\*nat\n(?::.*\n)*)/m, `$1${COMMENT}\n`));
    // The name of the archive is in the report too.
    const archive = join(dir, `canary-${name}.tgz`);
    writeFileSync(archive, await archiveOf(members));
    for (const format of ['html', 'json', 'md', 'text']) {
      const out = join(dir, `${name}.${format}`);
      const ran = await inside(archive, '--redact', '--format', format, '-o', out, '--lang', 'en');
      expect(ran.status).toBe(0);
      outputs.set(format, readFileSync(out, 'utf8'));
      originals.set(format, (await inside(archive, '--format', format, '-o', '-', '--lang', 'en')).stdout);
    }
    mapping = JSON.parse(readFileSync(join(dir, `canary-${name}-redaction.json`), 'utf8')) as typeof mapping;
  });

  test('the bundle is full of what must not get out', () => {
    expect(canaries.names.length).toBeGreaterThan(2);
    expect(canaries.addresses.length).toBeGreaterThan(20);
    const seen = [...canaries.names, ...canaries.addresses].filter((canary) =>
      [...originals.values()].some((text) => found(text, canary)),
    );
    expect(seen.length).toBeGreaterThan(8);
  });

  test.each(['html', 'json', 'md', 'text'])('%s holds no original name', (format) => {
    const text = outputs.get(format) ?? '';
    expect(text.length).toBeGreaterThan(100);
    expect(canaries.names.filter((canary) => found(text, canary))).toEqual([]);
    expect(text).not.toMatch(/canary/i);
  });

  test.each(['html', 'json', 'md', 'text'])('%s holds no original address', (format) => {
    const text = outputs.get(format) ?? '';
    // A replacement may happen to be another original.
    const made = new Set(
      [...Object.values(mapping.addresses), ...Object.values(mapping.macs)].map((a) => a.split('/')[0]),
    );
    const left = canaries.addresses.filter((canary) => !made.has(canary) && found(text, canary));
    expect(left).toEqual([]);
  });

  test('what stands for what is in a file of its own', () => {
    expect(Object.keys(mapping.names)).toEqual(
      expect.arrayContaining(['canary-checkout', 'canary-shop', 'canary-checkout-5f7d', 'canary-worker']),
    );
    expect(canaries.names.filter((canary) => !(canary in mapping.names))).toEqual([]);
  });
});
