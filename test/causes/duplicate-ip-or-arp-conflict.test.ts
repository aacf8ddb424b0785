import { describe, expect, test } from 'vitest';
import { failing, packet, reset, SAME_NODE, syn } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster, waiting } from './services.ts';

const ID = 'duplicate-ip-or-arp-conflict';
/** fn-2's neighbour entry for api-a has the MAC of api-cli beside it. */
const wrongMac = () =>
  quietCluster()
    .edited('fn-2/ip_neigh.txt', /^(10\.160\.1\.9 dev cni0 lladdr )\S+/m, '$13a:25:3a:30:df:3f')
    .edited('fn-2/ip_neigh.txt', /^10\.160\.1\.10 .*\n/m, '');

describe(ID, () => {
  test('holds where two pods hold the address', () => {
    const judged = failing(
      quietCluster().edited('fn-2/netns/api-cli/ip_addr.txt', 'inet 10.160.1.10/24', 'inet 10.160.1.9/24'),
    );
    expect(findingOf(judged, ID)).toMatchObject({ node: 'fn-2', values: { address: '10.160.1.9', twice: true } });
    expect(['certain', 'likely']).toContain(findingOf(judged, ID)?.confidence);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test("holds where the neighbour entry has another station's MAC", () => {
    const judged = failing(wrongMac());
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-2',
      values: { mac: '3a:25:3a:30:df:3f', ownMac: 'e2:a0:eb:25:b8:92' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a MAC that answers for many is a router', () => {
    const judged = failing(
      wrongMac().appended('fn-2/ip_neigh.txt', '10.160.1.44 dev cni0 lladdr 3a:25:3a:30:df:3f REACHABLE \n'),
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a virtual address on every node is no case of it', () => {
    expect(
      findingOf(waiting(quietCluster(), SAME_NODE).judge({ ...SAME_NODE, dst: '10.161.5.1', dport: 80 }), ID),
    ).toBeUndefined();
  });

  test('without the neighbour table and the addresses nobody is accused', () => {
    expect(findingOf(failing(wrongMac().without('ip-neigh', 'fn-2')), ID)).toBeUndefined();
  });

  test('somebody refused in the name of a server that got no request: the neighbour table would tell who', () => {
    const refused =
      packet(1, syn(SAME_NODE.src, 40002, SAME_NODE.dst, 8080)) +
      packet(1.0001, reset(SAME_NODE.dst, 8080, SAME_NODE.src, 40002));
    const elsewhere = packet(1, syn('10.160.1.10', 9, '10.160.1.9', 22));
    const dark = wrongMac()
      .without('ip-neigh', 'fn-2')
      .withFile('fn-2/netns/api-cli/tcpdump/eth0.txt', refused)
      .withFile('fn-2/netns/api-a/tcpdump/eth0.txt', elsewhere);
    const judged = dark.judge(SAME_NODE);
    expect(judged.flow.evidence.seen).toBe('refused');
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-neigh fn-2/api-cli']);
    expect(neededFor(dark.withoutFile('api-a/tcpdump/eth0.txt').judge(SAME_NODE), ID)).toBeUndefined();
    expect(neededFor(failing(dark.without('tcpdump'), SAME_NODE), ID)).toBeUndefined();
  });
});
