import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from 'tar-stream';
import { afterAll, describe, expect, test } from 'vitest';
import { analyze } from '../src/judging/analyze.ts';
import { renderHtml } from '../src/report/render-html.ts';
import { renderJson } from '../src/report/render-json.ts';

const corpus = fileURLToPath(new URL('../../shared/corpus/', import.meta.url));
if (!existsSync(corpus)) console.warn('SKIPPED: ../shared/corpus is not there, meaningless bundles are not tried');

/** A file name under which a capture of each kind is commonly kept. */
const NAMES: Readonly<Record<string, string>> = {
  'bridge-fdb': 'bridge_fdb_show.txt',
  conntrack: 'conntrack_-L.txt',
  'ip-addr': 'ip_addr.txt',
  'ip-route': 'ip_route_show_table_all.txt',
  'ip-rule': 'ip_rule.txt',
  ipset: 'ipset_list.txt',
  'iptables-list': 'iptables_-L_-n_-v.txt',
  'iptables-save': 'iptables-save.txt',
  ipvsadm: 'ipvsadm_-Ln.txt',
  nft: 'nft_list_ruleset.txt',
  ss: 'ss_-antp.txt',
  sysctl: 'sysctl_-a.txt',
  tcpdump: 'tcpdump/eth0.txt',
  'xfrm-policy': 'ip_xfrm_policy.txt',
  'xfrm-stat': 'xfrm_stat.txt',
  'xfrm-state': 'ip_xfrm_state.txt',
};

/** A small generator of known seed: the same bundles at every run (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};

const dir = mkdtempSync(join(tmpdir(), 'netautopsy-quiet-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const bundle = async (seed: number): Promise<string> => {
  const random = randomOf(seed);
  const tar = pack();
  for (let node = 1; node <= 2 + random(2); node += 1)
    for (const [kind, name] of Object.entries(NAMES)) {
      if (random(10) < 2) continue;
      const files = readdirSync(join(corpus, kind));
      const chosen = files[random(files.length)] ?? '';
      tar.entry({ name: `node-${node}/${name}` }, readFileSync(join(corpus, kind, chosen)));
    }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const path = join(dir, `${seed}.tar`);
  writeFileSync(path, Buffer.concat(chunks));
  return path;
};

describe('captures of strangers thrown together', { tags: ['corpus'], skip: !existsSync(corpus) }, () => {
  test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
    'bundle %i accuses nobody for certain, and every output can be made',
    async (seed) => {
      const analysis = await analyze(await bundle(seed), { flows: [] });
      expect(
        analysis.rootCauses
          .filter((cause) => cause.confidence === 'certain')
          .map((cause) => `${cause.id}@${cause.node}`),
      ).toEqual([]);
      expect(renderHtml(analysis, { lang: 'zh-CN' }).length).toBeLessThan(1_000_000);
      expect(JSON.parse(renderJson(analysis))).toHaveProperty('schemaVersion', 1);
    },
  );
});
