import type { Source } from '../../records/source.ts';
import type { NetNamespace } from '../namespace.ts';
import type { KubeObjects } from '../network.ts';

/**
 * What one line tells of a namespace besides what it was captured for. `strong`: it can hardly be otherwise (the kernel or the cluster says so). `weak`: it is so
 * nearly always (a packet that left with this source and came in nowhere).
 */
export type Weight = 'strong' | 'weak';

/** The namespace has the address; on this device and in a network of this length, where the line tells. */
export interface OwnAddress {
  readonly fact: 'address';
  readonly address: string;
  readonly device?: string | undefined;
  readonly prefixLength?: number | undefined;
  /** A service's address, which any number of hosts may bear. */
  readonly virtual?: boolean;
  readonly weight: Weight;
  readonly source: Source;
}

/** Packets for the address came in by the device: where it is, if the namespace has it. */
export interface SeenAt {
  readonly fact: 'seen-at';
  readonly address: string;
  readonly device: string;
  readonly source: Source;
}

/** The namespace does not have the address: somebody else sends from it through here, or it is passed on to somebody. */
export interface ForeignAddress {
  readonly fact: 'foreign';
  readonly address: string;
  readonly weight: Weight;
  readonly source: Source;
}

export interface HasDevice {
  readonly fact: 'device';
  readonly device: string;
  readonly mac?: string | undefined;
  readonly source: Source;
}

/** The network is on the device's link: whoever has an address of it is asked for by ARP there. */
export interface OnLink {
  readonly fact: 'on-link';
  readonly prefix: string;
  readonly device: string;
  readonly source: Source;
}

/** The address answers at the device with this MAC. */
export interface HasNeighbour {
  readonly fact: 'neighbour';
  readonly address: string;
  readonly device: string;
  readonly mac: string;
  readonly source: Source;
}

/** The address was asked for at the device again and again, and nobody answered. */
export interface Unanswered {
  readonly fact: 'unanswered';
  readonly address: string;
  readonly device: string;
  readonly source: Source;
}

/** Packets to the network leave by the device. */
export interface LeadsTo {
  readonly fact: 'route';
  readonly prefix: string;
  readonly device: string;
  readonly via?: string | undefined;
  readonly source: Source;
}

/** The device wraps what it is given into packets between these ends. */
export interface IsTunnel {
  readonly fact: 'tunnel';
  readonly device: string;
  readonly kind: 'vxlan' | 'ipip';
  readonly local: string;
  readonly remote: string;
  readonly vni: number | undefined;
  readonly port: number | undefined;
  readonly source: Source;
}

export type Clue =
  | OwnAddress
  | SeenAt
  | ForeignAddress
  | HasDevice
  | OnLink
  | HasNeighbour
  | Unanswered
  | LeadsTo
  | IsTunnel;

/** What a reader may look at besides the namespace itself. */
export interface Surroundings {
  readonly kube: KubeObjects;
}

/** Reads one kind of capture of a namespace for what else it tells. Pure; cheap on big captures. */
export type ClueReader = (ns: NetNamespace, around: Surroundings) => Iterable<Clue>;
