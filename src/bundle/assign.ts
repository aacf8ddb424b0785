import { isCluster } from '../captures/known-formats.ts';
import type { CaptureKind } from '../records/capture.ts';
import { foldersOf } from './layouts/folders.ts';
import type { Unit, Units } from './layouts/units.ts';
import { type InFolders, nodesOfFiles } from './machine-files.ts';
import { isState } from './machines/state-kinds.ts';
import { archiveName, sameMachine, shortest } from './names.ts';
import { ownName } from './own-name.ts';
import { looksLikeMachine } from './paste/machine-word.ts';
import type { Found } from './read/finding.ts';

/** A found output with the node and namespace that it belongs to; node undefined for what is the whole cluster's. */
export interface Placed {
  readonly found: Found;
  readonly node: string | undefined;
  readonly namespace: string;
  /** What was collected in one go, as the bundle's folders and files show: a collector's run, a machine's folder, a file of outputs. */
  readonly collection: string;
  /** The node is called as the bundle is, for want of a name. */
  readonly nameless?: true;
}

interface Host {
  readonly key: string;
  readonly namespace: string;
}

/** Finds out whose each output is. `shown` gives a path without the bundle's own folder. */
export const assign = (
  all: readonly Found[],
  units: Units,
  shown: (path: string) => string,
  bundleName: string,
): readonly Placed[] => {
  const scopes = new Map<string, Found[]>();
  const placed: Placed[] = [];
  for (const found of all) {
    const unit = units.of(found.path);
    const scope = unit ? `unit ${unit.root}` : `folder ${archivePrefix(found.path)}`;
    scopes.set(scope, [...(scopes.get(scope) ?? []), found]);
  }
  // Machines that collectors' runs name first: a file's name beside them may say one of these.
  for (const [scope, list] of scopes) {
    if (!scope.startsWith('unit ')) continue;
    const unit = units.of(list[0]?.path ?? '');
    if (unit)
      placed.push(
        ...(unit.layout.nodes === 'one' ? asOneNode(list, unit, bundleName) : byPath(list, unit, bundleName)),
      );
  }
  const known = [...new Set(placed.flatMap(({ node }) => node ?? []))];
  for (const [scope, list] of scopes)
    if (scope.startsWith('folder '))
      placed.push(...byFolders(list, scope.slice('folder '.length), shown, bundleName, known));
  return unified(qualified(withPods(placed), units));
};

/** The innermost archive inside the bundle that a member lies in: `n1.tar.xz!/`. */
const archivePrefix = (path: string): string => (path.includes('!/') ? path.slice(0, path.lastIndexOf('!/') + 2) : '');

/** The node stands in the path; what has none there is the collector's own machine. */
const byPath = (list: readonly Found[], unit: Unit, bundleName: string): readonly Placed[] => {
  const told = list.filter((f) => f.node !== undefined || f.pod !== undefined || isCluster(f.kind));
  const rest = list.filter((f) => !told.includes(f));
  return [
    ...told.map((found) => ({
      found,
      node: isCluster(found.kind) ? undefined : found.node,
      namespace: found.namespace ?? '',
      collection: unit.root,
    })),
    ...asOneNode(rest, unit, bundleName),
  ];
};

/** A pod of the host's network runs on the node that the cluster's objects tell; where they do not, it stands for its node. */
const withPods = (placed: readonly Placed[]): readonly Placed[] => {
  const nodeOf = new Map(
    placed
      .flatMap((p) => p.found.capture?.data.kube?.pods ?? [])
      .flatMap((pod) => (pod.nodeName ? [[pod.name, pod.nodeName] as const] : [])),
  );
  return placed.map((p) => {
    const { pod } = p.found;
    return pod === undefined || p.node !== undefined || isCluster(p.found.kind)
      ? p
      : { ...p, node: nodeOf.get(pod) ?? pod };
  });
};

/** Two clusters may name their nodes alike. */
const qualified = (placed: readonly Placed[], units: Units): readonly Placed[] => {
  const roots = new Map<string, Set<string>>();
  const rootOf = (p: Placed): string | undefined => {
    const unit = units.of(p.found.path);
    return unit?.layout.id === 'subctl' ? unit.root : undefined;
  };
  for (const p of placed) {
    const root = rootOf(p);
    if (root !== undefined && p.node !== undefined) roots.set(p.node, (roots.get(p.node) ?? new Set()).add(root));
  }
  return placed.map((p) => {
    const root = rootOf(p);
    return root !== undefined && p.node !== undefined && (roots.get(p.node)?.size ?? 0) > 1
      ? { ...p, node: `${archiveName(root)}/${p.node}` }
      : p;
  });
};

