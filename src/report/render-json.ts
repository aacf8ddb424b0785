import type { EvidenceLine, Finding, FlowAnalysis, Values } from '../causes/facts/finding.ts';
import type { FlowEvidence } from '../evidence/observation.ts';
import type { Analysis } from '../judging/analysis.ts';
import type { Packet } from '../path/packet.ts';
import type { Proof, Step } from '../path/step.ts';
import type { FlowQuestion, LegEnd } from '../path/walk-result.ts';
import type { Source } from '../records/source.ts';
import { commandFor } from './collect-words.ts';
import { askCommand, flowArgument } from './examined.ts';
import type { ResultDocument } from './result-schema.ts';

type PacketDocument = ResultDocument['flows'][number]['forward'][number]['packetBefore'];
type FindingDocument = ResultDocument['rootCauses'][number];
type Plain = Record<string, string | number | boolean | string[]>;

const quoted = (analysis: Analysis, source: Source): string => analysis.quotes.get(source.file)?.get(source.line) ?? '';
const place = ({ file, line, unit }: Source) => (unit ? { file, line, unit } : { file, line });

const plain = (values: Values): Plain => {
  const out: Plain = {};
  for (const key of Object.keys(values).sort()) {
    const value = values[key];
    if (value !== undefined) out[key] = typeof value === 'object' ? [...value] : value;
  }
  return out;
};

const evidenceDocument = (analysis: Analysis, lines: readonly (EvidenceLine | Proof)[]) =>
  lines.map(({ source, role }) => ({ ...place(source), text: quoted(analysis, source), role }));

const packetDocument = (packet: Packet): PacketDocument => ({
  family: packet.family,
  proto: packet.proto,
  src: packet.src,
  dst: packet.dst,
  sport: packet.sport ?? null,
  dport: packet.dport ?? null,
  tcp: packet.tcp ?? null,
  icmp: packet.icmp ? { type: packet.icmp.type, code: packet.icmp.code, id: packet.icmp.id ?? null } : null,
  mark: packet.mark,
  ttl: packet.ttl,
  length: packet.length,
  spi: packet.spi ?? null,
  vni: packet.vni ?? null,
  inner: packet.inner ? packetDocument(packet.inner) : null,
});

const stepDocument = (analysis: Analysis, step: Step) => ({
  node: step.node,
  namespace: step.namespace,
  hook: step.place,
  stage: step.stage,
  device: step.device ?? null,
  action: step.action.code,
  values: plain(step.action.values),
  packetBefore: packetDocument(step.before),
  packetAfter: packetDocument(step.after),
  verdict: step.verdict,
  evidence: evidenceDocument(analysis, step.proofs),
});

const pair = (between: readonly [string, string] | undefined): [string, string] | null =>
  between ? [between[0], between[1]] : null;

const endDocument = (end: LegEnd) => ({
  outcome: end.outcome,
  node: end.node,
  namespace: end.namespace,
  between: pair(end.between),
  reason: end.reason,
});

const tupleDocument = (tuple: { src: string; dst: string; sport: number | undefined; dport: number | undefined }) => ({
  src: tuple.src,
  dst: tuple.dst,
  sport: tuple.sport ?? null,
  dport: tuple.dport ?? null,
});

