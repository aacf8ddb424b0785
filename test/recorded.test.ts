import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { analyze } from '../src/analyze.ts';
import type { Analysis } from '../src/causes/analysis.ts';
import type { FlowRequest } from '../src/request.ts';

const folders = ['../../shared/captures/', './fixtures/bundles/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const cases = folders.flatMap((folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .map((file) => ({ name: file.replace(/\.json$/, ''), path: `${folder}${file.replace(/\.json$/, '')}` }))
    : [],
);
if (!existsSync(folders[0] ?? ''))
  console.warn('SKIPPED: ../shared/captures is not there, its bundles are not held against their truth');

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
  readonly dropNodeAlso?: readonly string[];
  readonly mustNotClaim?: readonly string[];
}

const requestOf = ({ flow }: Truth): FlowRequest => ({
  src: { kind: 'address', address: flow.src, port: flow.sport },
  dst: { kind: 'address', address: flow.dst, port: flow.dport },
  proto: flow.proto,
  from: flow.startNode && (flow.startPod ? `${flow.startNode}/${flow.startPod}` : flow.startNode),
});

const table: string[] = [];
afterAll(() => {
  if (table.length > 0) console.log(['', 'bundle | asked | first cause', ...table.sort()].join('\n'));
});

const judge = (name: string, how: string, truth: Truth, analysis: Analysis): void => {
  const loud = analysis.rootCauses.filter((cause) => cause.confidence !== 'possible');
  const [first] = analysis.rootCauses;
  table.push(
    `${name} | ${how} | ${first ? `${first.id}@${first.node ?? first.between?.join('–')} ${first.confidence}` : '-'}`,
  );
  if (truth.cause === null) {
    expect(loud.map((cause) => `${cause.id}@${cause.node}`)).toEqual([]);
    return;
  }
  expect([truth.cause, ...(truth.causeAlso ?? [])]).toContain(first?.id);
  if (truth.dropNode) expect([truth.dropNode, ...(truth.dropNodeAlso ?? [])]).toContain(first?.node);
  expect(loud.map((cause) => cause.id).filter((id) => truth.mustNotClaim?.includes(id))).toEqual([]);
};

describe.skipIf(cases.length === 0)('every recorded bundle against its truth', () => {
  test.each(cases)('$name', async ({ name, path }) => {
    const truth = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Truth;
    judge(name, 'flow', truth, await analyze(`${path}.tgz`, { flows: [requestOf(truth)] }));
    judge(name, 'alone', truth, await analyze(`${path}.tgz`, { flows: [] }));
  });
});
