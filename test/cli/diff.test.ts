import { describe, expect, test } from 'vitest';
import { bundle, inside } from './inside.ts';
import { sample } from './run.ts';

interface Document {
  readonly good: { readonly outcome: string };
  readonly bad: { readonly outcome: string; readonly flow: { readonly dst: string } };
  readonly parting: {
    readonly direction: string;
    readonly shared: Step | null;
    readonly good: Step | null;
    readonly bad: Step | null;
  } | null;
  readonly differences: readonly {
    readonly namespace: string;
    readonly kind: string;
    readonly change: string;
    readonly weight: string;
    readonly good: { readonly text: string } | null;
    readonly bad: { readonly text: string } | null;
  }[];
  readonly notComparable: readonly { readonly namespace: string; readonly capture: string }[];
}
interface Step {
  readonly node: string;
  readonly hook: string;
  readonly action: string;
}

const diff = async (good: string, bad: string, ...args: string[]): Promise<Document> => {
  const { status, stdout, stderr } = await inside('diff', bundle(good), bundle(bad), '--format', 'json', ...args);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Document;
};

describe('two bundles of one cluster', () => {
  test('a rule that was deleted: where the ways part, and the rule', async () => {
    const found = await diff('submariner-healthy', 'submariner-hostnet-rule-deleted');
    expect(found.good.outcome).toBe('delivered');
    expect(found.bad.outcome).not.toBe('delivered');
    expect(found.parting).toMatchObject({
      direction: 'forward',
      good: { node: 'c2-control-plane', hook: 'POSTROUTING', action: 'snat' },
      bad: { node: 'c2-control-plane', hook: 'POSTROUTING' },
    });
    const [first] = found.differences;
    expect(first).toMatchObject({ kind: 'iptables-rule', change: 'only-good', weight: 'parting', bad: null });
    expect(first?.good?.text).toContain('-A SUBMARINER-POSTROUTING -s 240.0.0.0/8');
  });

  test('a policy that is missing', async () => {
    const found = await diff('xfrm-healthy', 'xfrm-missing-fwd-policy');
    expect(found.parting?.bad).toMatchObject({ node: 'gw-b', hook: 'xfrm-fwd', action: 'no-policy' });
    expect(found.differences[0]).toMatchObject({ kind: 'xfrm-policy', change: 'only-good', namespace: 'gw-b' });
    expect(found.differences[0]?.good?.text).toMatch(/dir fwd/);
  });

  test('SAs that do not fit each other; no key is quoted', async () => {
    const found = await diff('xfrm-healthy', 'xfrm-sa-mismatch');
    const states = found.differences.filter(({ kind }) => kind === 'xfrm-state');
    expect(states.map(({ change }) => change)).toEqual(expect.arrayContaining(['only-good', 'only-bad']));
    expect(JSON.stringify(found)).not.toMatch(/0x[0-9a-f]{32}/);
  });

  test('a set that lacks a member', async () => {
    const found = await diff('kube-router-svip-healthy', 'kube-router-svip-prt-race');
    expect(found.differences.map(({ good }) => good?.text ?? '').join('\n')).toContain('203.0.113.80,tcp:443');
    // Hardware addresses that were made anew are no difference.
    expect(found.differences.filter(({ kind }) => kind === 'neighbour')).toEqual([]);
  });

  test('a bundle and itself: nothing', async () => {
    const found = await diff('xfrm-missing-fwd-policy', 'xfrm-missing-fwd-policy');
    expect(found).toMatchObject({ parting: null, differences: [], notComparable: [] });
  });

  test('the flow that was asked for is followed in both', async () => {
    const flow = ['--flow', '192.0.2.10 -> 192.0.2.20/icmp', '--from', 'gw-a'];
    const found = await diff('xfrm-healthy', 'xfrm-missing-fwd-policy', ...flow);
    expect(found.bad.flow.dst).toBe('192.0.2.20');
    expect(found).toMatchObject({ good: { outcome: 'delivered' }, bad: { outcome: 'delivered' }, parting: null });
  });

  test.each([
    ['en', /^ {2}flow .*\n {2}good .*delivered[\s\S]*IPsec policy check for forwarded packets[\s\S]*only in good/],
    ['zh-CN', /^ {2}流 [\s\S]*正常 [\s\S]*故障 [\s\S]*只在正常时有/],
  ])('as text in %s', async (lang, words) => {
    const { stdout } = await inside('diff', bundle('xfrm-healthy'), bundle('xfrm-missing-fwd-policy'), '--lang', lang);
    expect(stdout).toMatch(words);
    expect(stdout).not.toMatch(/undefined|\[object/);
  });

  test('bundles of different clusters are a wrong call', async () => {
    const { status, stderr } = await inside('diff', sample, bundle('xfrm-healthy'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/no node in common: .*cloud-gw.*gw-a/);
  });

  test('a healthy bundle has no broken flow to follow', async () => {
    const { status, stderr } = await inside('diff', bundle('xfrm-healthy'), bundle('xfrm-healthy'));
    if (status !== 0) expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--flow') });
  });
});
