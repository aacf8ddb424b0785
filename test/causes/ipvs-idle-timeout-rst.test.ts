import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { ASKED, connection, quietCluster } from './services.ts';

const ID = 'ipvs-idle-timeout-rst';
const idle = () =>
  quietCluster()
    .appended(
      'fn-1/netns/ui/ss_-antp.txt',
      'ESTAB  0      0         10.160.0.9:40001    10.161.5.1:80   users:(("java",pid=9,fd=7))\n',
    )
    .withFile(
      'fn-1/tcpdump/any.txt',
      '2026-11-20 16:29:01.000000 vethui In  IP 10.160.0.9.40001 > 10.161.5.1.80: Flags [P.], seq 900:930, ack 4000, win 501, length 30\n2026-11-20 16:29:01.000100 vethui Out IP 10.161.5.1.80 > 10.160.0.9.40001: Flags [R], seq 4000, win 0, length 0\n',
    );

describe(ID, () => {
  test('holds where the client still has the connection, IPVS has not, and the node resets it', () => {
    const judged = idle().judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { reset: true, established: true, timeout: 900 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely before the next packet', () => {
    expect(findingOf(idle().without('tcpdump').judge(ASKED), ID)?.confidence).toBe('likely');
  });

  test('a connection that IPVS has refutes it', () => {
    const judged = idle()
      .appended(
        'fn-1/ipvsadm_-Lnc.txt',
        connection('ESTABLISHED', '10.160.0.9:40001', '10.161.5.1:80', '10.160.1.9:8080'),
      )
      .judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('connection-known');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a refused SYN is no case of it', () => {
    expect(
      findingOf(bundleOf('gen-backend-not-listening').judge(flowOf('gen-backend-not-listening')), ID),
    ).toBeUndefined();
  });

  test('without the connections it is undecided', () => {
    const judged = idle().without('ipvsadm-connections').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipvsadm-connections', namespace: 'fn-1' },
    ]);
  });
});
