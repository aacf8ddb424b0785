import { stuckOf } from '../../evidence/seen.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import { decisiveLine, namespaceId, stepsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { agentChain, CHAIN, hasSubmariner, vtepOf } from '../facts/submariner.ts';

/** Large segments do not get through the tunnel, and the route agent's MSS clamping is not there (or not for both directions). */
export const submarinerMssNotClamped: Cause = {
  id: 'submariner-mss-not-clamped',
  group: 'C',
  layer: 'mtu',
  control: false,
  needs: ['tcpdump', 'iptables-save', 'ip-link'],
  references: ['submariner-io/submariner#1774', 'submariner-io/submariner#1488'],
  detect: (context) => {
    if (context.evidence.seen !== 'stalled') return [];
    const [stuck] = stuckOf(context.evidence.packets);
    const entry = tunnelEntry(context);
    if (!stuck || !entry) return [];
    const { step, namespace: ns } = entry;
    const values = { chain: CHAIN, payload: stuck.view.length ?? 0, device: vtepOf(ns)?.link.name ?? '' };
    if (!knows(ns, 'iptables-save')) return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
    const chain = agentChain(ns, 'mangle');
    const clamps = (chain?.rules ?? []).filter((rule) => rule.target?.name === 'TCPMSS');
    if (clamps.length >= 2)
      return [
        {
          kind: 'ruled-out',
          because: 'clamped',
          values,
          evidence: clamps.flatMap((rule) => decisiveLine(rule, ['TCPMSS'])),
        },
      ];
    return [
      foundAt(step, {
        confidence: 'likely',
        values: { ...values, clamps: clamps.length, hasChain: chain !== undefined },
        evidence: [
          { source: stuck.view.source, role: 'decisive', words: [`length ${values.payload}`] } satisfies EvidenceLine,
          ...decisiveLine(chain, [CHAIN]),
          ...clamps.flatMap((rule) => supportingLine(rule, ['TCPMSS'])),
          ...supportingLine(vtepOf(ns)?.link, ['mtu']),
        ],
        fixes: [
          {
            id: 'clamp',
            commands: [
              commandOn(ns.node, shell`kubectl annotate node ${ns.node} submariner.io/tcp-clamp-mss=1200 --overwrite`),
            ],
            changes: [],
            values: { chain: CHAIN },
          },
        ],
      }),
    ];
  },
};

/** The step by which the flow enters Submariner's way: its VXLAN, or ESP on a gateway. */
const tunnelEntry = (context: CauseContext) => {
  for (const step of stepsOf(context)) {
    const namespace: NetNamespace | undefined = context.network.namespaces.get(namespaceId(step));
    if (!namespace || !hasSubmariner(namespace)) continue;
    const own = step.action.code === 'vxlan-encapsulate' && step.device === vtepOf(namespace)?.link.name;
    if (own || step.action.code === 'esp-encapsulate') return { step, namespace };
  }
  return undefined;
};
