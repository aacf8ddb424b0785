import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../../src/bundle/read-bundles.ts';
import { buildNetwork } from '../../src/network/build.ts';
import type { Network } from '../../src/network/network.ts';
import { walkFlow } from '../../src/path/walk.ts';

const folder = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));

/** `NODE_OR_POD -> ADDRESS[:PORT][/PROTO]`, as the truth files list flows that worked at the same time. */
const FLOW = /^(\S+) -> (?:\[([0-9a-f:]+)\]|([0-9.]+|[0-9a-f]*:[0-9a-f:]+(?= )))(?::(\d+))?(?:\/(tcp|udp))?(?: |$)/;

const flows = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => {
    const truth = JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as {
      healthyAlso?: string[];
      alsoHealthy?: string[];
    };
    return (truth.alsoHealthy ?? truth.healthyAlso ?? []).flatMap((text) => {
      const match = FLOW.exec(text);
      const icmp = text.includes('icmp');
      if (!match || (match[4] === undefined && !icmp)) return [];
      return [
        {
          bundle: file.replace(/\.json$/, ''),
          text,
          from: match[1] ?? '',
          dst: match[2] ?? match[3] ?? '',
          dport: match[4] ? Number(match[4]) : undefined,
          proto: icmp ? 'icmp' : (match[5] ?? 'tcp'),
        },
      ];
    });
  });

const networks = new Map<string, Promise<Network>>();
const networkOf = (bundle: string): Promise<Network> => {
  const known = networks.get(bundle) ?? readBundle(`${folder}${bundle}.tgz`, {}).then(buildNetwork);
  networks.set(bundle, known);
  return known;
};

describe('flows that worked beside the broken one', () => {
  test.each(flows)('$bundle: $text', async ({ bundle, from, dst, dport, proto }) => {
    const network = await networkOf(bundle);
    const start = [...network.namespaces.values()].find((ns) => ns.id === from || ns.name === from)?.id;
    expect(start).toBeDefined();
    const { branches } = walkFlow(network, { proto, src: '', sport: 45_678, dst, dport, start });
    const ends = branches.map(
      (b) =>
        `${b.outcome} ${b.forward.end.reason} ${b.reply?.end.reason ?? ''} ${b.reply?.end.node ?? b.forward.end.node}`,
    );
    // What leaves for an address that nobody in the bundle owns (a load balancer of the provider's) stays open.
    const open = (reason: string | undefined, outcome: string) => outcome === 'unknown' && reason === 'outside';
    const wrong = branches.filter((b) => b.outcome !== 'delivered' && !open(b.forward.end.reason, b.outcome));
    expect(branches.length).toBeGreaterThan(0);
    expect(wrong.length, ends.join('\n')).toBe(0);
  });
});
