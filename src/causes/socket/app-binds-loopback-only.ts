import type { Change } from '../../network/change.ts';
import type { Socket } from '../../records/socket.ts';
import { type Backend, backendOf, trafficAt } from '../facts/backend.ts';
import { confidenceOfEnd, isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { deafListeners, deafness, socketText } from '../facts/listeners.ts';

/**
 * The application listens on the right port, but only on the loopback address (or only in the other address family): it answers to a test from inside the pod, and to
 * nobody else.
 */
export const appBindsLoopbackOnly: Cause = {
  id: 'app-binds-loopback-only',
  group: 'B',
  layer: 'socket',
  control: false,
  needs: ['sockets', 'tcpdump'],
  references: ['net/ipv4/inet_hashtables.c: compute_score', 'RFC 3493: IPV6_V6ONLY'],
  explains: ['targetport-no-listener-rst'],
  detect: (context): readonly Verdict[] => {
    const backend = backendOf(context);
    if (!backend || !isBroken(context)) return [];
    if (!backend.translated && backend.namespace.name === '') return [];
    if (backend.step.action.code === 'socket-assumed') return unlisted(context, backend);
    if (backend.step.action.code !== 'no-listener') return [];
    const deaf = deafListeners(backend.namespace, backend.step.before);
    const [socket] = deaf;
    if (!socket) return [];
    const resets = trafficAt(context, backend)
      .resets.slice(0, 1)
      .flatMap((p) => decisiveLine(p.view, ['[R.]']));
    return [
      foundAt(backend.step, {
        confidence: resets.length > 0 ? 'certain' : confidenceOfEnd(context),
        values: {
          server: backend.step.before.dst,
          port: backend.step.before.dport ?? 0,
          proto: backend.step.before.proto,
          bound: socketText(socket),
          how: deafness(socket),
          process: socket.process ?? '',
        },
        evidence: [...deaf.slice(0, 2).flatMap((s) => decisiveLine(s, [s.local])), ...resets, ...symptomLines(context)],
        fixes: [bindAll(backend, socket)],
      }),
    ];
  },
};

/** The server refused and its sockets were not captured: what it listens on, and by which address, is what tells. */
const unlisted = (context: CauseContext, backend: Backend): readonly Verdict[] => {
  if (context.evidence.seen !== 'refused') return [];
  const ns = backend.namespace;
  // Its own packets were captured, and the request is not among them: somebody else refused.
  if (ns.packets.length > 0 && trafficAt(context, backend).asks.length === 0) return [];
  const { dst, dport, proto } = backend.step.before;
  return [undecided([{ kind: 'sockets', namespace: ns.id }], { server: dst, port: dport ?? 0, proto })];
};

const bindAll = ({ namespace, step }: Backend, socket: Socket): Found['fixes'][number] => {
  const any = step.before.family === 4 ? '0.0.0.0' : '::';
  const { source, ...record } = socket;
  const changes: readonly Change[] = [
    { namespace: namespace.id, op: 'delete', what: 'socket', source },
    { namespace: namespace.id, op: 'add', what: 'socket', record: { ...record, local: any, v6only: false } },
  ];
  return { id: 'bind-all', commands: [], changes, values: { any, bound: socketText(socket) } };
};