const observedDocument = (evidence: FlowEvidence) => ({
  seen: evidence.seen,
  seenBy: evidence.seenBy,
  stopped: evidence.stopped
    ? {
        lastAnswer: place(evidence.stopped.lastAnswer.source),
        inVain: evidence.stopped.inVain.map((view) => place(view.source)),
      }
    : null,
  log: evidence.signs.map(({ namespace, message, packet, leg }) => ({
    ...place(message.source),
    namespace,
    leg,
    prefix: packet.prefix,
  })),
  probes: evidence.probes.map(({ namespace, probe }) => ({
    ...place(probe.source),
    namespace,
    outcome: probe.outcome,
  })),
  conntrack: evidence.entries.map(({ namespace, entry, agrees }) => ({
    ...place(entry.source),
    namespace,
    proto: entry.proto,
    state: entry.state ?? null,
    original: tupleDocument(entry.original),
    reply: tupleDocument(entry.reply),
    unreplied: entry.unreplied,
    assured: entry.assured,
    agrees: agrees ?? null,
  })),
  ipvs: evidence.connections.map(({ namespace, connection: c }) => ({
    ...place(c.source),
    namespace,
    proto: c.proto,
    state: c.state,
    client: c.client,
    clientPort: c.clientPort,
    virtual: c.virtual,
    virtualPort: c.virtualPort,
    server: c.server,
    serverPort: c.serverPort,
  })),
  packets: evidence.packets.map(({ namespace, view, leg, step, wrapping }) => ({
    ...place(view.source),
    namespace,
    device: view.device ?? null,
    time: view.time ?? null,
    leg,
    step: step ?? null,
    wrapping,
    proto: view.proto,
    src: view.src ?? null,
    dst: view.dst ?? null,
    sport: view.sport ?? null,
    dport: view.dport ?? null,
    tcpFlags: view.tcpFlags ?? null,
  })),
  packetsCut: evidence.packetsCut,
  clockOffsets: Object.fromEntries([...evidence.clockOffsets].sort(([a], [b]) => (a < b ? -1 : 1))),
  counters: evidence.counters.map(({ namespace, counter }) => ({
    ...place(counter.source),
    namespace,
    name: counter.name,
    value: counter.value,
  })),
});

const entryDocument = ({ start, arrival, entry, origin }: FlowQuestion): ResultDocument['flows'][number]['entry'] =>
  start === undefined || !entry
    ? null
    : {
        namespace: start,
        received: origin === 'open' ? null : arrival !== undefined,
        device: arrival?.device ?? null,
        reason: entry.code,
        evidence: entry.sources.map(place),
      };

const flowDocument = (analysis: Analysis, flow: FlowAnalysis): ResultDocument['flows'][number] => {
  const first = flow.walked.branches[0];
  return {
    id: flow.id,
    proto: flow.question.proto,
    src: flow.question.src,
    sport: flow.question.sport ?? null,
    dst: flow.question.dst,
    dport: flow.question.dport ?? null,
    startNode: flow.startNode ?? null,
    entry: entryDocument(flow.question),
    outcome: flow.outcome,
    forward: first ? first.forward.steps.map((step) => stepDocument(analysis, step)) : [],
    reply: first?.reply ? first.reply.steps.map((step) => stepDocument(analysis, step)) : [],
    ack: first?.ack ? first.ack.steps.map((step) => stepDocument(analysis, step)) : [],
    refusal: first?.refusal ? first.refusal.steps.map((step) => stepDocument(analysis, step)) : [],
    forwardEnd: first ? endDocument(first.forward.end) : null,
    replyEnd: first?.reply ? endDocument(first.reply.end) : null,
    ackEnd: first?.ack ? endDocument(first.ack.end) : null,
    refusalEnd: first?.refusal ? endDocument(first.refusal.end) : null,
    branches: flow.walked.branches.map((branch) => ({
      outcome: branch.outcome,
      share: branch.share,
      forwardEnd: endDocument(branch.forward.end),
      replyEnd: branch.reply ? endDocument(branch.reply.end) : null,
      ackEnd: branch.ack ? endDocument(branch.ack.end) : null,
      assumptions: branch.assumptions.map((assumption) => ({
        code: assumption.code,
        values: plain(assumption.values),
        missing: assumption.missing?.kind ?? null,
      })),
    })),
    branchesCut: flow.walked.cut,
    observed: observedDocument(flow.evidence),
  };
};

