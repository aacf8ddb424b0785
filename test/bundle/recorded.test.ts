import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { quoteLines } from '../../src/bundle/quote-lines.ts';
import { readBundle } from '../../src/bundle/read-bundles.ts';

const folder = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));
const bundles = readdirSync(folder).filter((file) => file.endsWith('.tgz'));

/** What a file of the recording script holds, by its own naming. */
const KIND: Readonly<Record<string, string>> = {
  'bridge_fdb.txt': 'bridge-fdb',
  'conntrack_-L.txt': 'conntrack',
  'conntrack_-S.txt': 'conntrack-stats',
  date: 'date',
  'dmesg.txt': 'dmesg',
  hostname: 'hostname',
  'ip6tables-save.txt': 'iptables-save',
  'ip_-6_route.txt': 'ip-route',
  'ip_-6_rule.txt': 'ip-rule',
  'ip_addr.txt': 'ip-addr',
  'ip_link_stats.txt': 'ip-link',
  'ip_neigh.txt': 'ip-neigh',
  'ip_route.txt': 'ip-route',
  'ip_rule.txt': 'ip-rule',
  'ip_xfrm_policy.txt': 'xfrm-policy',
  'ip_xfrm_state.txt': 'xfrm-state',
  'ipset_list.txt': 'ipset',
  'iptables-save.txt': 'iptables-save',
  'ipvsadm_-Ln.txt': 'ipvsadm',
  'ipvsadm_-Ln_--stats.txt': 'ipvsadm',
  'ipvsadm_-Lnc.txt': 'ipvsadm-connections',
  'netstat_proc.txt': 'counters',
  'nf_conntrack.txt': 'conntrack',
  'nft_ruleset.txt': 'nft-ruleset',
  'nstat_-az.txt': 'counters',
  'rt_cache.txt': 'rt-cache',
  'ss_-antp.txt': 'sockets',
  'ss_-anu.txt': 'sockets',
  'sysctl_-a.txt': 'sysctl',
  uname: 'uname',
  'xfrm_stat.txt': 'xfrm-stat',
};

describe.each(bundles)('%s', (file) => {
  test('every member is the capture that it is, of its node and namespace; keys are not quoted', async () => {
    const path = join(folder, file);
    const bundle = await readBundle(path, {});
    expect(bundle.ignored).toEqual([]);
    expect(bundle.notes).toEqual([]);
    expect(bundle.layout).toBe('generic');
    const rows = bundle.nodes.flatMap((node) =>
      node.namespaces.flatMap((ns) => ns.captures.map((capture) => ({ node: node.name, ns: ns.name, capture }))),
    );
    for (const { node, ns, capture } of rows) {
      const segments = capture.file.split('/');
      const base = segments.at(-1) ?? '';
      const inTcpdump = segments.at(-2) === 'tcpdump';
      expect([capture.file, capture.kind]).toEqual([capture.file, inTcpdump ? 'tcpdump' : KIND[base]]);
      const own = segments.slice(0, inTcpdump ? -2 : -1);
      expect([node, ns]).toEqual(own.length === 1 ? [own[0], ''] : [own[0], own[2]]);
      if (inTcpdump) expect(capture.data.packets?.device).toBe(base.replace(/(?:-link)?\.txt$/, ''));
      expect(capture.partial).toBe(false);
    }
    const truth = JSON.parse(readFileSync(path.replace('.tgz', '.json'), 'utf8')) as { flow: { startNode: string } };
    expect(bundle.nodes.map((n) => n.name)).toContain(truth.flow.startNode);
    const states = rows.filter(({ capture }) => capture.kind === 'xfrm-state');
    const quotes = await quoteLines(
      bundle,
      new Map(states.map(({ capture }) => [capture.file, new Set(Array.from({ length: 200 }, (_, i) => i + 1))])),
    );
    for (const lines of quotes.values())
      for (const text of lines.values()) expect(text).not.toMatch(/[0-9a-fA-F]{32,}/);
    expect(quotes.size).toBe(states.length);
  });
});
