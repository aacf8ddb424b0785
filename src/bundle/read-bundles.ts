import type { Bundle, BundleNode } from './bundle.ts';
import { tornAcross } from './moments.ts';
import { archiveName } from './names.ts';
import type { BundleOptions } from './options.ts';
import { readBundle } from './read-bundle.ts';

/**
 * Several archives, one per node as collectors make them, as one bundle. Files of a name that an earlier archive has already are shown under
 * their archive's name; nodes of one name are one node. Throws BundleError for the first archive that cannot be read.
 */
export const readBundles = async (paths: readonly string[], options: BundleOptions): Promise<Bundle> => {
  const bundles: Bundle[] = [];
  const shown = new Set<string>();
  for (const path of paths) {
    let bundle = await readBundle(path, options);
    if (filesOf(bundle).some((file) => shown.has(file)))
      bundle = await readBundle(path, { ...options, shownUnder: `${archiveName(bundle.name)}/` });
    for (const file of filesOf(bundle)) shown.add(file);
    bundles.push(bundle);
  }
  const [first] = bundles;
  if (!first) throw new RangeError('no bundle was named');
  if (bundles.length === 1) return first;
  const times = bundles.flatMap((bundle) => bundle.times);
  const notes = bundles.flatMap((bundle) => bundle.notes);
  const torn = notes.some((told) => told.code === 'torn-snapshot') ? undefined : tornAcross(times);
  return {
    name: bundles.map((bundle) => bundle.name).join(' '),
    layout: first.layout,
    nodes: mergedNodes(bundles.flatMap((bundle) => bundle.nodes)),
    ignored: bundles.flatMap((bundle) => bundle.ignored),
    unread: bundles.flatMap((bundle) => bundle.unread ?? []),
    notes: torn ? [...notes, torn] : notes,
    times,
    origins: bundles.flatMap((bundle) => bundle.origins),
  };
};

const filesOf = (bundle: Bundle): readonly string[] => bundle.origins.flatMap((origin) => [...origin.paths.keys()]);

const mergedNodes = (nodes: readonly BundleNode[]): readonly BundleNode[] => {
  const byName = new Map<string, BundleNode>();
  for (const node of nodes) {
    const known = byName.get(node.name);
    byName.set(
      node.name,
      known ? { ...known, namespaces: mergedNamespaces([...known.namespaces, ...node.namespaces]) } : node,
    );
  }
  return [...byName.values()];
};

const mergedNamespaces = (namespaces: BundleNode['namespaces']): BundleNode['namespaces'] => {
  const byName = new Map<string, BundleNode['namespaces'][number]>();
  for (const ns of namespaces) {
    const known = byName.get(ns.name);
    byName.set(ns.name, known ? { ...known, captures: [...known.captures, ...ns.captures] } : ns);
  }
  return [...byName.values()];
};
