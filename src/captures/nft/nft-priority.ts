/** A chain's priority as nft prints it: a name with an offset, or a number alone. */
export interface NamedPriority {
  readonly name: string | undefined;
  readonly offset: number;
}

/** Names of the hook priorities: nft(8), "standard priority names", from the kernel's NF_IP_PRI_* (netfilter_ipv4.h). */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
]);

/** The bridge family's are others (NF_BR_PRI_*, netfilter_bridge.h). */
const BRIDGE_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['dstnat', -300],
  ['filter', -200],
  ['out', 100],
  ['srcnat', 300],
]);

/** The number that a priority stands for; undefined where its name is none of nft's. */
export const priorityOf = ({ name, offset }: NamedPriority, family: string): number | undefined => {
  if (name === undefined) return offset;
  const base = (family === 'bridge' ? BRIDGE_PRIORITIES : PRIORITIES).get(name);
  return base === undefined ? undefined : base + offset;
};
