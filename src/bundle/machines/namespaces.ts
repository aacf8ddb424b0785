import type { Placed } from '../assign.ts';
import { shortest } from '../names.ts';
import { type BundleNote, note } from '../note.ts';
import { identityOf } from './identity.ts';

interface Place {
  readonly node: string;
  readonly namespace: string;
  readonly devices: string;
}

/**
 * One network namespace that was collected under several names - from the host by nsenter and from the pod itself, under the name of `ip netns` and under the pod's:
 * all its devices have the same indices, far ends, MACs and addresses, which no two namespaces of one kernel share.
 */
export const sameNamespaces = (
  placed: readonly Placed[],
): { readonly placed: readonly Placed[]; readonly notes: readonly BundleNote[] } => {
  const groups = new Map<string, Placed[]>();
  for (const p of placed)
    if (p.node !== undefined) {
      const key = JSON.stringify([p.node, p.namespace]);
      groups.set(key, [...(groups.get(key) ?? []), p]);
    }
  const inner = new Set(placed.flatMap(({ node, namespace }) => (namespace === '' ? [] : [node])));
  const byDevices = new Map<string, Place[]>();
  for (const list of groups.values()) {
    const { node = '', namespace = '' } = list[0] ?? {};
    const { devices } = identityOf(list.map(({ found }) => found));
    // A veth's far end and its index tell the namespace; a listing without one may be two machines' alike.
    if (devices !== undefined)
      byDevices.set(devices, [...(byDevices.get(devices) ?? []), { node, namespace, devices }]);
  }
  const moved = new Map<string, Place>();
  const notes: BundleNote[] = [];
  for (const places of byDevices.values()) {
    const hosts = places.filter(({ node, namespace }) => namespace === '' && inner.has(node));
    const pods = places.filter((place) => !hosts.includes(place));
    const owners = new Set(
      places.filter(({ node, namespace }) => namespace !== '' || inner.has(node)).map(({ node }) => node),
    );
    const [owner] = owners;
    if (places.length < 2 || owner === undefined || owners.size > 1) continue;
    const own = pods
      .filter(({ node, namespace }) => node === owner && namespace !== '')
      .map(({ namespace }) => namespace);
    const namespace = hosts.length > 0 ? '' : (shortest(own.filter((name) => !isMade(name))) ?? shortest(own) ?? '');
    for (const place of places)
      moved.set(JSON.stringify([place.node, place.namespace]), { ...place, node: owner, namespace });
    notes.push(
      note('same-namespace', {
        node: owner,
        name: namespace,
        names: places.map((place) => [place.node, place.namespace].filter((name) => name !== '').join('/')),
      }),
    );
  }
  if (moved.size === 0) return { placed, notes };
  const seen = new Set<string>();
  return {
    placed: placed.flatMap((p): readonly Placed[] => {
      const to = moved.get(JSON.stringify([p.node, p.namespace]));
      if (!to) return [p];
      // The same output under the second name says nothing new.
      const { kind, command, path, capture } = p.found;
      const same = `${to.node} ${to.namespace} ${kind} ${command ?? path.slice(path.lastIndexOf('/') + 1)} ${capture?.records} ${capture?.lines}`;
      if (seen.has(same) && kind !== 'tcpdump') return [];
      seen.add(same);
      return [{ ...p, node: to.node, namespace: to.namespace }];
    }),
    notes,
  };
};

/** Names that a runtime made up. */
const isMade = (name: string): boolean => /^(?:cni-|ns-?\d|sandbox|[0-9a-f-]{12,}$|\d+$)/i.test(name);
