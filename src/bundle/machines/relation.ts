import { sameMachine } from '../names.ts';
import type { Identity } from './identity.ts';

/** A collection as far as the question goes which machine it is of. */
export interface Known {
  /** What it is called: by its own captures, its folder, its file or the bundle. */
  readonly node: string;
  /** That tells of no machine: it is a moment's name, or the bundle's for want of another. */
  readonly nameless: boolean;
  /** What stands before the last part of the name is a moment's: `before/gw`. */
  readonly ofMoment: boolean;
  readonly identity: Identity;
}

/**
 * Whether two collections are of one machine. `same` needs agreeing names that nothing speaks against, or devices that are the same by MAC and address; what is not
 * told either way is `open`, and stays two machines.
 */
export const relationOf = (a: Known, b: Known): 'same' | 'other' | 'open' => {
  const [x, y] = [a.identity, b.identity];
  if (contradict(x, y)) return 'other';
  if (sameMachine(a.node, b.node)) return 'same';
  const named = x.name !== undefined && y.name !== undefined;
  const ids = same(x.machineId, y.machineId) || same(x.bootId, y.bootId);
  const alike = lastPart(a.node) === lastPart(b.node);
  if ([...x.stations].some((one) => y.stations.has(one)))
    return named || ids || alike || a.nameless || b.nameless ? 'same' : 'open';
  const moments = (alike && a.ofMoment && b.ofMoment) || (a.nameless && b.nameless);
  return moments && (named || ids) ? 'same' : 'open';
};

const contradict = (x: Identity, y: Identity): boolean =>
  (x.name !== undefined && y.name !== undefined && !sameMachine(x.name, y.name)) ||
  differ(x.machineId, y.machineId) ||
  (x.stations.size > 0 && y.stations.size > 0 && disjoint(x.macs, y.macs) && disjoint(x.addresses, y.addresses));

const same = (a: string | undefined, b: string | undefined): boolean => a !== undefined && a === b;
const differ = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b;
const disjoint = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => ![...a].some((one) => b.has(one));

const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
