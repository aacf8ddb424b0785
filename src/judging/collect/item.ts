import type { CauseId } from '../../causes/facts/cause-id.ts';
import type { Shell } from '../../causes/facts/shell.ts';
import type { CaptureKind } from '../../records/capture.ts';

/** Where a command is to be run. */
export type CollectPlace =
  /** In a network namespace of a node; `namespace` is '' for the host's own. */
  | { readonly kind: 'namespace'; readonly node: string; readonly namespace: string }
  /** On a machine that the bundle does not hold and that has this address. */
  | { readonly kind: 'address'; readonly address: string }
  /** Wherever kubectl works. */
  | { readonly kind: 'cluster' };

/** One capture that is missing, and how to get it. */
export interface CollectItem {
  readonly place: CollectPlace;
  /** Namespace id, or the address of a machine outside of the bundle; '' for the cluster: what groups commands. */
  readonly where: string;
  readonly capture: CaptureKind;
  /** Read-only, complete, to be pasted into a shell of the node. */
  readonly command: Shell;
  /** Causes that it would decide. Empty: it is on the flow's way, and the walk took the usual for granted. */
  readonly decides: readonly CauseId[];
  /** Flows whose way it is on. */
  readonly flows: readonly string[];
}
