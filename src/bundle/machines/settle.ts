import type { Placed } from '../assign.ts';
import { sameMachine, shortest } from '../names.ts';
import { type BundleNote, note } from '../note.ts';
import { differencesOf } from './differences.ts';
import { sameNamespaces } from './namespaces.ts';
import { merged, momentsOfMachine } from './one-machine.ts';
import type { Part } from './part.ts';
import { relationOf } from './relation.ts';
import { withoutEarlierTakes } from './takes-in-folder.ts';

/** The bundle's machines, each once and of one moment. */
export interface Settled {
  readonly placed: readonly Placed[];
  readonly notes: readonly BundleNote[];
}

/** Which moment of a machine that was collected several times is wanted. */
export type WantedMoment = 'last' | 'earlier';

/**
 * Finds the collections that are of one machine. Those of one moment become one node, of which the newer listing holds; of several moments the last one is kept, or
 * on demand the one before it. Machines that bear one name and are not one keep apart.
 */
export const settle = (parts: readonly Part[], wanted: WantedMoment): Settled => {
  const notes: BundleNote[] = [];
  const placed: Placed[] = [];
  const machines = machinesOf(parts);
  const names = namesOf(machines, notes);
  machines.forEach((machine, i) => {
    const node = names[i] ?? '';
    const { moments, how } = momentsOfMachine(machine);
    const chosen = (wanted === 'earlier' ? moments.at(-2) : undefined) ?? moments.at(-1) ?? [];
    const { placed: own, replaced } = merged(chosen);
    placed.push(...own.map((p) => (p.node === node ? p : { ...p, node })));
    const called = [...new Set(chosen.map((part) => part.node))];
    if (chosen.length > 1 && (replaced > 0 || called.some((name) => !sameMachine(name, node))))
      notes.push(note('same-machine', { node, names: chosen.map(({ title }) => title), replaced }, sourcesOf(chosen)));
    const last = moments.at(-1);
    const before = moments.at(-2);
    if (!last || !before) return;
    const differences = differencesOf(merged(before).placed, merged(last).placed);
    const earlier = moments.slice(0, -1).map(momentName);
    notes.push(
      note(
        'earlier-moments',
        { node, last: momentName(last), earlier, differences, how, bundle: bundlesOf(before, last), command: '' },
        [...sourcesOf(before), ...sourcesOf(last)],
      ),
    );
  });
  const told = sameNamespaces(placed);
  const last = withoutEarlierTakes(told.placed);
  return { placed: last.placed, notes: [...notes, ...told.notes, ...last.notes] };
};

/** Parts that are of one machine, in the order of their first ones. No two of a machine may contradict each other. */
const machinesOf = (parts: readonly Part[]): readonly (readonly Part[])[] => {
  const machines: Part[][] = [];
  for (const part of parts) {
    const same = machines.filter((machine) => {
      const relations = machine.map((other) => relationOf(other, part));
      return relations.includes('same') && !relations.includes('other');
    });
    const [first, ...others] = same;
    if (!first) {
      machines.push([part]);
      continue;
    }
    first.push(part);
    for (const other of others) {
      if (first.some((a) => other.some((b) => relationOf(a, b) === 'other'))) continue;
      first.push(...other);
      machines.splice(machines.indexOf(other), 1);
    }
  }
  return machines;
};

/** What each machine is called; machines that would bear one name bear their collections' titles before it. */
const namesOf = (machines: readonly (readonly Part[])[], notes: BundleNote[]): readonly string[] => {
  const plain = machines.map(nameOf);
  const clash = (name: string): boolean => plain.filter((other) => sameMachine(other, name)).length > 1;
  const names = machines.map((machine, i) => {
    const name = plain[i] ?? '';
    const [first] = machine;
    if (!clash(name) || !first) return name;
    const full = machine.length > 1 ? undefined : first.node;
    return full !== undefined && full !== name ? full : undefined;
  });
  const taken = names.map((name, i) => name ?? `${machines[i]?.[0]?.title}/${plain[i]}`.replace(/^\//, ''));
  const told = new Set<string>();
  plain.forEach((name, i) => {
    if (names[i] !== undefined || told.has(name)) return;
    told.add(name);
    notes.push(note('same-name', { name, nodes: taken.filter((_, at) => sameMachine(plain[at] ?? '', name)) }));
  });
  return taken;
};

const nameOf = (machine: readonly Part[]): string => {
  const [first] = machine;
  if (machine.length < 2) return first?.node ?? '';
  const own = shortest(machine.flatMap(({ identity }) => identity.name ?? []));
  const folders = machine
    .filter(({ nameless }) => !nameless)
    .map(({ node, ofMoment }) => (ofMoment ? lastPart(node) : node));
  return (
    shortest(folders.filter((name) => own !== undefined && sameMachine(lastPart(name), own)).map(lastPart)) ??
    shortest(folders) ??
    own ??
    first?.node ??
    ''
  );
};

const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const momentName = (parts: readonly Part[]): string => {
  const [part] = parts;
  const span = part && [...part.spans.entries()].find(([weight]) => weight !== 'header')?.[1];
  return [part?.title ?? '', ...(span ? [span.text] : [])].filter((text) => text !== '').join(', ');
};

/** What the two moments are compared from; nothing where one of them is in pieces. */
const bundlesOf = (before: readonly Part[], last: readonly Part[]): readonly string[] => {
  const [from, to] = [before, last].map((parts) => [...new Set(parts.map(({ bundle }) => bundle))]);
  return from?.length === 1 && to?.length === 1 ? [...new Set([...from, ...to])] : [];
};

const sourcesOf = (parts: readonly Part[]) =>
  parts.flatMap((part) => {
    const span = part.spans.get('printed') ?? part.spans.get('local');
    return span ? [span.source] : [];
  });
