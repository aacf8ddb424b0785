import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { established } from './services.ts';

const ID = 'vip-on-dummy-local-listener';
const NAME = 'ack-clb-port-without-service';
const NODE = 'cn-hangzhou.192.168.1.12';
const LISTENER = 'LISTEN 0      128          0.0.0.0:443      0.0.0.0:*     users:(("nginx-ingress",pid=77,fd=3))\n';
const quiet = () => bundleOf(NAME).without('tcpdump').appended(`${NODE}/ss_-antp.txt`, LISTENER);

describe(ID, () => {
  test('holds for a listener on all addresses; that the client is answered does not speak against it', () => {
    const asked = { ...flowOf(NAME), sport: 40001 };
    const judged = quiet()
      .appended(`${NODE}/conntrack_-L.txt`, established(asked, '192.168.1.200', 443, '192.168.1.200'))
      .judge(asked);
    expect(judged.flow.evidence.seen).toBe('ok');
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: NODE,
      values: { process: 'nginx-ingress', bound: '0.0.0.0' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is likely where the flow itself was not seen', () => {
    expect(quiet().judge(flowOf(NAME)).found[0]).toMatchObject({ id: ID, confidence: 'likely' });
  });

  test('a port of the service is no case of it, though a program listens on it', () => {
    const judged = quiet()
      .appended(`${NODE}/ss_-antp.txt`, LISTENER.replace(':443 ', ':80 '))
      .judge({ ...flowOf(NAME), dport: 80 });
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('a listener on the node address only is no case of it', () => {
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .appended(`${NODE}/ss_-antp.txt`, LISTENER.replace('0.0.0.0:443', '192.168.1.12:443'))
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the sockets it is undecided', () => {
    const asked = { ...flowOf(NAME), sport: 40001 };
    const judged = bundleOf(NAME)
      .without('tcpdump')
      .without('sockets', NODE)
      .appended(`${NODE}/conntrack_-L.txt`, established(asked, '192.168.1.200', 443, '192.168.1.200'))
      .judge(asked);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'sockets', namespace: NODE }]);
  });
});
