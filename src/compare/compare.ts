import { knows, type NetNamespace } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { Step } from '../path/step.ts';
import type { WalkBranch } from '../path/walk-result.ts';
import type { CaptureKind } from '../records/capture.ts';
import type { Source } from '../records/source.ts';
import { prefixContains, prefixLength } from '../tables/address.ts';
import { addressesOf } from './packet-name.ts';
import type { LineKind, StateLine } from './state-line.ts';
import { stateLines, UNRESOLVED } from './state-lines.ts';
import { type ComparedWays, compareWays, type Walked } from './ways.ts';

/** A line of state that is in one bundle and not in the other, or not the same in both. */
export interface StateDifference {
  /** Id of the network namespace. */
  readonly namespace: string;
  readonly change: 'only-good' | 'only-bad' | 'changed';
  readonly good: StateLine | undefined;
  readonly bad: StateLine | undefined;
  /** `parting`: it decided the step at which the ways part. `used`: it decided another step. `touching`: it is about this flow. */
  readonly weight: 'parting' | 'used' | 'touching';
}

/** State that only one of the two bundles holds: nothing can be said about it. */
export interface NotComparable {
  readonly namespace: string;
  /** Undefined where the whole namespace is missing. */
  readonly capture: CaptureKind | undefined;
  readonly missingIn: 'good' | 'bad';
}

export interface Comparison extends ComparedWays {
  /** The weightiest first. */
  readonly differences: readonly StateDifference[];
  readonly notComparable: readonly NotComparable[];
}

/** Which places of one flow's way differ between two bundles of the same cluster, and which lines of their state make the difference. */
export const compareFlow = (good: Walked, bad: Walked): Comparison => {
  const ways = compareWays(good, bad);
  const steps = [...stepsOf(ways.good), ...stepsOf(ways.bad)];
  const namespaces = [...new Set(steps.map(namespaceOf))];
  const use = {
    good: usage(ways.good, ways.parting?.good),
    bad: usage(ways.bad, ways.parting?.bad),
  };
  const spis = [ways.parting?.good, ways.parting?.bad].some(
    (step) => step && /^(?:xfrm|esp)/.test(`${step.stage} ${step.place}`),
  );
  const differences: StateDifference[] = [];
  const notComparable: NotComparable[] = [];
  const holders = { good: holdersOf(good.network), bad: holdersOf(bad.network) };
  for (const id of namespaces) {
    const [mine, theirs] = [good.network.namespaces.get(id), bad.network.namespaces.get(id)];
    if (!mine || !theirs) {
      if (mine || theirs) notComparable.push({ namespace: id, capture: undefined, missingIn: mine ? 'bad' : 'good' });
      continue;
    }
    const reach = reachOf(steps.filter((step) => namespaceOf(step) === id));
    compareNamespace({ id, good: mine, bad: theirs, reach, use, spis, holders }, differences, notComparable);
  }
  const rank = { parting: 0, used: 1, touching: 2 } as const;
  const late = ({ good: mine, bad: theirs }: StateDifference) => Number(PASSING.has((mine ?? theirs)?.kind ?? 'set'));
  return {
    ...ways,
    differences: differences
      .map((difference, order) => ({ difference, order }))
      .sort(
        (a, b) =>
          rank[a.difference.weight] - rank[b.difference.weight] ||
          late(a.difference) - late(b.difference) ||
          a.order - b.order,
      )
      .map(({ difference }) => difference),
    notComparable,
  };
};

/** What comes and goes by itself is told last. */
const PASSING: ReadonlySet<LineKind> = new Set(['neighbour', 'fdb', 'socket']);

/** Hardware addresses are made anew when a pod or a tunnel device is; whose they are stays. */
const holdersOf = (network: Network): ((mac: string) => string | undefined) => {
  const holders = new Map<string, string>();
  for (const ns of network.namespaces.values())
    for (const link of ns.links.values())
      if (link.mac !== undefined) {
        const address = link.addresses.find(({ scope }) => scope === 'global')?.address;
        holders.set(link.mac, `${ns.id} ${address ?? link.name}`);
      }
  return (mac) => holders.get(mac);
};

const stepsOf = (branch: WalkBranch | undefined): readonly Step[] =>
  branch ? [...branch.forward.steps, ...(branch.reply?.steps ?? []), ...(branch.ack?.steps ?? [])] : [];
const namespaceOf = (step: Step): string => (step.namespace === '' ? step.node : `${step.node}/${step.namespace}`);
const place = (source: Source): string => `${source.file}:${source.line}`;

