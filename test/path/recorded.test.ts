import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../../src/bundle/read-bundles.ts';
import { completeQuestion } from '../../src/evidence/complete.ts';
import { judgeFlow } from '../../src/judging/judge.ts';
import { buildNetwork } from '../../src/network/build.ts';

const folder = fileURLToPath(new URL('../fixtures/recorded/', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''));

interface Truth {
  readonly flow: {
    readonly proto: string;
    readonly src: string;
    readonly sport?: number;
    readonly dst: string;
    readonly dport?: number;
    readonly startNode: string;
    readonly startPod?: string;
  };
  readonly outcome: 'ok' | 'refused' | 'timeout' | 'reset' | 'unreachable';
  readonly cause: string | null;
  readonly dropNode?: string | null;
}

/** What the walk may say where the client saw this. A packet that is answered with an ICMP error, which is itself lost, ends in a timeout. */
const AGREES: Readonly<Record<Truth['outcome'], readonly string[]>> = {
  ok: ['delivered'],
  refused: ['rejected', 'reset'],
  reset: ['reset', 'rejected'],
  timeout: ['dropped', 'lost', 'rejected'],
  unreachable: ['rejected', 'dropped'],
};

/** The packets are too small for a path that only large ones die on; the cause is told from what was seen, not from the walk. */
const SIZE_DEPENDENT: ReadonlySet<string> = new Set(['overlay-mtu-blackhole']);

describe('the walk of every recorded bundle', () => {
  test.each(names)('%s ends as the kernel ended it, with its conntrack entries', async (name) => {
    const truth = JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Truth;
    const network = buildNetwork(await readBundle(`${folder}${name}.tgz`, {}));
    const { flow: f } = truth;
    const start = f.startPod ? `${f.startNode}/${f.startPod}` : f.startNode;
    const question = completeQuestion(network, {
      proto: f.proto,
      src: f.src,
      sport: f.sport,
      dst: f.dst,
      dport: f.dport,
      start,
    });
    const { flow } = judgeFlow(network, question, 'f1');
    const branch = flow.walked.branches[0];
    const expected = SIZE_DEPENDENT.has(truth.cause ?? '') ? ['delivered'] : AGREES[truth.outcome];
    expect(expected).toContain(branch?.outcome);
    const differing = flow.evidence.entries
      .filter((seen) => seen.agrees === false)
      .map((seen) => `${seen.namespace} ${seen.entry.source.line}`);
    expect(differing).toEqual([]);
  });
});
