import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'ip-forward-off';
const off = () =>
  quietCluster()
    .edited('fn-2/sysctl_-a.txt', 'net.ipv4.ip_forward = 1', 'net.ipv4.ip_forward = 0')
    .edited('fn-2/sysctl_-a.txt', /^(net\.ipv4\.conf\.\S+\.forwarding) = 1/gm, '$1 = 0')
    .edited('fn-2/nstat_-az.txt', /IpInAddrErrors(\s+)0 /, 'IpInAddrErrors$14 ');

/** The answer to a SYN. */
const synAck = (src: string, sport: number, dst: string, dport: number) =>
  `${src}.${sport} > ${dst}.${dport}: Flags [S.], seq 2000, ack 1001, win 65160, length 0`;

describe(ID, () => {
  test('holds where the node in front of the pod does not forward, and the sysctl mends it', () => {
    const judged = failing(off());
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-2',
      at: 'routing',
      values: { sysctl: 'net.ipv4.ip_forward', counted: 4 },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'forward', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("a pod's own namespace need not forward", () => {
    const judged = failing(
      quietCluster().edited(
        'fn-1/sysctl_-a.txt',
        /^net\.ipv4\.conf\.docker0\.forwarding = 1/m,
        'net.ipv4.conf.docker0.forwarding = 0',
      ),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without sysctls nobody is accused', () => {
    expect(findingOf(failing(off().without('sysctl', 'fn-2')), ID)).toBeUndefined();
  });

  test('without sysctls they would tell, where nothing was seen behind the node', () => {
    const dark = off().without('sysctl', 'fn-2');
    expect(neededFor(failing(dark), ID)).toEqual(['sysctl fn-2']);
    expect(neededFor(dark.judge(PODS), ID)).toBeUndefined();
    // The node was watched, and the packet did not come.
    const other = packet(1, syn(PODS.src, 40002, '10.160.1.10', 22), { device: 'flannel.1', direction: 'In' });
    expect(neededFor(failing(dark.withFile('fn-2/tcpdump/any.txt', other)), ID)).toBeUndefined();
    const [asked, answer] = [syn(PODS.src, 40002, PODS.dst, 8080), synAck(PODS.dst, 8080, PODS.src, 40002)];
    const both =
      packet(1, asked, { device: 'cni0', direction: 'Out' }) +
      packet(2, answer, { device: 'flannel.1', direction: 'Out' });
    expect(neededFor(failing(dark.withFile('fn-2/tcpdump/any.txt', both)), ID)).toBeUndefined();
  });

  test('a node that counts nothing that it did not send on does forward', () => {
    const judged = failing(quietCluster().without('sysctl', 'fn-2'));
    expect(neededFor(judged, ID)).toBeUndefined();
    expect(judged.ruledOut).toContainEqual(expect.objectContaining({ id: ID, because: 'counter-zero' }));
    expect(unsaid(judged, ID)).toEqual([]);
  });
});
