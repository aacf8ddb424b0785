import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/causes/facts/finding.ts';
import type { Network } from '../../src/network/network.ts';
import { type BundleTexts, bundleOf } from '../causes/bundle.ts';
import { type Truth, truthOf } from '../recorded-cases.ts';
import { causesAlone, causesOfFlow } from './accused.ts';
import { OLD_COUNTERS, withNoise } from './noise.ts';
import { chosenCases, chosenOf, TIMEOUT } from './sample.ts';

/** A healthy cluster of other addresses, whose nodes come into the bundle by mistake. */
const DONORS = ['ok-hostgw', 'ok-calico-vxlan', 'ok-noise2'];

const addressesOf = (network: Network): ReadonlySet<string> =>
  new Set(
    [...network.namespaces.values()].flatMap((ns) =>
      [...ns.links.values()].flatMap((link) => link.addresses.map((a) => a.address)),
    ),
  );

const COMMON = /^(127\.|::1$|fe80:)/;

/** The first donor that shares no address with the bundle: two hosts of one address would be a fault of their own. */
const donorFor = (bundle: BundleTexts): BundleTexts => {
  const own = addressesOf(bundle.network());
  const found = DONORS.map((name) => bundleOf(name)).find(
    (donor) => ![...addressesOf(donor.network())].some((a) => own.has(a) && !COMMON.test(a)),
  );
  if (!found) throw new Error('no donor has other addresses');
  return found;
};

/** The first root cause and its node of a failing bundle; of a healthy one all that is loud. */
const verdictOf = (causes: readonly Finding[], { cause }: Truth): readonly string[] =>
  (cause === null ? causes.filter((c) => c.confidence !== 'possible') : causes.slice(0, 1)).map(
    (c) => `${c.id}@${c.node}`,
  );

describe('noise changes no verdict', () => {
  test.each(chosenCases)('$name', { timeout: TIMEOUT }, (recorded) => {
    const truth = truthOf(recorded);
    const bundle = bundleOf(recorded.name);
    const quiet = bundle.network();
    const expected = {
      asked: verdictOf(causesOfFlow(quiet, truth), truth),
      alone: verdictOf(causesAlone(quiet), truth),
    };
    for (const { name, bundle: noisy } of chosenOf(recorded, withNoise(bundle, donorFor(bundle)))) {
      const network = noisy.network();
      const asked = verdictOf(causesOfFlow(network, truth), truth);
      const alone = verdictOf(causesAlone(network), truth);
      // That nothing was counted is a proof of its own; where something was, long ago, there may be silence, and never another name.
      const silent = (verdict: readonly string[]) => name === OLD_COUNTERS && verdict.length === 0;
      expect({ name, asked, alone }).toEqual({
        name,
        asked: silent(asked) ? [] : expected.asked,
        alone: silent(alone) ? [] : expected.alone,
      });
    }
  });
});
