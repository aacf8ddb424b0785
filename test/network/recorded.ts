import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';
import { read } from '../captures/fixture.ts';

const folder = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));

/** Names of the recorded bundles. */
export const recordedBundles: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.tgz'))
  .map((name) => name.slice(0, -4));

const FILES: readonly (readonly [string, CaptureKind, 6?])[] = [
  ['ip_addr.txt', 'ip-addr'],
  ['ip_link_stats.txt', 'ip-link'],
  ['ip_route.txt', 'ip-route'],
  ['ip_-6_route.txt', 'ip-route', 6],
  ['ip_rule.txt', 'ip-rule'],
  ['ip_-6_rule.txt', 'ip-rule', 6],
  ['ip_neigh.txt', 'ip-neigh'],
  ['bridge_fdb.txt', 'bridge-fdb'],
  ['sysctl_-a.txt', 'sysctl'],
];

const captures = (path: string, name: string): Capture[] =>
  FILES.filter(([file]) => existsSync(join(path, file))).map(([file, kind, family]) =>
    read(kind, readFileSync(join(path, file), 'utf8'), { file: `${name}/${file}`, ...(family ? { family } : {}) }),
  );

/** Devices, routes, rules, neighbours and sysctls of a recorded bundle. */
export const recorded = (bundle: string): Network => {
  const unpacked = mkdtempSync(join(tmpdir(), 'recorded-'));
  try {
    execFileSync('tar', ['xzf', join(folder, `${bundle}.tgz`), '-C', unpacked, '--no-same-owner']);
    const root = join(unpacked, readdirSync(unpacked)[0] ?? '');
    return buildNetwork({
      nodes: readdirSync(root).map((name) => {
        const netns = join(root, name, 'netns');
        const pods = existsSync(netns) ? readdirSync(netns) : [];
        return {
          name,
          namespaces: [
            { name: '', captures: captures(join(root, name), name) },
            ...pods.map((pod) => ({ name: pod, captures: captures(join(netns, pod), `${name}/netns/${pod}`) })),
          ],
        };
      }),
    });
  } finally {
    rmSync(unpacked, { recursive: true });
  }
};
