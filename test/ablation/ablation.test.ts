import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/causes/facts/finding.ts';
import { CAUSES } from '../../src/judging/registry.ts';
import { textsOf } from '../causes/bundle.ts';
import { rightNames, type Truth, truthOf } from '../recorded-cases.ts';
import { causesAlone, causesOfFlow } from './accused.ts';
import { chosenCases, chosenOf, TIMEOUT } from './sample.ts';
import { takenAway } from './taken-away.ts';

/** The truth's root cause, and what follows from it: that is true as well, and all that is left to see where the reason was taken away. */
const trueOf = (truth: Truth): readonly string[] =>
  rightNames(truth).flatMap((id) => [id, ...(CAUSES.find((cause) => cause.id === id)?.explains ?? [])]);

/** Root causes that are certain and not true: none is ever true of a healthy bundle. */
const wrongly = (causes: readonly Finding[], truth: Truth): readonly string[] =>
  causes
    .filter((cause) => cause.confidence === 'certain' && !trueOf(truth).includes(cause.id))
    .map((cause) => `${cause.id}@${cause.node}`);

describe('what a bundle lacks makes nobody else guilty', () => {
  test.each(chosenCases)('$name', { timeout: TIMEOUT }, (recorded) => {
    const truth = truthOf(recorded);
    const variants = takenAway(textsOf(`${recorded.path}.tgz`));
    const chosen = chosenOf(recorded, variants);
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
