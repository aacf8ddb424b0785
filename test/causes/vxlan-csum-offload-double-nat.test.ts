import { describe, expect, test } from 'vitest';
import { hasChecksumFix } from '../../src/causes/vxlan/vxlan-csum-offload-double-nat.ts';
import { failing, PODS, rulesFirst, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'vxlan-csum-offload-double-nat';
const outer = (sum: string) =>
  `2026-11-20 16:29:01.000200 eth0  In  IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 110)\n    10.6.6.11.41000 > 10.6.6.12.8472: [${sum}] OTV, flags [I] (0x08), overlay 0, instance 1\nIP (tos 0x0, ttl 63, id 2, offset 0, flags [DF], proto TCP (6), length 60)\n    ${syn(PODS.src, 40002, PODS.dst, 8080)}\n`;
const wrong = () => quietCluster().withFile('fn-2/tcpdump/any.txt', outer('bad udp cksum 0x1234 -> 0xabcd!'));

describe('the kernels with the fix', () => {
  test.each([
    ['5.4.40', false],
    ['5.4.41-generic', true],
    ['4.19.122-1.el8', false],
    ['3.10.0-1160.el7', false],
    ['5.6.13', true],
    ['5.5.19', false],
    ['6.1.0-56-amd64', true],
  ])('%s: %s', (release, fixed) => {
    expect(hasChecksumFix({ source: { file: '', line: 0 }, release, hostname: undefined, machine: undefined })).toBe(
      fixed,
    );
  });
});

describe(ID, () => {
  test('holds where the receiver sees wrong outer checksums and counts them', () => {
    const judged = failing(wrong().edited('fn-2/nstat_-az.txt', /UdpInCsumErrors(\s+)0 /, 'UdpInCsumErrors$16 '));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { bad: 1, errors: 6, from: 'fn-1' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("the sender's own capture says nothing: the card computes the sum later", () => {
    const sender = outer('bad udp cksum 0x1234 -> 0xabcd!').replace('eth0  In ', 'eth0  Out');
    expect(findingOf(failing(quietCluster().withFile('fn-1/tcpdump/any.txt', sender)), ID)).toBeUndefined();
  });

  test('right checksums are no case of it', () => {
    expect(
      findingOf(failing(quietCluster().withFile('fn-2/tcpdump/any.txt', outer('udp sum ok'))), ID),
    ).toBeUndefined();
  });

  test("without the receiver's counters it is likely at most", () => {
    const judged = failing(wrong().without('counters', 'fn-2'));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'likely' });
  });

  /** fn-1 masquerades the pod on its way into the tunnel. */
  const masquerading = (release: string) =>
    rulesFirst(
      quietCluster(),
      'fn-1',
      'nat',
      [],
      ['-A POSTROUTING -s 10.160.0.9/32 -o flannel.1 -j MASQUERADE'],
    ).edited('fn-1/uname', /6\.1\.0-\S+/, release);

  test("an old kernel masquerades into the tunnel and the receiver's counters are missing: they would tell", () => {
    const judged = failing(masquerading('4.19.100').without('counters', 'fn-2'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['counters fn-2']);
    expect(neededFor(failing(masquerading('5.15.0').without('counters', 'fn-2')), ID)).toBeUndefined();
    expect(neededFor(failing(quietCluster().without('counters', 'fn-2')), ID)).toBeUndefined();
  });

  test("the receiver counts wrong sums and the sender's kernel is not known: it would tell", () => {
    const counting = masquerading('4.19.100').edited(
      'fn-2/nstat_-az.txt',
      /UdpInCsumErrors(\s+)0 /,
      'UdpInCsumErrors$16 ',
    );
    expect(findingOf(failing(counting), ID)).toMatchObject({ confidence: 'possible' });
    expect(neededFor(failing(counting.withoutFile('fn-1/uname')), ID)).toEqual(['uname fn-1']);
  });
});
