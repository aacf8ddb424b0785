import type { Cause } from '../../src/causes/facts/finding.ts';
import { CAUSES } from '../../src/judging/registry.ts';
import { askedBy, type Kind, kindsIn } from './witness.ts';

/** Causes that are never left open, and why: the one place for them. */
export const NEVER_OPEN: ReadonlyMap<string, string> = new Map([
  [
    'cilium-kpr-and-kube-proxy',
    "nothing that a bundle holds shows what Cilium's socket balancing translated, so that no capture would decide",
  ],
  [
    'kube-router-ipv6-vip-same-node',
    'the mechanism is not known well enough for a capture to decide: it is a possibility and stays one',
  ],
]);

/** The kinds of test that a cause needs; a healthy pattern is no suspect, so that it is never left open. */
export const kindsOf = (cause: Pick<Cause, 'id' | 'group' | 'control'>): readonly Kind[] =>
  cause.control || NEVER_OPEN.has(cause.id) ? ['holds', 'look-alike'] : ['holds', 'look-alike', 'undecided'];

const WANTED: Readonly<Record<Kind, string>> = {
  holds: 'looks at a finding of it',
  'look-alike': 'looks at what was found in a bundle that only looks like it',
  undecided: 'looks at the capture that is asked for where it is missing',
};

/** What the tests of a cause's own file have not looked at, each in words that say what to do. */
export const lackingKinds = (id: string, file: string): readonly string[] => {
  const cause = CAUSES.find((one) => one.id === id);
  if (!cause) return [];
  const seen = kindsIn(file, id);
  const stale = NEVER_OPEN.has(id) && seen.has('undecided') ? [`${id} is left open: strike it off NEVER_OPEN`] : [];
  // The catalogue lists what a cause reads: what it asks for is part of that.
  const unlisted = [...askedBy(id)]
    .filter((kind) => !cause.needs.includes(kind))
    .map((kind) => `${id} asks for ${kind}: add it to its needs`);
  return [
    ...stale,
    ...unlisted,
    ...kindsOf(cause).flatMap((kind) => (seen.has(kind) ? [] : [`no test of ${id} ${WANTED[kind]}`])),
  ];
};
