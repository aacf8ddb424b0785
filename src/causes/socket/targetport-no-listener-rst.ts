import type { Change } from '../../network/change.ts';
import { counter, knows } from '../../network/namespace.ts';
import { virtualHolding } from '../facts/address.ts';
import { type Backend, backendOf, trafficAt } from '../facts/backend.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Found, Values, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { hostPortTranslation } from '../facts/host-port.ts';
import { editService } from '../facts/kube-command.ts';
import { deafListeners, listenersOf, socketText } from '../facts/listeners.ts';
import { translationsOf } from '../facts/translation.ts';

/**
 * The request reaches the server, and nothing listens on the port that the service sends it to: another targetPort than the application's, or the application is not
 * running. The server's own TCP answers with a reset, its UDP with ICMP port unreachable.
 */
export const targetportNoListenerRst: Cause = {
  id: 'targetport-no-listener-rst',
  group: 'B',
  layer: 'socket',
  control: false,
  needs: ['sockets', 'tcpdump', 'counters', 'kubectl'],
  references: ['net/ipv4/tcp_ipv4.c: tcp_v4_rcv (no_tcp_socket), tcp_v4_send_reset', 'RFC 9293: 3.10.7.1'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context)) return [];
    const backend = backendOf(context);
    if (!backend || (!backend.translated && backend.namespace.name === '')) return [];
    if (backend.step.action.code === 'no-listener') {
      if (deafListeners(backend.namespace, backend.step.before).length > 0) return [];
      return noListener(context, backend);
    }
    if (backend.step.action.code !== 'socket-assumed') return [];
    return assumed(context, backend);
  },
};

const valuesOf = (context: CauseContext, backend: Backend): Values => {
  const { before } = backend.step;
  const translation = translationsOf(context)[0];
  return {
    server: before.dst,
    port: before.dport ?? 0,
    proto: before.proto,
    virtual: translation?.virtual ?? '',
    servicePort: translation?.port ?? 0,
    listening: [...new Set(listenersOf(backend.namespace, before.proto).map(socketText))],
    pod: backend.namespace.name,
  };
};

const resetLines = (context: CauseContext, backend: Backend): readonly EvidenceLine[] =>
  trafficAt(context, backend)
    .resets.slice(0, 1)
    .flatMap((p) => decisiveLine(p.view, ['[R.]', '[R]']));

const noListener = (context: CauseContext, backend: Backend): readonly Found[] => {
  const ns = backend.namespace;
  const { proto } = backend.step.before;
  const sent = counter(ns, proto === 'udp' ? 'UdpNoPorts' : 'TcpOutRsts');
  const resets = resetLines(context, backend);
  return [
    foundAt(backend.step, {
      confidence: stolen(context)
        ? weaker('likely', confidenceOfEnd(context))
        : resets.length > 0
          ? 'certain'
          : confidenceOfEnd(context),
      values: { ...valuesOf(context, backend), known: true },
      evidence: [
        ...resets,
        ...backend.step.proofs.slice(0, 1).map((p) => ({ source: p.source, role: 'decisive' as const })),
        ...(sent && sent.value > 0 ? supportingLine(sent, [sent.name]) : []),
        ...symptomLines(context),
      ],
      fixes: [listen(context, backend)],
    }),
  ];
};

/** A hostPort's rule took a virtual address's traffic, and IPVS, which was not captured, may have another server for it. */
const stolen = (context: CauseContext): boolean => {
  const taken = hostPortTranslation(context);
  return (
    taken !== undefined &&
    !knows(taken.namespace, 'ipvsadm') &&
    virtualHolding(taken.namespace, taken.virtual) !== undefined
  );
};

/** The sockets were not captured: a reset by the server itself that answers a SYN tells that nothing listened. */
const assumed = (context: CauseContext, backend: Backend): readonly Verdict[] => {
  if (context.evidence.seen !== 'refused' || knows(backend.namespace, 'sockets')) return [];
  const values = { ...valuesOf(context, backend), known: false };
  const resets = resetLines(context, backend);
  if (resets.length === 0) return [undecided([{ kind: 'sockets', namespace: backend.namespace.id }], values)];
  return [
    foundAt(backend.step, {
      confidence: 'likely',
      values,
      evidence: [...resets, ...symptomLines(context)],
      fixes: [listen(context, backend)],
    }),
  ];
};

/** With a listener on the port the flow is delivered; which of both ports is the wrong one only the owner knows. */
const listen = (context: CauseContext, { namespace, step }: Backend): Found['fixes'][number] => {
  const { before } = step;
  const asked = translationsOf(context)[0]?.virtual ?? '';
  const change: Change = {
    namespace: namespace.id,
    op: 'add',
    what: 'socket',
    record: {
      proto: before.proto,
      state: before.proto === 'tcp' ? 'LISTEN' : 'UNCONN',
      recvQ: 0,
      sendQ: 128,
      local: before.family === 4 ? '0.0.0.0' : '::',
      localPort: before.dport,
      localDev: undefined,
      peer: '*',
      peerPort: undefined,
      process: undefined,
      v6only: undefined,
    },
  };
  return {
    id: 'right-port',
    commands: editService(context.network, namespace.node, asked),
    changes: [change],
    values: {
      port: before.dport ?? 0,
      others: [...new Set(listenersOf(namespace, before.proto).map((s) => String(s.localPort)))],
    },
  };
};
