import type { Network } from '../../src/network/network.ts';
import { type Branch, type Stage, startBranch } from '../../src/path/branch.ts';
import { worldOf } from '../../src/path/leg.ts';
import { packet } from './netfilter/make.ts';
import { node } from './one-node.ts';

/** Single stages of the walk, asked about one packet at the host of `one-node.ts`. */

/** A packet at the host, before anything was done with it: `tcp 10.0.0.1:1024 > 10.0.0.2:80`. */
export const atHost = (network: Network, text: string, over: Partial<Branch> = {}): Branch => {
  const host = network.nodes[0]?.host;
  if (!host) throw new Error('no host');
  return { ...startBranch(host, packet(text), { entries: new Map(), connections: [] }), ...over };
};

/** What a stage makes of the packet. */
export const through = (network: Network, stage: Stage, b: Branch): readonly Branch[] =>
  stage(worldOf(network, undefined, 1, undefined), b);

/** The host with these captures more. */
export const host = (settings: string, ...texts: Parameters<typeof node>[1]) => node(settings, texts);
