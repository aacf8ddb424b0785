import { afterAll, describe, expect, test } from 'vitest';
import type { Analysis } from '../src/judging/analysis.ts';
import { analyze } from '../src/judging/analyze.ts';
import type { FlowRequest } from '../src/judging/request.ts';
import { recordedCases, rightNames, type Truth, truthOf } from './recorded-cases.ts';

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
  expect(rightNames(truth)).toContain(first?.id);
  if (truth.dropNode) expect([truth.dropNode, ...(truth.dropNodeAlso ?? [])]).toContain(first?.node);
  expect(loud.map((cause) => cause.id).filter((id) => truth.mustNotClaim?.includes(id))).toEqual([]);
};

describe('every recorded bundle against its truth', () => {
  test.each(recordedCases)('$name', async ({ name, path }) => {
    const truth = truthOf({ name, path });
    judge(name, 'flow', truth, await analyze(`${path}.tgz`, { flows: [requestOf(truth)] }));
    judge(name, 'alone', truth, await analyze(`${path}.tgz`, { flows: [] }));
  });
});
