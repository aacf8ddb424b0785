import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/causes/finding.ts';
import { CAUSES } from '../../src/causes/registry.ts';
import { textsOf } from '../causes/bundle.ts';
import { recordedCases, rightNames, type Truth, truthOf } from '../recorded-cases.ts';
import { causesAlone, causesOfFlow } from './accused.ts';
import { takenAway } from './taken-away.ts';

/** All variants of all bundles where asked for; else a seeded sample, another one with another seed. */
const ALL = process.env.ABLATION === 'all';
const SEED = Number(process.env.ABLATION_SEED ?? 1);
const ONLY = process.env.ABLATION_ONLY;
/** Bundles of the sample, each in one variant. */
const SAMPLED = 24;

/** A number below 1 that depends on the seed and the name alone (FNV-1a). */
const chance = (name: string): number => {
  let hash = 0x811c9dc5 ^ SEED;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash / 2 ** 32;
};

const chosenCases = recordedCases
  .filter(({ name }) => ONLY === undefined || new RegExp(ONLY).test(name))
  .sort((a, b) => chance(a.name) - chance(b.name))
  .slice(0, ALL ? undefined : SAMPLED);

/** The truth's root cause, and what follows from it: that is true as well, and all that is left to see where the reason was taken away. */
const trueOf = (truth: Truth): readonly string[] =>
  rightNames(truth).flatMap((id) => [id, ...(CAUSES.find((cause) => cause.id === id)?.explains ?? [])]);

/** Root causes that are certain and not true: none is ever true of a healthy bundle. */
const wrongly = (causes: readonly Finding[], truth: Truth): readonly string[] =>
  causes
    .filter((cause) => cause.confidence === 'certain' && !trueOf(truth).includes(cause.id))
    .map((cause) => `${cause.id}@${cause.node}`);

describe.skipIf(recordedCases.length === 0)('what a bundle lacks makes nobody else guilty', () => {
  test.each(chosenCases)('$name', (recorded) => {
    const truth = truthOf(recorded);
    const variants = takenAway(textsOf(`${recorded.path}.tgz`));
    const chosen = ALL
      ? variants
      : [...variants].sort((a, b) => chance(recorded.name + a.name) - chance(recorded.name + b.name)).slice(0, 1);
    const wrong = chosen.flatMap(({ name, bundle }) => {
      const network = bundle.network();
      return [
        ...wrongly(causesOfFlow(network, truth), truth).map((accused) => `${name}, asked: ${accused}`),
        ...wrongly(causesAlone(network), truth).map((accused) => `${name}, alone: ${accused}`),
      ];
    });
    expect(wrong).toEqual([]);
  });
});
