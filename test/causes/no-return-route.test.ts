import { describe, expect, test } from 'vitest';
import { judgeFlow } from '../../src/judging/judge.ts';
import type { Text } from '../path/one-node.ts';
import { addresses, bundle, FORWARDING, flow, syn } from '../path/partial.ts';
import { failing } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'no-return-route';
const RULES: Text = [
  'ip-rule',
  '0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n',
  4,
];
const main = (text: string): readonly Text[] => [['ip-route', text, 4], RULES];
const OPEN: Text = [
  'iptables-save',
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
  4,
];
const NONE: readonly Text[] = [
  ['xfrm-policy', ''],
  ['xfrm-state', ''],
];
const LISTENS: Text = [
  'sockets',
  'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\ntcp   LISTEN 0      128          0.0.0.0:443       0.0.0.0:*\n',
];
const CONNECTED = '198.51.100.0/24 dev srv0 proto kernel scope link src 198.51.100.7\n';

/** A client, a router between two networks, and a server with these routes. */
const network = (back: string, more: readonly Text[] = [], server = main(back)) =>
  bundle({
    client: [
      addresses(['cl0', '10.1.0.5/24']),
      ...main('default via 10.1.0.1 dev cl0\n10.1.0.0/24 dev cl0 proto kernel scope link src 10.1.0.5\n'),
      OPEN,
      ...NONE,
    ],
    router: [
      addresses(['lan0', '10.1.0.1/24'], ['srv1', '198.51.100.1/24']),
      ...main(
        '10.1.0.0/24 dev lan0 proto kernel scope link src 10.1.0.1\n198.51.100.0/24 dev srv1 proto kernel scope link src 198.51.100.1\n',
      ),
      FORWARDING,
      OPEN,
      ...NONE,
    ],
    server: [addresses(['srv0', '198.51.100.7/24']), ...server, OPEN, LISTENS, ...NONE, ...more],
  });
const asked = flow({ start: 'client' });
const judged = (...given: Parameters<typeof network>) => judgeFlow(network(...given), asked, 'f');
/** The client asks again and again. */
const asks: Text = [
  'tcpdump',
  [1, 2, 4].map((at) => syn('srv0', 'In', '10.1.0.5.40000', '198.51.100.7.443', at)).join(''),
];

describe(ID, () => {
  const pod = (from: string | RegExp, to: string) => quietCluster().edited('fn-2/netns/api-a/ip_route.txt', from, to);

  test('a pod that lost its default route answers nobody outside of its network', () => {
    const judgement = failing(pod(/^default .*\n/m, ''));
    expect(findingOf(judgement, ID)).toMatchObject({
      ...{ confidence: 'certain', node: 'fn-2', namespace: 'api-a' },
      values: { dst: '10.160.0.9', own: true },
    });
    expect(findingOf(judgement, ID)?.fixes[0]).toMatchObject({ id: 'add-route', provenByWalk: true });
    expect(unsaid(judgement, ID)).toEqual([]);
  });

  test('a narrower route than the default one is a way back as well', () => {
    const judgement = failing(pod(/^default (.*\n)/m, '10.160.0.0/16 $1'));
    expect(findingOf(judgement, ID)).toBeUndefined();
  });

  test("without the pod's routes nobody is accused, and they would tell", () => {
    const judgement = failing(quietCluster().without('ip-route', 'fn-2/netns/api-a'));
    expect(findingOf(judgement, ID)).toBeUndefined();
    expect(neededFor(judgement, ID)).toEqual(['ip-route fn-2/api-a']);
  });
});

describe('behind a router of the bundle', () => {
  test('a server with no route to the client does not answer', () => {
    const judgement = judged(CONNECTED, [asks]);
    const finding = findingOf(judgement, ID);
    expect(finding).toMatchObject({
      confidence: 'certain',
      node: 'server',
      values: { dst: '10.1.0.5', src: '198.51.100.7', own: true },
    });
    expect(finding?.evidence[0]).toMatchObject({ role: 'decisive', source: { line: 1 } });
    expect(finding?.fixes).toMatchObject([
      {
        id: 'add-route',
        commands: [{ node: 'server', command: 'ip route add 10.1.0.0/24 via 198.51.100.1 dev srv0' }],
      },
    ]);
    expect(unsaid(judgement, ID)).toEqual([]);
  });

  test('where nothing was seen of the flow it is likely', () => {
    expect(findingOf(judged(CONNECTED), ID)).toMatchObject({ confidence: 'likely' });
  });

  test('a route or a default route is a way back', () => {
    for (const route of ['10.1.0.0/24 via 198.51.100.1 dev srv0\n', 'default via 198.51.100.1 dev srv0\n'])
      expect(findingOf(judged(CONNECTED + route, [asks]), ID)).toBeUndefined();
  });

  test('a request that has no route itself is another thing', () => {
    const judgement = judgeFlow(
      network(CONNECTED),
      flow({ start: 'server', src: '198.51.100.7', dst: '10.1.0.5' }),
      'f',
    );
    expect(judgement.flow.outcome).not.toBe('delivered');
    expect(findingOf(judgement, ID)).toBeUndefined();
  });

  test('without the routes nobody is accused, and they would tell', () => {
    const judgement = judged(CONNECTED, [asks], [RULES]);
    expect(findingOf(judgement, ID)).toBeUndefined();
    expect(neededFor(judgement, ID)).toEqual(['ip-route server']);
  });
});
