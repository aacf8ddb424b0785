import type { Fix } from '../causes/facts/finding.ts';
import type { FixCommand } from '../causes/facts/fix-command.ts';
import { asPart, shell } from '../causes/facts/shell.ts';
import type { Network } from '../network/network.ts';
import { entering } from './collect/enter.ts';

/** The command as it is typed on its node: behind what enters its namespace. */
const inPlace = (network: Network, { node, namespace, command }: FixCommand): FixCommand => {
  const ns = network.namespaces.get(namespace ?? '');
  // A namespace that was put together from what the host tells of it has no name to enter it by.
  return {
    node,
    command: ns?.imagined
      ? shell`${{ quoted: '', isWritable: false }}`
      : shell`${entering(network, ns)}${asPart(command)}`,
  };
};

/** Characters of a command beyond which nobody reads what is pasted; a page that cut it would show another command. */
const LONGEST = 2000;
/** Commands of a fix beyond which it is work for a program. */
const MOST = 40;

/** A fix with its commands as they are typed: all of them, or, where one cannot be written, none, as a part of a change may do harm. */
export const typed = <F extends Pick<Fix, 'commands'>>(fix: F, network: Network): F => {
  const commands = fix.commands.map((one) => inPlace(network, one));
  return { ...fix, commands: commands.length <= MOST && commands.every(isWhole) ? commands : [] };
};

const isWhole = ({ command }: FixCommand): boolean => command !== '' && command.length <= LONGEST;
