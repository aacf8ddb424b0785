import type { CaptureKind } from '../../records/capture.ts';

export type LayoutId =
  | 'generic'
  | 'sos'
  | 'insights'
  | 'troubleshoot'
  | 'must-gather'
  | 'cluster-info'
  | 'subctl'
  | 'cilium'
  | 'calico'
  | 'antrea'
  | 'kube-ovn'
  | 'ack'
  | 'eks'
  | 'aks'
  | 'rancher'
  | 'supportconfig'
  | 'support-bundle-kit'
  | 'microk8s'
  | 'kubespray';

/** One line of the table: members whose path matches are this capture. */
export interface LayoutEntry {
  readonly layout: LayoutId;
  /**
   * On the member's path below the layout's root. Its named groups `node`, `namespace`, `device` say what they say; `pod` is a pod of the host's network whose
   * node the cluster's objects tell. No quantifier stands inside another.
   */
  readonly pattern: RegExp;
  /** `many`: the file holds several, each under a header; `named`: as its name's words tell; `clock`: no capture, but it tells when captures were taken; `skip`: neither. */
  readonly kind: CaptureKind | 'many' | 'named' | 'clock' | 'skip';
  readonly command?: string;
  readonly family?: 4 | 6;
}

/** How a collector's output is told, and whose it is. */
export interface Layout {
  readonly id: LayoutId;
  /** On a member's path: group `root` is the folder that the collector wrote, with its slash. */
  readonly markers: readonly RegExp[];
  /** Whose captures a root holds: of the node that they themselves name, of the node in the path, of the whole cluster. */
  readonly nodes: 'one' | 'path';
  readonly entries: readonly LayoutEntry[];
  /** Group `name` names the node of the root, where no capture does; group `time` (YYYYMMDDHHMMSS or epoch) its moment. */
  readonly root?: RegExp;
}
