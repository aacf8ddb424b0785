import { isUnspecified } from '../../tables/address.ts';
import type { Clue, ClueReader } from './clue.ts';

/**
 * IPsec policies and states. The tunnel of a `dir out` policy begins at an address of this host and ends at the peer's, that of `in` and `fwd` the other way
 * round. A state whose packets were counted going out begins here; one whose replay window moved, or that is said to be for input, ends here.
 */
export const fromXfrm: ClueReader = function* (ns) {
  for (const { dir, templates, source } of ns.policies) {
    if (dir === 'socket') continue;
    for (const template of templates) {
      if (template.mode !== 'tunnel') continue;
      const [own, peer] = dir === 'out' ? [template.src, template.dst] : [template.dst, template.src];
      yield* ends(own, peer, 'strong', source);
    }
  }
  for (const { dir, src, dst, seq, oseq, source } of ns.states) {
    const goesOut = dir === 'out' || (dir === undefined && (oseq ?? 0) > 0 && (seq ?? 0) === 0);
    const comesIn = dir === 'in' || (dir === undefined && (seq ?? 0) > 0 && (oseq ?? 0) === 0);
    if (goesOut) yield* ends(src, dst, dir ? 'strong' : 'weak', source);
    if (comesIn) yield* ends(dst, src, dir ? 'strong' : 'weak', source);
  }
};

function* ends(own: string, peer: string, weight: 'strong' | 'weak', source: Clue['source']): Generator<Clue> {
  if (!isUnspecified(own)) yield { fact: 'address', address: own, weight, source };
  if (!isUnspecified(peer)) yield { fact: 'foreign', address: peer, weight, source };
}
