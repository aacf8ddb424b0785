import type { NetNamespace } from '../../network/namespace.ts';
import type { Shell } from './shell.ts';

/** A command of a fix, and where it is to be typed. */
export interface FixCommand {
  readonly node: string;
  /** Id of the network namespace in which it has to run; undefined for what asks the cluster, or the node, from anywhere. */
  readonly namespace?: string;
  readonly command: Shell;
}

/** A command about the tables of a namespace: it is run in there. */
export const commandIn = (ns: NetNamespace, command: Shell): FixCommand => ({
  node: ns.node,
  namespace: ns.id,
  command,
});

/** A command to the cluster's API, or to a program of the node's. */
export const commandOn = (node: string, command: Shell): FixCommand => ({ node, command });
