import { expect, test } from 'vitest';
import { legsOf } from '../../src/report/legs.ts';
import { pathLine } from '../../src/report/terminal/path-lines.ts';
import { Words } from '../../src/report/words.ts';
import { PODS } from '../causes/pods.ts';
import { quietCluster } from '../causes/services.ts';

const words = new Words('en');
const lineOf = (bundle: ReturnType<typeof quietCluster>, dst: string): string => {
  const { flow } = bundle.judge({ ...PODS, dst });
  const [request] = legsOf(flow.walked.branches[0]);
  return request
    ? pathLine(words, request, false)
        .map(({ text }) => text)
        .join('')
    : '';
};

test('of a packet that goes round the first rounds and the last place are told', () => {
  const line = lineOf(
    quietCluster()
      .appended('fn-1/ip_route.txt', '10.160.9.0/24 via 10.160.1.0 dev flannel.1 onlink\n')
      .appended('fn-2/ip_route.txt', '10.160.9.0/24 via 10.160.0.0 dev flannel.1 onlink\n'),
    '10.160.9.7',
  );
  expect(line.match(/══▶ fn-2/g)).toHaveLength(2);
  expect(line).toMatch(/ … fn-[12] \S+ ✗ routing loop$/);
});

test('any other way is told whole', () => {
  const line = lineOf(quietCluster(), '10.160.1.9');
  expect(line).not.toContain('…');
  expect(line).toMatch(/══▶ fn-2 .* ──▶ fn-2\/api-a/);
});
