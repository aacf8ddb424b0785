import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'kube-router-svc-range-egress-policy';
const NAME = 'kube-router-svip-healthy';
const FLOW = {
  proto: 'tcp',
  src: '10.244.1.30',
  sport: 40001,
  dst: '203.0.113.80',
  dport: 80,
  start: 'worker-1/debug',
};
const quiet = () => bundleOf(NAME).without('tcpdump').without('conntrack').withoutFile('nf_conntrack.txt');
const strict = () =>
  quiet()
    .edited('worker-1/iptables-save.txt', /^.*-A KUBE-ROUTER-INPUT -d 203\.0\.113\.64\/27 .*\n/m, '')
    .edited(
      'worker-1/iptables-save.txt',
      /^.*-s 10\.244\.1\.30\/32 .*"run through default egress network policy chain".*\n/m,
      '',
    );

describe(ID, () => {
  test('holds where the address is out of the range and the egress policy refuses it', () => {
    const judged = strict().judge(FLOW);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'likely',
      node: 'worker-1',
      at: 'INPUT',
      values: { ranges: ['10.96.0.0/12'] },
      fixes: [{ id: 'return-range' }],
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is certain where the client still waits', () => {
    expect(waiting(strict(), FLOW).judge(FLOW).found[0]).toMatchObject({ id: ID, confidence: 'certain' });
  });

  test('an address in the range passes', () => {
    expect(quiet().judge(FLOW).found).toEqual([]);
  });

  test('without the virtual services it is undecided', () => {
    const judged = strict().without('ipvsadm', 'worker-1/ipvsadm').judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'ipvsadm', namespace: 'worker-1' }]);
  });
});
