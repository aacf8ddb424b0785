import { describe, expect, test } from 'vitest';
import { hostFlow, listening, logLine, withoutRules } from './host-firewall.ts';
import { packet, rulesFirst, syn } from './pods.ts';
import { findingOf, unsaid } from './said.ts';
import { unreplied } from './services.ts';

const ID = 'input-chain-drop';
const flow = hostFlow(listening());
const waiting = () => listening().appended('fn-1/conntrack_-L.txt', unreplied(flow, flow.dst, 9100, flow.src));

describe(ID, () => {
  test('holds for a rule, and accepting just this flow before it mends', () => {
    const judged = rulesFirst(waiting(), 'fn-2', 'filter', [], ['-A INPUT -p tcp -m tcp --dport 9100 -j DROP']).judge(
      flow,
    );
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-2',
      at: 'INPUT',
      values: { policy: false },
    });
    // A rule for everybody is not taken out for one.
    expect(judged.found[0]?.fixes.map((f) => [f.id, f.provenByWalk])).toEqual([['accept', true]]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for a policy of DROP that nothing softens', () => {
    const judged = waiting()
      .edited('fn-2/iptables-save.txt', /(\*filter\n(?::.*\n)*?:INPUT) ACCEPT/, '$1 DROP')
      .judge(flow);
    expect(judged.found[0]).toMatchObject({ id: ID, node: 'fn-2', values: { policy: true } });
    expect(judged.found[0]?.fixes.map((f) => [f.id, f.provenByWalk])).toEqual([['accept', true]]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a rule that names the client may be taken out, and says so when it rejects', () => {
    const judged = rulesFirst(
      waiting(),
      'fn-2',
      'filter',
      [],
      [`-A INPUT -s ${flow.src}/32 -j REJECT --reject-with icmp-port-unreachable`],
    ).judge(flow);
    expect(findingOf(judged, ID)).toMatchObject({ values: { rejected: true } });
    expect(
      findingOf(judged, ID)
        ?.fixes.map((f) => f.id)
        .sort(),
    ).toEqual(['accept', 'remove-rule']);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('what the log of the firewall says is enough where its rules are missing, and is no more than likely', () => {
    const judged = withoutRules(listening(), 'fn-2')
      .withFile('fn-2/dmesg.txt', logLine(flow, 'zone-x-denied: ', 'eth0', ''))
      .judge(flow);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'fn-2',
      at: 'INPUT',
      values: { logged: 1 },
    });
    expect(findingOf(judged, ID)?.evidence[0]?.source.file).toBe('fn-2/dmesg.txt');
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a line about what is only audited, or about another connection, says nothing', () => {
    const base = withoutRules(listening(), 'fn-2');
    for (const line of [
      logLine(flow, '[UFW AUDIT] ', 'eth0', ''),
      logLine({ ...flow, dport: 9101 }, 'denied: ', 'eth0', ''),
      logLine({ ...flow, sport: 41999 }, 'denied: ', 'eth0', ''),
    ])
      expect(findingOf(base.withFile('fn-2/dmesg.txt', line).judge(flow), ID)).toBeUndefined();
  });

  test('a rule that never met the packet is not accused', () => {
    const judged = rulesFirst(waiting(), 'fn-2', 'filter', [], ['-A INPUT -p tcp -m tcp --dport 9101 -j DROP']).judge(
      flow,
    );
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the rules of the host that swallows the packet it is open', () => {
    const judged = withoutRules(waiting(), 'fn-2')
      .withFile(
        'fn-2/tcpdump/any.txt',
        [1, 2, 3]
          .map((s) => packet(s, syn(flow.src, 40003, flow.dst, 9100), { device: 'eth0', direction: 'In' }))
          .join(''),
      )
      .judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(judged.undecided.find((u) => u.id === ID)?.missing).toEqual([{ kind: 'iptables-save', namespace: 'fn-2' }]);
  });
});
