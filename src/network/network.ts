import type { CaptureTime, KernelVersion } from '../records/host.ts';
import type { KubeEndpoint, KubeNode, KubePod, KubeService } from '../records/kube.ts';
import type { Link, LinkAddress } from '../records/link.ts';
import type { VethEnd } from './build-veth.ts';
import type { NetNamespace } from './namespace.ts';

export interface NetNode {
  readonly name: string;
  readonly kernel: KernelVersion | undefined;
  /** When the captures were taken. */
  readonly time: CaptureTime | undefined;
  readonly host: NetNamespace;
  /** The host's namespace first. */
  readonly namespaces: readonly NetNamespace[];
  /** Veth pairs that packets show where no device listing does. */
  readonly cables?: readonly { readonly a: VethEnd; readonly b: VethEnd }[];
}

/** Who holds an address: namespace, device and the address record. */
export interface AddressOwner {
  readonly namespace: NetNamespace;
  readonly link: Link;
  readonly address: LinkAddress;
}

/** The far end of a veth pair. */
export interface VethPeer {
  readonly namespace: NetNamespace;
  readonly link: Link;
}

export interface KubeObjects {
  readonly services: readonly KubeService[];
  readonly endpoints: readonly KubeEndpoint[];
  readonly pods: readonly KubePod[];
  readonly nodes: readonly KubeNode[];
}

/** The assembled picture of a bundle. */
export interface Network {
  readonly nodes: readonly NetNode[];
  readonly namespaces: ReadonlyMap<string, NetNamespace>;
  readonly kube: KubeObjects;
  /** Every holder of an address: several for a virtual address that is bound on many nodes. */
  owners(address: string): readonly AddressOwner[];
  /** The namespace and device at the other end of a veth; undefined where the bundle does not show it. */
  vethPeer(namespace: NetNamespace, device: string): VethPeer | undefined;
  /** Devices that are enslaved to a bridge or bond of this namespace. */
  portsOf(namespace: NetNamespace, master: string): readonly Link[];
}