const findingDocument = (analysis: Analysis, finding: Finding): FindingDocument => ({
  id: finding.id,
  flow: finding.flow ?? null,
  node: finding.node,
  namespace: finding.namespace,
  between: pair(finding.between),
  at: finding.at,
  confidence: finding.confidence,
  values: plain(finding.values),
  evidence: evidenceDocument(analysis, finding.evidence),
  fixes: finding.fixes.map((fix) => ({
    id: fix.id,
    commands: fix.commands.map(({ node, command }) => ({ node, command })),
    provenByWalk: fix.provenByWalk,
    values: plain(fix.values),
  })),
  consequences: finding.consequences.map((consequence) => findingDocument(analysis, consequence)),
});

const verdictDocument = (analysis: Analysis): ResultDocument['verdict'] => {
  const { verdict, bundle } = analysis;
  return {
    code: verdict.code,
    by: verdict.by ?? null,
    evidence: evidenceDocument(analysis, verdict.evidence),
    examined: {
      asked: verdict.examined.asked,
      flows: verdict.examined.flows.map(({ id, code }) => ({ id, code })),
      nodes: verdict.examined.nodes.map(({ name, kinds }) => ({ name, kinds: [...kinds] })),
      lookedAt: verdict.examined.lookedAt.map(({ kind, nodes, without }) => ({
        kind,
        nodes: [...nodes],
        without: [...without],
      })),
    },
    askable: verdict.askable.map(({ question, source }) => ({
      flow: flowArgument(question),
      from: question.start ?? null,
      command: askCommand(bundle.name, question),
      ...place(source),
    })),
  };
};

/** The result of an analysis as its published document (result-schema.ts). */
export const resultOf = (analysis: Analysis): ResultDocument => ({
  schemaVersion: 1,
  bundle: {
    name: analysis.bundle.name,
    layout: analysis.bundle.layout,
    nodes: analysis.bundle.nodes.map((node) => ({
      name: node.name,
      kernel: node.kernel ?? null,
      time: node.time ?? null,
      namespaces: node.namespaces.map((namespace) => namespace.name),
      captures: node.namespaces.flatMap((namespace) =>
        namespace.captures.map((capture) => ({
          kind: capture.kind,
          file: capture.file,
          namespace: namespace.name,
          records: capture.records,
          unread: capture.unread,
          partial: capture.partial,
          toolMessage: capture.toolMessage ?? null,
        })),
      ),
    })),
    unreadTotal: analysis.unreadTotal,
    ignoredMembers: analysis.ignoredMembers.map(({ file, why }) => ({ file, why })),
  },
  verdict: verdictDocument(analysis),
  collect: analysis.collect.map(({ place: at, capture, command, decides, flows }) => ({
    node: at.kind === 'namespace' ? at.node : null,
    namespace: at.kind === 'namespace' ? at.namespace : '',
    address: at.kind === 'address' ? at.address : null,
    kind: capture,
    command,
    decides: [...decides],
    flows: [...flows],
  })),
  flows: analysis.flows.map((flow) => flowDocument(analysis, flow)),
  rootCauses: analysis.rootCauses.map((finding) => findingDocument(analysis, finding)),
  observations: analysis.observations.map((finding) => findingDocument(analysis, finding)),
  ruledOut: analysis.ruledOut.map((finding) => ({
    id: finding.id,
    flow: finding.flow ?? null,
    because: finding.because,
    values: plain(finding.values),
    evidence: evidenceDocument(analysis, finding.evidence),
  })),
  undecided: analysis.undecided.map((finding) => ({
    id: finding.id,
    flow: finding.flow ?? null,
    missing: [...new Set(finding.missing.map((missing) => missing.kind))],
    collect: finding.missing.map(({ namespace, kind }) => ({
      namespace,
      kind,
      command: commandFor(analysis.collect, namespace, kind) ?? null,
    })),
    values: plain(finding.values),
  })),
  notes: analysis.notes.map((note) => ({
    code: note.code,
    values: plain(note.values),
    sources: note.sources.map(place),
  })),
  unread: analysis.unread.map(({ source, text }) => ({ ...place(source), text })),
});

/** `--format json`. */
export const renderJson = (analysis: Analysis): string => `${JSON.stringify(resultOf(analysis), null, 2)}\n`;
