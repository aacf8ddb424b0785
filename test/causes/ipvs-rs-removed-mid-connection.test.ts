import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { ASKED, connection, quietCluster, waiting } from './services.ts';

const ID = 'ipvs-rs-removed-mid-connection';
const removed = (state: string, server: string) =>
  quietCluster().appended('fn-1/ipvsadm_-Lnc.txt', connection(state, '10.160.0.9:40001', '10.161.5.1:80', server));

describe(ID, () => {
  test('holds for a connection with a server that the service has no more', () => {
    const judged = waiting(removed('ESTABLISHED', '10.160.1.77:8080')).judge(ASKED);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'fn-1',
      values: { server: '10.160.1.77', state: 'ESTABLISHED' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a connection that is over, or whose server is there, is no case of it', () => {
    expect(findingOf(waiting(removed('TIME_WAIT', '10.160.1.77:8080')).judge(ASKED), ID)).toBeUndefined();
    expect(findingOf(waiting(removed('ESTABLISHED', '10.160.1.9:8080')).judge(ASKED), ID)).toBeUndefined();
  });

  test('is at most likely where nothing shows that the flow fails', () => {
    expect(findingOf(removed('ESTABLISHED', '10.160.1.77:8080').judge(ASKED), ID)?.confidence).toBe('likely');
  });

  test('a small segment that is sent again and again without an acknowledgement is a stalled connection', () => {
    const judged = bundleOf('rs-removed').judge(flowOf('rs-removed'));
    expect(findingOf(judged, ID)).toMatchObject({ confidence: 'certain', node: 'rr-1' });
    // Without the packets nothing shows that the established connection fails.
    const unseen = bundleOf('rs-removed').without('tcpdump').judge(flowOf('rs-removed'));
    expect(findingOf(unseen, ID)?.confidence).not.toBe('certain');
  });

  test('a connection that stands still, and the table of connections is missing: it would tell', () => {
    const dark = bundleOf('rs-removed').without('ipvsadm-connections');
    const judged = dark.judge(flowOf('rs-removed'));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ipvsadm-connections rr-1']);
    expect(neededFor(dark.without('tcpdump').judge(flowOf('rs-removed')), ID)).toBeUndefined();
  });
});
