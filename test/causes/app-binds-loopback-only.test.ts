import { describe, expect, test } from 'vitest';
import { failing, PODS, packet, reset, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'app-binds-loopback-only';
const bound = (address: string) =>
  quietCluster().edited('fn-2/netns/api-a/ss_-antp.txt', '0.0.0.0:8080', `${address}:8080`);
const refused =
  packet(1, syn(PODS.src, 40002, PODS.dst, 8080)) + packet(1.0001, reset(PODS.dst, 8080, PODS.src, 40002));

describe(ID, () => {
  test('holds for a listener on the loopback address, and a wildcard mends it', () => {
    const judged = bound('127.0.0.1').withFile('fn-2/netns/api-a/tcpdump/eth0.txt', refused).judge(PODS);
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-2',
      namespace: 'api-a',
      values: { bound: '127.0.0.1:8080', how: 'loopback' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([{ id: 'bind-all', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a listener on another port is another cause', () => {
    const judged = failing(quietCluster().edited('fn-2/netns/api-a/ss_-antp.txt', '0.0.0.0:8080', '127.0.0.1:8081'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(findingOf(judged, 'targetport-no-listener-rst')).toBeDefined();
  });

  test('a listener on all addresses is no case of it', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test('without the sockets nothing is said of it', () => {
    expect(findingOf(failing(bound('127.0.0.1').without('sockets', 'fn-2/netns/api-a')), ID)).toBeUndefined();
  });

  test('the server refused and its sockets are missing: they would tell', () => {
    const asking = bound('127.0.0.1').without('sockets', 'fn-2/netns/api-a');
    const judged = asking.withFile('fn-1/netns/ui/tcpdump/eth0.txt', refused).judge(PODS);
    expect(judged.flow.evidence.seen).toBe('refused');
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['sockets fn-2/api-a']);
    // A client that waits was not refused; a server that never got the request did not refuse it.
    expect(neededFor(failing(asking), ID)).toBeUndefined();
    const elsewhere = packet(1, syn(PODS.src, 40002, '10.160.1.10', 8080));
    const other = asking
      .withFile('fn-1/netns/ui/tcpdump/eth0.txt', refused)
      .withFile('fn-2/netns/api-a/tcpdump/eth0.txt', elsewhere);
    expect(neededFor(other.judge(PODS), ID)).toBeUndefined();
  });
});
