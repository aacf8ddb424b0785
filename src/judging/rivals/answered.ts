import { decisiveLine, stepsOf } from '../../causes/facts/ending.ts';
import type { EvidenceLine } from '../../causes/facts/finding.ts';
import type { SeenEntry, SeenPacket } from '../../evidence/observation.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { Excludes } from './rival.ts';

/** Causes by which no server would have answered at all. */
const NOBODY_LISTENS = [
  'targetport-no-listener-rst',
  'app-binds-loopback-only',
  'listen-queue-overflow',
  'syn-backlog-full',
] as const;
/** Causes by which the service would have found no live server. */
const NOBODY_SERVES = ['svc-no-endpoints', 'stale-backend-in-dataplane', 'ipvs-weight-zero-pinned'] as const;
const TRANSLATED: ReadonlySet<string> = new Set<ActionCode>(['dnat', 'ipvs-dnat']);

/** The server was heard: its SYN-ACK or echo reply was captured, or an entry of the flow has seen an answer. */
export const answered: Excludes = (context) => {
  const packet = context.evidence.packets.find(isAnswer);
  const entry = context.evidence.entries.find(isAnsweredEntry);
  const evidence: readonly EvidenceLine[] = packet
    ? decisiveLine(
        packet.view,
        [packet.layer?.tcpFlags ?? ''].filter((w) => w !== ''),
      )
    : decisiveLine(
        entry?.entry,
        [entry?.entry.state ?? ''].filter((w) => w !== ''),
      );
  if (evidence.length === 0) return [];
  const isService = stepsOf(context).some((s) => TRANSLATED.has(s.action.code));
  return [
    {
      because: 'replied',
      excludes: [...(context.flow.question.proto === 'tcp' ? NOBODY_LISTENS : []), ...(isService ? NOBODY_SERVES : [])],
      values: {},
      evidence,
    },
  ];
};

const isAnswer = ({ leg, layer }: SeenPacket): boolean =>
  leg === 'reply' &&
  layer !== undefined &&
  (layer.proto === 'tcp' ? layer.tcpFlags === 'S.' : layer.icmp === undefined || layer.icmp === 'echo reply');

const isAnsweredEntry = ({ entry, agrees }: SeenEntry): boolean =>
  agrees !== false &&
  !entry.unreplied &&
  (entry.state === undefined || entry.state === 'SYN_RECV' || entry.state === 'ESTABLISHED');