const asOneNode = (list: readonly Found[], unit: Unit, bundleName: string): readonly Placed[] => {
  const told = unit.layout.root?.exec(unit.root)?.groups?.name;
  const node =
    ownName(list.filter((f) => f.namespace === undefined)) ??
    told ??
    (unit.root === '' ? bundleName : archiveName(unit.root));
  return list.map((found) => ({
    found,
    node: isCluster(found.kind) ? undefined : node,
    namespace: found.namespace ?? '',
    collection: unit.root,
  }));
};

/** A hand-made tree: a folder per node, or the node in the files' names, or one node and nothing to tell it by. */
const byFolders = (
  list: readonly Found[],
  archive: string,
  shown: (path: string) => string,
  bundleName: string,
  known: readonly string[],
): readonly Placed[] => {
  const seen = list.map((found): InFolders => {
    const path = archive === '' ? shown(found.path) : found.path.slice(archive.length);
    const { node, namespace } = foldersOf(path.split('/').slice(0, -1));
    return { found, folders: node, namespace: found.namespace ?? namespace };
  });
  const shared = archive === '' ? 0 : sharedFolders(seen);
  const own = seen.map((s) => ({ ...s, folders: s.folders.slice(shared) }));
  const holders = new Set(
    own.filter((s) => s.namespace === undefined && !isCluster(s.found.kind)).map((s) => s.folders.join('/')),
  );
  const machines = new Set(
    own.filter((s) => s.namespace === undefined && isIdentity(s.found.kind)).map((s) => s.folders.join('/')),
  );
  const hosts = own.map((s) => hostOf(s, holders, machines));
  return named(own, hosts, archive === '' ? bundleName : archiveName(archive), known, archive);
};

const isIdentity = (kind: CaptureKind | undefined): boolean => kind === 'hostname' || kind === 'uname';

/** Folders of an inner archive around everything in it. */
const sharedFolders = (seen: readonly InFolders[]): number => {
  const [one] = seen;
  let shared = 0;
  while (one && shared < one.folders.length && seen.every((s) => s.folders[shared] === one.folders[shared]))
    shared += 1;
  return shared;
};

/**
 * The topmost folder with captures in it is the node's. A folder below it is a namespace of that node, unless it names a machine of its own.
 */
const hostOf = (s: InFolders, holders: ReadonlySet<string>, machines: ReadonlySet<string>): Host => {
  const path = s.folders.join('/');
  for (let depth = 0; depth <= s.folders.length; depth += 1) {
    const key = s.folders.slice(0, depth).join('/');
    if (!holders.has(key)) continue;
    if (key === path) return { key, namespace: s.namespace ?? '' };
    if (machines.has(path)) return { key: path, namespace: s.namespace ?? '' };
    // The top folder's loose files may stand beside the nodes' own folders.
    if (key === '' && depth === 0 && !machines.has('') && holders.size > 2) continue;
    return { key, namespace: s.namespace ?? s.folders.slice(depth).join('/') };
  }
  return { key: path, namespace: s.namespace ?? '' };
};

