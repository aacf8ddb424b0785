import { describe, expect, test } from 'vitest';
import { judgeFlow } from '../../src/judging/judge.ts';
import type { Text } from '../path/one-node.ts';
import { addresses, bundle, flow, routes } from '../path/partial.ts';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'xfrm-out-policy-missing-plaintext';
const NAME = 'xfrm-out-policy-too-narrow';
/** The far gateway takes no part: nobody refuses the plain packet, nobody answers it. */
const alone = () => bundleOf(NAME).withoutNode('west');

describe(ID, () => {
  test('a packet beside the selector leaves in the clear', () => {
    const judged = alone().judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'east',
      values: { src: '172.20.8.21', policySrc: '172.20.8.0/28', clear: 3 },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a packet that is encrypted is none', () => {
    const judged = alone()
      .edited('east/ip_xfrm_policy.txt', /172\.20\.8\.0\/28/g, '172.20.8.0/24')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without packets it is likely at most', () => {
    const judged = alone().without('tcpdump', 'east/tcpdump').judge(flowOf(NAME));
    expect(['likely', 'certain']).toContain(findingOf(judged, ID)?.confidence);
  });

  test('without the policies nobody is accused', () => {
    expect(findingOf(alone().without('xfrm-policy').judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the policies a gateway with SAs that sends in the clear asks for them', () => {
    const judged = alone().without('xfrm-policy').judge(flowOf(NAME));
    expect(neededFor(judged, ID)).toEqual(['xfrm-policy east']);
    const unseen = alone().without('xfrm-policy').without('tcpdump', 'east/tcpdump');
    expect(neededFor(unseen.judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('without the rules that decide under which source it leaves these would tell', () => {
    const name = 'ipsec-service-policy-misscoped';
    const judged = bundleOf(name).without('iptables-save').judge(flowOf(name));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)?.[0]).toMatch(/^iptables-save /);
  });

  describe("a gateway's own packet, of which nothing else was captured", () => {
    const policies = (from: string): Text => [
      'xfrm-policy',
      `src ${from} dst 10.9.0.0/16 \n\tdir out priority 100 ptype main \n\ttmpl src 192.0.2.10 dst 203.0.113.2\n\t\tproto esp reqid 1 mode tunnel\n`,
    ];
    const [main, rules] = routes('default via 192.0.2.1 dev wan0\n192.0.2.0/24 dev wan0 scope link src 192.0.2.10\n');
    const asked = flow({ start: 'gw', src: '192.0.2.10', dst: '10.9.0.5' });
    const found = (...texts: readonly (Text | undefined)[]) => {
      const known = texts.filter((text) => text !== undefined);
      return judgeFlow(bundle({ gw: [addresses(['wan0', '192.0.2.10/24']), ...known] }), asked, 'f').found.find(
        ({ id }) => id === ID,
      );
    };

    test('is likely where its routes and routing rules show that no other source is chosen', () => {
      const finding = found(policies('10.1.0.0/16'), main, rules);
      expect(finding).toMatchObject({ confidence: 'likely', node: 'gw', values: { policyDst: '10.9.0.0/16' } });
      expect(finding?.evidence[0]).toMatchObject({ role: 'decisive', source: { line: 1 } });
    });

    test('is possible where another table may choose one', () => {
      expect(found(policies('10.1.0.0/16'), main)).toMatchObject({ confidence: 'possible' });
      expect(found(policies('10.1.0.0/16'))).toMatchObject({ confidence: 'possible' });
    });

    test('is none where a policy has its source', () => {
      expect(found(policies('192.0.2.0/24'), main, rules)).toBeUndefined();
    });
  });
});
