import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { failing, PODS } from './pods.ts';
import { findingOf, neededFor, unsaid } from './said.ts';
import { quietCluster } from './services.ts';

const ID = 'vxlan-stale-fdb-remote';
const remote = (address: string) =>
  quietCluster().edited('fn-1/bridge_fdb.txt', /^(ea:fb\S+ dev flannel\.1 dst )\S+/m, `$1${address}`);

describe(ID, () => {
  test('holds where the entry leads to an address that nobody has', () => {
    const judged = failing(remote('10.6.6.212'));
    expect(judged.found[0]).toMatchObject({
      id: ID,
      confidence: 'certain',
      node: 'fn-1',
      values: { remote: '10.6.6.212', local: '10.6.6.12', peer: 'fn-2' },
    });
    expect(judged.found[0]?.fixes).toMatchObject([
      {
        id: 'right-remote',
        provenByWalk: true,
        commands: [{ command: 'bridge fdb replace ea:fb:e8:25:a2:e0 dev flannel.1 dst 10.6.6.12' }],
      },
    ]);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds where the entry leads to another node', () => {
    const judged = failing(remote('10.6.6.13'));
    expect(judged.found[0]).toMatchObject({ id: ID, values: { owner: 'fn-3' } });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for the recorded node that got another address', () => {
    const judged = bundleOf('flannel-stale-remote').judge(flowOf('flannel-stale-remote'));
    expect(judged.found[0]?.id).toBe(ID);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('the right address is no case of it', () => {
    expect(findingOf(failing(quietCluster()), ID)).toBeUndefined();
  });

  test('without the forwarding table nobody is accused', () => {
    expect(findingOf(failing(remote('10.6.6.212').without('bridge-fdb', 'fn-1')), ID)).toBeUndefined();
  });

  test('without the forwarding table it would tell', () => {
    const dark = remote('10.6.6.212').without('bridge-fdb', 'fn-1');
    expect(neededFor(failing(dark), ID)).toEqual(['bridge-fdb fn-1']);
    expect(neededFor(dark.judge(PODS), ID)).toBeUndefined();
  });
});