const named = (
  own: readonly InFolders[],
  hosts: readonly Host[],
  fallback: string,
  machines: readonly string[],
  archive: string,
): readonly Placed[] => {
  const groups = new Map<string, InFolders[]>();
  own.forEach((s, i) => {
    const key = hosts[i]?.key ?? '';
    groups.set(key, [...(groups.get(key) ?? []), s]);
  });
  const top = groups.get('') ?? [];
  const topName = ownName(top.filter((s) => s.namespace === undefined).map((s) => s.found)) ?? fallback;
  // A folder's paste may be of several machines; where it is of one, the folder knows its name better than a prompt.
  const severalTyped = new Set(
    [...groups].flatMap(([key, list]) => (new Set(list.flatMap((s) => s.found.node ?? [])).size > 1 ? [key] : [])),
  );
  const lasts = [...groups.keys()].map(lastFolder);
  const nameOf = (key: string): string => {
    if (key === '') return topName;
    const last = lastFolder(key);
    return lasts.filter((name) => name === last).length > 1 ? key : last;
  };
  const folderNames = [...groups.keys()].filter((key) => key !== '').map(nameOf);
  const byFile = new Map([...groups].flatMap(([key, list]) => [...nodesOfFiles(key, list)]));
  const labels = new Map(
    [...groups].map(([key, list]) => [
      key,
      nodeLabels(
        list.map((s) => s.found),
        [...folderNames, ...machines],
        key !== '',
      ),
    ]),
  );
  const takes = new Map([...groups.values()].flatMap((list) => [...filesOfTakes(list.map((s) => s.found))]));
  return own.map((s, i): Placed => {
    const { key, namespace } = hosts[i] ?? { key: '', namespace: '' };
    const { found } = s;
    const collection = `${archive}${key}${takes.get(found.path) ?? ''}`;
    const labelled = labels.get(key);
    const label = found.label !== undefined && labelled?.has(found.label) ? found.label : undefined;
    // A folder that bears the name of one of the machines whose files lie beside it is no pod's.
    if (key === '' && namespace !== '' && labelled?.has(namespace) && !isCluster(found.kind))
      return { found, node: namespace, namespace: '', collection };
    const typed = key === '' || severalTyped.has(key) ? found.node : undefined;
    if (isCluster(found.kind)) return { found, node: undefined, namespace: '', collection };
    const told = typed ?? byFile.get(found) ?? label;
    return {
      found,
      node: told ?? nameOf(key),
      namespace,
      collection,
      ...(told === undefined && key === '' && topName === fallback ? { nameless: true } : {}),
    };
  });
};

/** Files of which each tells a machine's whole story, beside another that does so: collections of their own. */
const filesOfTakes = (list: readonly Found[]): ReadonlyMap<string, string> => {
  const kinds = new Map<string, Set<CaptureKind>>();
  for (const { path, kind, namespace } of list)
    if (kind !== undefined && namespace === undefined && isState(kind))
      kinds.set(path, (kinds.get(path) ?? new Set()).add(kind));
  const whole = [...kinds].filter(([path, own]) =>
    [...kinds].some(([other, theirs]) => other !== path && [...own].filter((kind) => theirs.has(kind)).length > 1),
  );
  return new Map(whole.map(([path]) => [path, `\n${path}`]));
};

const lastFolder = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/**
 * Which words in a folder's file names are nodes: those that name a node already, and those that stand beside two tools or
 * beside a tool that another word stands beside as well.
 */
const nodeLabels = (list: readonly Found[], known: readonly string[], isHost: boolean): ReadonlySet<string> => {
  const kinds = new Map<string, Set<string>>();
  for (const found of list)
    if (found.label !== undefined) kinds.set(found.label, (kinds.get(found.label) ?? new Set()).add(`${found.kind}`));
  const machines = [
    ...known,
    ...list.flatMap((f) => [f.capture?.data.hostname ?? f.capture?.data.kernel?.hostname ?? []].flat()),
  ];
  return new Set(
    [...kinds].flatMap(([label, own]) => {
      const rivals = [...kinds].filter(
        ([other, theirs]) => other !== label && [...own].some((kind) => theirs.has(kind)),
      );
      if (machines.some((name) => sameMachine(name, label))) return [label];
      // A capture's file says on which side it was taken more often than on which machine; a host's folder knows its host better than its files.
      const packetsOnly = own.size === 1 && own.has('tcpdump');
      if ((isHost || packetsOnly) && !(looksLikeMachine(label) && rivals.some(([other]) => looksLikeMachine(other))))
        return [];
      return own.size > 1 || rivals.length > 0 ? [label] : [];
    }),
  );
};

/** One machine has one name, however often and however long it is named. */
const unified = (placed: readonly Placed[]): readonly Placed[] => {
  const names = [...new Set(placed.flatMap(({ node }) => node ?? []))];
  const known = new Map(names.map((name) => [name, commonName(name, names)]));
  return placed.map((p) => (p.node === undefined ? p : { ...p, node: known.get(p.node) ?? p.node }));
};

/** The shortest name of a machine; a short name that two longer ones go by is neither's. */
const commonName = (name: string, names: readonly string[]): string => {
  const own = shortest(names.filter((other) => sameMachine(other, name))) ?? name;
  const longer = names.filter((other) => sameMachine(other, own));
  return longer.every((one) => longer.every((other) => one === own || other === own || sameMachine(one, other)))
    ? own
    : name;
};
