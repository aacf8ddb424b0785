import type { NetNamespace } from '../../network/namespace.ts';
import type { PacketView } from '../../records/packet.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { textOf } from '../facts/ending.ts';
import type { Cause, EvidenceLine } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { hasSubmariner } from '../facts/submariner.ts';
import { xfrmEnd } from '../facts/xfrm-end.ts';

/** IKE, IKE and ESP in UDP, and the agent's own NAT discovery. */
const PORTS: ReadonlySet<number> = new Set([500, 4500, 4490]);

/** The gateways of two clusters do not reach each other on the cable's ports, so no SA is ever set up. */
export const submarinerCablePortBlocked: Cause = {
  id: 'submariner-cable-port-blocked',
  group: 'C',
  layer: 'underlay',
  control: false,
  needs: ['tcpdump', 'xfrm-state', 'sockets'],
  references: ['submariner-io/submariner#3158', 'stolostron/rhacm-docs#3721'],
  explains: ['xfrm-out-sa-missing'],
  detect: (context) => {
    const ending = xfrmEnd(context, 'no-state');
    if (ending?.step.place !== 'xfrm-out' || !hasSubmariner(ending.namespace)) return [];
    const { step, namespace: ns } = ending;
    const peer = textOf(step, 'tunnelDst');
    const values = { peer, gateway: ns.node };
    if (ns.packets.length === 0) return [undecided([{ kind: 'tcpdump', namespace: ns.id }], values)];
    const talk = cablePackets(ns, peer);
    const sent = talk.filter((view) => view.dst === peer);
    const came = talk.filter((view) => view.src === peer);
    if (sent.length === 0) return [];
    if (came.length > 0)
      return [
        {
          kind: 'ruled-out',
          because: 'peer-answers',
          values,
          evidence: came.slice(0, 2).map((view) => ({ source: view.source, role: 'decisive' as const })),
        },
      ];
    return [
      foundAt(step, {
        confidence: weaker('likely', confidenceOfEnd(context)),
        values: { ...values, ports: [...new Set(sent.map((view) => String(view.dport)))], asked: sent.length },
        evidence: [
          ...sent.slice(0, 3).map((view): EvidenceLine => ({ source: view.source, role: 'decisive', words: [peer] })),
          ...symptomLines(context),
        ],
        fixes: [{ id: 'open-ports', commands: [], changes: [], values: { peer } }],
      }),
    ];
  },
};

const cablePackets = (ns: NetNamespace, peer: string): readonly PacketView[] =>
  ns.packets.flatMap((table) =>
    table
      .rowsWithAddress(peer)
      .map((row) => table.packet(row))
      .filter((view) => view.proto === 'udp' && PORTS.has(view.dport ?? 0)),
  );
