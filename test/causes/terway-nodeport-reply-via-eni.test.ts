import { describe, expect, test } from 'vitest';
import { bundleOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ASKED, quietCluster, waiting } from './services.ts';

const ID = 'terway-nodeport-reply-via-eni';
const NAME = 'ack-local-124-nodeport-external-terway';
const FLOW = {
  proto: 'tcp',
  src: '10.0.3.72',
  sport: 41999,
  dst: '10.0.2.77',
  dport: 30745,
  start: 'client-10.0.3.72',
};
const failing = () => waiting(bundleOf(NAME).without('tcpdump'), FLOW);

describe(ID, () => {
  test('holds where the request comes by one card and the answer leaves by another', () => {
    const judged = failing().judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'likely',
      node: 'cn-hongkong.10.0.2.77',
      values: { arrived: 'eth0', left: 'eth1', server: '10.0.2.78', symmetric: false },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('is not said where it works', () => {
    expect(findingOf(bundleOf(NAME).judge({ ...FLOW, sport: undefined }), ID)).toBeUndefined();
  });

  test('an answer by the same card is no case of it', () => {
    expect(findingOf(waiting(quietCluster()).judge(ASKED), ID)).toBeUndefined();
    const noRules = failing().edited('cn-hongkong.10.0.2.77/ip_rule.txt', /^.*from 10\.0\.2\.78.*\n/gm, '');
    expect(findingOf(noRules.judge(FLOW), ID)).toBeUndefined();
  });

  test('without the rules another table that leads to the client asks for them', () => {
    const dark = failing().without('ip-rule', 'cn-hongkong.10.0.2.77');
    const judged = dark.judge(FLOW);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ip-rule cn-hongkong.10.0.2.77']);
    expect(neededFor(waiting(quietCluster().without('ip-rule')).judge(ASKED), ID)).toBeUndefined();
  });
});
