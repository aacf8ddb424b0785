import { type RecordedCase, recordedCases } from '../recorded-cases.ts';
import type { Variant } from './taken-away.ts';

/** All variants of all bundles where asked for; else a seeded sample, another one with another seed. */
const ALL = process.env.ABLATION === 'all';
const SEED = Number(process.env.ABLATION_SEED ?? 1);
const ONLY = process.env.ABLATION_ONLY;
/** Bundles of the sample, each in one variant. */
const SAMPLED = 24;

/** All variants of a bundle take minutes on a busy machine. */
export const TIMEOUT = ALL ? 900_000 : 120_000;

/** A number below 1 that depends on the seed and the name alone (FNV-1a). */
const chance = (name: string): number => {
  let hash = 0x811c9dc5 ^ SEED;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash / 2 ** 32;
};

/** The bundles that are tried. */
export const chosenCases = recordedCases
  .filter(({ name }) => ONLY === undefined || new RegExp(ONLY).test(name))
  .sort((a, b) => chance(a.name) - chance(b.name))
  .slice(0, ALL ? undefined : SAMPLED);

/** The variants of a bundle that are tried: all, or one. */
export const chosenOf = ({ name }: RecordedCase, variants: readonly Variant[]): readonly Variant[] =>
  ALL ? variants : [...variants].sort((a, b) => chance(name + a.name) - chance(name + b.name)).slice(0, 1);
