import { describe, expect, test } from 'vitest';
import { findingOf, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting } from './services.ts';

const ID = 'ipvs-affinity-template-dead-rs';
const pinned = (expire: number) =>
  waiting(
    quietCluster()
      .edited(
        'fn-1/ipvsadm_-Ln.txt',
        /(TCP {2}10\.161\.5\.1:80 rr)\n {2}-> 10\.160\.1\.9:8080 +Masq +1/,
        '$1 persistent 10800\n  -> 10.160.1.9:8080              Masq    0',
      )
      .appended(
        'fn-1/ipvsadm_-Lnc.txt',
        'TCP 170:00 NONE        10.160.0.9:0       10.161.5.1:80      10.160.1.9:8080\n',
      )
      .appended('fn-1/sysctl_-a.txt', `net.ipv4.vs.expire_quiescent_template = ${expire}\n`),
  );

describe(ID, () => {
  test('holds where the template outlives its server', () => {
    const judged = pinned(0).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { server: '10.160.1.9', gone: false, seconds: 10800 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('templates that expire are no case of it', () => {
    const judged = pinned(1).judge(ASKED);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.ruledOut.find((r) => r.id === ID)?.because).toBe('templates-expire');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a service without affinity is no case of it', () => {
    expect(findingOf(waiting(quietCluster()).judge(ASKED), ID)).toBeUndefined();
  });

  test('without the connections it is undecided', () => {
    const judged = pinned(0).without('ipvsadm-connections').judge(ASKED);
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([
      { kind: 'ipvsadm-connections', namespace: 'fn-1' },
    ]);
  });
});
