import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, connection, quietCluster } from './services.ts';

const ID = 'ipvs-port-reuse-1s';
const syn = (time: string, device: string, direction: string) =>
  `2026-11-20 16:29:${time} ${device}  ${direction} IP 10.160.0.9.40001 > 10.161.5.1.80: Flags [S], seq 77, win 64240, length 0\n`;
const late = () =>
  quietCluster()
    .edited('fn-1/uname', '6.1.0-56-amd64', '4.19.91-24.1.al7.x86_64')
    .withFile('fn-1/tcpdump/any.txt', syn('01.000000', 'vethui', 'In ') + syn('02.030000', 'vethui', 'In '))
    .appended('fn-1/ipvsadm_-Lnc.txt', connection('TIME_WAIT', '10.160.0.9:40001', '10.161.5.1:80', '10.160.1.9:8080'))
    .appended('fn-1/sysctl_-a.txt', 'net.ipv4.vs.conn_reuse_mode = 1\nnet.ipv4.vs.conntrack = 1\n');

describe(ID, () => {
  test('holds where an old kernel let one SYN of a reused port fall', () => {
    const judged = late().judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { delay: 1, state: 'TIME_WAIT', kernel: '4.19.91-24.1.al7.x86_64' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is at most likely without the old connection', () => {
    expect(findingOf(late().without('ipvsadm-connections').judge(ASKED), ID)?.confidence).toBe('likely');
  });

  test.each([
    ['kernel-fixed', (b: ReturnType<typeof late>) => b.edited('fn-1/uname', '4.19.91-24.1.al7.x86_64', '5.10.134')],
    [
      'reuse-mode-off',
      (b: ReturnType<typeof late>) => b.appended('fn-1/sysctl_-a.txt', 'net.ipv4.vs.conn_reuse_mode = 0\n'),
    ],
  ] as const)('%s', (because, edit) => {
    const judged = edit(late()).judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe(because);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a SYN that was sent many times is no case of it', () => {
    const judged = late()
      .appended('fn-1/tcpdump/any.txt', syn('04.050000', 'vethui', 'In '))
      .without('ipvsadm-connections')
      .judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the kernel version it is undecided', () => {
    const judged = late().without('uname').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'uname', namespace: 'fn-1' }]);
  });
});
