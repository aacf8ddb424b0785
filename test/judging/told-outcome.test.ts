import { expect, test } from 'vitest';
import { judgeFlow } from '../../src/judging/judge.ts';
import type { Text } from '../path/one-node.ts';
import { bundle, flow } from '../path/partial.ts';

const asked = flow({ start: 'gw', arrival: { device: 'lan0' } });
const outcome = (...texts: readonly Text[]) => judgeFlow(bundle({ gw: texts }), asked, 'f').flow.outcome;

test('what the log tells of a refusal is told where the walk comes to no end', () => {
  const log: Text = [
    'dmesg',
    '[  100.000001] FINAL_REJECT: IN=lan0 OUT=wan0 MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=10.1.0.5 DST=198.51.100.7 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=40000 DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0 \n',
  ];
  expect(outcome()).toBe('unknown');
  expect(outcome(log)).toBe('dropped');
  // A line that names no refusal tells none.
  expect(outcome([log[0], log[1].replace('FINAL_REJECT', 'seen')])).toBe('unknown');
});
