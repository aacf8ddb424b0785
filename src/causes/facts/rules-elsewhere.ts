import type { Step } from '../../path/step.ts';
import type { CauseContext } from './finding.ts';
import type { Translation } from './translation.ts';

/** What another node's rules make of the same virtual address. */
export interface RulesElsewhere {
  readonly node: string;
  /** One translation of each server. */
  readonly steps: readonly Step[];
}

/** As many nodes as say enough. */
const NODES = 4;

/**
 * Other nodes whose rules translate the address too, and never to this translation's server. Every node's proxy writes the same servers for a service, unless
 * its traffic policy is Local: then a node has its own pods only, so nothing is said of a server on the translating node itself.
 */
export const rulesElsewhere = (
  context: CauseContext,
  t: Translation,
  serverNode: string,
): readonly RulesElsewhere[] => {
  if (t.by !== 'netfilter' || serverNode === t.namespace.node) return [];
  const { proto } = context.flow.question;
  return context.network.nodes
    .filter(({ host }) => host.node !== t.namespace.node && host.tables.length + host.nftTables.length > 0)
    .slice(0, NODES)
    .flatMap(({ host }): RulesElsewhere[] => {
      const other = context.walk({ proto, src: '', sport: undefined, dst: t.virtual, dport: t.port, start: host.id });
      const steps = new Map<string, Step>();
      for (const branch of other.branches)
        for (const step of branch.forward.steps)
          if (step.node === host.node && step.action.code === 'dnat' && step.action.values.from === t.virtual)
            steps.set(`${step.action.values.to}:${step.action.values.toPort}`, step);
      return steps.size === 0 || steps.has(`${t.server}:${t.serverPort}`)
        ? []
        : [{ node: host.node, steps: [...steps.values()] }];
    });
};
