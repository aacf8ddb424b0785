import { describe, expect, test } from 'vitest';
import { hostFlow, listening } from '../causes/host-firewall.ts';
import { packet } from '../causes/pods.ts';

const flow = { ...hostFlow(listening()), proto: 'icmp', sport: 77, dport: undefined } as const;
const echo = (second: number, seq: number, kind: 'request' | 'reply') =>
  packet(
    second,
    kind === 'request'
      ? `${flow.src} > ${flow.dst}: ICMP echo request, id 77, seq ${seq}, length 64`
      : `${flow.dst} > ${flow.src}: ICMP echo reply, id 77, seq ${seq}, length 64`,
  );
const answered = (seq: number) => echo(seq, seq, 'request') + echo(seq + 0.001, seq, 'reply');
const evidenceOf = (packets: string) =>
  listening().withFile('fn-1/tcpdump/eth0.txt', packets).judge(flow).flow.evidence;

describe('answers that ended', () => {
  test('what was answered and then no more does not work now; the last answer and what was sent in vain are told', () => {
    const evidence = evidenceOf(answered(1) + answered(2) + echo(3, 3, 'request') + echo(4, 4, 'request'));
    expect(evidence.seen).toBe('timeout');
    expect(evidence.stopped?.lastAnswer.source.line).toBe(4);
    expect(evidence.stopped?.inVain.map((view) => view.source.line)).toEqual([5, 6]);
  });

  test('one request at the end of the capture waits for its answer', () => {
    expect(evidenceOf(answered(1) + answered(2) + echo(3, 3, 'request'))).toMatchObject({
      seen: 'ok',
      stopped: undefined,
    });
  });

  test('two at once at its end do too: no second has passed', () => {
    const evidence = evidenceOf(answered(1) + echo(2, 2, 'request') + echo(2.2, 3, 'request'));
    expect(evidence).toMatchObject({ seen: 'ok', stopped: undefined });
  });

  test('lost replies between others are a loss and no end', () => {
    const evidence = evidenceOf(answered(1) + echo(2, 2, 'request') + echo(3, 3, 'request') + answered(4));
    expect(evidence).toMatchObject({ seen: 'ok', stopped: undefined });
  });
});