interface Usage {
  readonly parting: ReadonlySet<string>;
  readonly used: ReadonlySet<string>;
}
const usage = (branch: WalkBranch | undefined, parting: Step | undefined): Usage => {
  const placesOf = (steps: readonly Step[]) =>
    new Set(steps.flatMap((step) => step.proofs.map((proof) => place(proof.source))));
  return { parting: placesOf(parting ? [parting] : []), used: placesOf(stepsOf(branch)) };
};

/** What of the flow is seen in a namespace. */
interface Reach {
  readonly addresses: ReadonlySet<string>;
  readonly ports: ReadonlySet<number>;
  readonly devices: ReadonlySet<string>;
}
const reachOf = (steps: readonly Step[]): Reach => {
  const forward = steps.flatMap((step) => [step.before, step.after]);
  return {
    addresses: new Set(forward.flatMap(addressesOf).filter((address) => address !== '')),
    ports: new Set(forward.flatMap((packet) => packet.dport ?? [])),
    devices: new Set(steps.flatMap((step) => step.device ?? [])),
  };
};

/** Settings that decide about any packet of a device. */
const DECIDING =
  /\.(?:ip_forward|forwarding|rp_filter|accept_local|route_localnet|disable_(?:policy|xfrm)|arp_(?:ignore|announce))$|^net\.(?:ipv4\.vs|bridge|netfilter\.nf_conntrack_(?:max|tcp_be_liberal))/;

const touches = (line: StateLine, reach: Reach): boolean => {
  if (line.kind === 'sysctl')
    return (
      DECIDING.test(line.id) && (line.device === undefined || line.device === 'all' || reach.devices.has(line.device))
    );
  if (line.kind === 'link') return reach.devices.has(line.id);
  const about = line.addresses.filter((address) => !address.includes('/') || (prefixLength(address) ?? 0) > 0);
  const hit = (address: string) =>
    address.includes('/')
      ? [...reach.addresses].some((own) => prefixContains(address, own))
      : reach.addresses.has(address);
  // A selector is about the flow only where both its ends are.
  if (line.kind === 'xfrm-policy' || line.kind === 'xfrm-state') return about.length > 0 && about.every(hit);
  if (about.length > 0) return about.some(hit);
  return line.ports.some((port) => reach.ports.has(port));
};

interface Pair {
  readonly id: string;
  readonly good: NetNamespace;
  readonly bad: NetNamespace;
  readonly reach: Reach;
  readonly use: { readonly good: Usage; readonly bad: Usage };
  readonly spis: boolean;
  readonly holders: Record<'good' | 'bad', (mac: string) => string | undefined>;
}

const compareNamespace = (pair: Pair, differences: StateDifference[], notComparable: NotComparable[]): void => {
  const byId = (side: 'good' | 'bad') =>
    new Map(
      stateLines(pair[side], { spis: pair.spis, holderOf: pair.holders[side] }).map((line) => [
        `${line.kind} ${line.id}`,
        line,
      ]),
    );
  const [good, bad] = [byId('good'), byId('bad')];
  const missing = new Set<string>();
  for (const key of new Set([...good.keys(), ...bad.keys()])) {
    const [mine, theirs] = [good.get(key), bad.get(key)];
    if (mine && theirs && mine.content === theirs.content) continue;
    const weight = weightOf(pair, mine, theirs);
    if (weight === undefined) continue;
    const one = (mine ?? theirs) as StateLine;
    // A neighbour that was not yet asked for is asked for when the packet comes.
    if (one.kind === 'neighbour' && !(mine && theirs) && one.content !== UNRESOLVED) continue;
    const lacking = !mine ? pair.good : !theirs ? pair.bad : undefined;
    if (lacking && !one.captures.some((kind) => knows(lacking, kind))) {
      const capture = one.captures[0];
      if (!missing.has(capture ?? '')) {
        missing.add(capture ?? '');
        notComparable.push({ namespace: pair.id, capture, missingIn: mine ? 'bad' : 'good' });
      }
      continue;
    }
    differences.push({
      namespace: pair.id,
      change: mine ? (theirs ? 'changed' : 'only-good') : 'only-bad',
      good: mine,
      bad: theirs,
      weight,
    });
  }
};

const weightOf = (
  { reach, use }: Pair,
  good: StateLine | undefined,
  bad: StateLine | undefined,
): StateDifference['weight'] | undefined => {
  const isIn = (of: 'parting' | 'used') =>
    (good !== undefined && use.good[of].has(place(good.source))) ||
    (bad !== undefined && use.bad[of].has(place(bad.source)));
  if (isIn('parting')) return 'parting';
  if (isIn('used')) return 'used';
  return (good && touches(good, reach)) || (bad && touches(bad, reach)) ? 'touching' : undefined;
};
