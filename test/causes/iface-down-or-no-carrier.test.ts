import { describe, expect, test } from 'vitest';
import { failing, PODS } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { established, quietCluster } from './services.ts';

const ID = 'iface-down-or-no-carrier';
const flannel = (flags: string) =>
  ['ip_addr.txt', 'ip_link_stats.txt'].reduce(
    (bundle, file) =>
      bundle.edited(`fn-1/${file}`, /(flannel\.1: )<[^>]*>( mtu \d+ qdisc \S+ state )\S+/, `$1<${flags}>$2DOWN`),
    quietCluster(),
  );

describe(ID, () => {
  test('holds for a device that is down, and setting it up mends it', () => {
    const judged = failing(flannel('BROADCAST,MULTICAST'));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { device: 'flannel.1', noCarrier: false },
    });
    expect(findingOf(judged, ID)?.fixes).toMatchObject([{ id: 'set-up', provenByWalk: true }]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for a device without carrier', () => {
    const judged = failing(flannel('NO-CARRIER,BROADCAST,MULTICAST,UP'));
    expect(findingOf(judged, ID)).toMatchObject({ node: 'fn-1', values: { noCarrier: true } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('kube-ipvs0 is meant to be down', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test('without the devices nobody is accused', () => {
    expect(
      findingOf(
        failing(flannel('BROADCAST,MULTICAST').without('ip-addr', 'fn-1/ip').without('ip-link', 'fn-1/ip')),
        ID,
      ),
    ).toBeUndefined();
  });

  test('without the devices they would tell, where nothing was seen behind', () => {
    const dark = flannel('BROADCAST,MULTICAST').without('ip-addr', 'fn-1/ip').without('ip-link', 'fn-1/ip');
    const flow = { ...PODS, src: '10.160.0.0', start: 'fn-1' };
    const judged = failing(dark, flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-link fn-1']);
    expect(neededFor(dark.judge(flow), ID)).toBeUndefined();
    const arrived = established(flow, PODS.dst, 8080, flow.src);
    expect(neededFor(failing(dark.withFile('fn-2/conntrack_-L.txt', arrived), flow), ID)).toBeUndefined();
  });
});
