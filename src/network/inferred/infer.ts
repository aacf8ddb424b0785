import { knows, type NetNamespace } from '../namespace.ts';
import type { KubeObjects, NetNode } from '../network.ts';
import type { Clue, ClueReader } from './clue.ts';
import { fromRoutes } from './from-routes.ts';
import { type InferredAddress, settle, settleAddresses } from './settle.ts';

const READERS: readonly ClueReader[] = [fromRoutes];

/** Devices that bear virtual addresses: the same one may be on every node. */
const VIRTUAL = new Set(['dummy']);

interface Read {
  readonly ns: NetNamespace;
  readonly clues: readonly Clue[];
  readonly addresses: readonly InferredAddress[];
}

/**
 * The nodes with what their captures tell of addresses, devices, routes and neighbours that were not themselves captured. Such records say `origin: 'inferred'` and
 * quote the line that they follow from; `captured` says nothing of them. A namespace whose addresses and routes were captured gets none.
 */
export const withInferences = (nodes: readonly NetNode[], kube: KubeObjects): readonly NetNode[] => {
  const open = nodes.flatMap((node) => node.namespaces.filter(isOpen));
  if (open.length === 0) return nodes;
  const read = open.map((ns): Read => {
    const clues = READERS.flatMap((reader) => [...reader(ns, { kube })]);
    return { ns, clues, addresses: settleAddresses(clues) };
  });
  const taken = heldAddresses(nodes);
  const rivals = claims(read);
  const settled = new Map(
    read.map(({ ns, clues, addresses }) => {
      const sure = addresses.filter((a) => !taken.has(a.address) && isUnrivalled(a, rivals.get(a.address) ?? []));
      return [ns.id, settle(ns, clues, sure)] as const;
    }),
  );
  return nodes.map((node) => {
    const namespaces = node.namespaces.map((ns) => settled.get(ns.id) ?? ns);
    return { ...node, namespaces, host: namespaces[0] ?? node.host };
  });
};

const isOpen = (ns: NetNamespace): boolean => !ns.imagined && !(knows(ns, 'ip-addr') && knows(ns, 'ip-route'));

/** Addresses that captured devices really hold: nobody else has them. */
const heldAddresses = (nodes: readonly NetNode[]): ReadonlySet<string> =>
  new Set(
    nodes.flatMap((node) =>
      node.namespaces.flatMap((ns) =>
        [...ns.links.values()].flatMap((link) =>
          VIRTUAL.has(link.kind ?? '') || link.flags.includes('LOOPBACK') ? [] : link.addresses.map((a) => a.address),
        ),
      ),
    ),
  );

const claims = (read: readonly Read[]): ReadonlyMap<string, readonly InferredAddress[]> => {
  const byAddress = new Map<string, InferredAddress[]>();
  for (const { addresses } of read)
    for (const claim of addresses) {
      const known = byAddress.get(claim.address);
      if (known) known.push(claim);
      else byAddress.set(claim.address, [claim]);
    }
  return byAddress;
};

/** Of several namespaces that seem to have an address it is the one's for which a stronger line speaks; else nobody's. */
const isUnrivalled = (claim: InferredAddress, all: readonly InferredAddress[]): boolean =>
  all.every((other) => other === claim || (other.weight === 'weak' && claim.weight === 'strong'));
