import { knows, sysctl, sysctlNumber } from '../network/namespace.ts';
import type { RealServer, VirtualService } from '../records/ipvs.ts';
import type { Source } from '../records/source.ts';
import { isLoopback } from '../tables/address.ts';
import { assume, type Branch, decisive, finish, type Stage, step } from './branch.ts';
import { untrack, withCtEntry } from './conntrack.ts';
import { tupleOf } from './conntrack-entry.ts';
import { findService } from './ipvs-service.ts';
import { notFollowed } from './not-followed.ts';
import { isLocalAddress, ownAddress } from './routing/local.ts';
import { dumpedAnswer, dumpedConnections } from './sightings.ts';
import { assumption } from './vocabulary/assumptions.ts';
import type { WalkConnection } from './walk-result.ts';

type IpvsHook = 'INPUT' | 'OUTPUT';

const agrees = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;

const connectionOf = (b: Branch, side: 'client' | 'server'): WalkConnection | undefined => {
  const p = b.packet;
  return b.tracking.connections.find(
    (c) =>
      c.namespace === b.namespace.id &&
      c.proto === p.proto &&
      (side === 'client'
        ? c.client === p.src && agrees(c.clientPort, p.sport) && c.virtual === p.dst && agrees(c.virtualPort, p.dport)
        : c.server === p.src && agrees(c.serverPort, p.sport) && c.client === p.dst && agrees(c.clientPort, p.dport)),
  );
};

/**
 * ip_vs_out_hook (LOCAL_IN 98, LOCAL_OUT -99, FORWARD 100): a real server's answer gets the virtual address back as its source.
 * Only NAT connections are undone here; the conntrack entry is not touched.
 */
export const ipvsReply =
  (place: 'INPUT' | 'OUTPUT' | 'FORWARD'): Stage =>
  (_world, b) => {
    if (b.ipvs) return [b];
    const connection = connectionOf(b, 'server');
    if (connection?.method !== 'masq') return [b];
    const p = b.packet;
    return [
      step(
        { ...b, ipvs: true },
        {
          place: 'ipvs',
          stage: 'ipvs',
          action: {
            code: 'ipvs-undo',
            values: {
              hook: place,
              from: p.src,
              fromPort: p.sport ?? 0,
              to: connection.virtual,
              toPort: connection.virtualPort ?? 0,
            },
          },
          after: { ...p, src: connection.virtual, sport: connection.virtualPort },
        },
      ),
    ];
  };

/**
 * ip_vs_in_hook (LOCAL_IN 99, LOCAL_OUT -98): an existing connection first, then the service's scheduler.
 * The translated packet is put back into OUTPUT by the caller unless the real server is this host.
 */
export const ipvsRequest =
  (hook: IpvsHook): Stage =>
  (_world, b) => {
    if (b.ipvs || b.packet.icmp) return [b];
    const unlisted = servedUnlisted(b);
    if (!unlisted && b.namespace.services.length === 0 && b.tracking.connections.length === 0) return [b];
    const known = connectionOf(b, 'client');
    if (known) return [connect(b, hook, known, undefined)];
    if (unlisted) return [byConnection(b, hook, unlisted)];
    const service = findService(b.namespace.services, b.packet);
    if (!service) return [b];
    if (!startsConnection(b)) return [b];
    return schedule(b, hook, service);
  };

/** Devices that bear the addresses of IPVS services and no others: kube-proxy's, kube-router's. */
const IPVS_DEVICES: ReadonlySet<string> = new Set(['kube-ipvs0', 'kube-dummy-if']);

/** The line by which IPVS takes a packet whose services were not captured: the address's own, or that of a connection to it. */
const servedUnlisted = ({ namespace, packet, ct }: Branch): Source | undefined => {
  if (knows(namespace, 'ipvsadm') || ct.direction === 'reply' || packet.tcp === 'rst') return undefined;
  const own = ownAddress(namespace, packet.dst);
  if (own && IPVS_DEVICES.has(own.link.name)) return own.address.source;
  return namespace.ipvsConnections.find(
    (c) => c.proto.toLowerCase() === packet.proto && c.virtual === packet.dst && c.virtualPort === packet.dport,
  )?.source;
};

/** Without a list of services the dumped connection tells the server; nothing else does. */
const byConnection = (b: Branch, hook: IpvsHook, source: Source): Branch => {
  const { dst, dport, src, sport, proto } = b.packet;
  const taken = assume(
    b,
    assumption(
      'ipvs-not-captured',
      { virtual: dst, port: dport ?? 0 },
      { missing: { kind: 'ipvsadm', namespace: b.namespace.id }, source },
    ),
  );
  const servers = new Set(dumpedConnections(b.namespace, b.packet).map((c) => `${c.server} ${c.serverPort}`));
  const [server] = sport === undefined ? [] : dumpedConnections(b.namespace, b.packet);
  if (servers.size !== 1 || !server)
    return notFollowed(taken, 'ipvs', { place: 'ipvs', stage: 'ipvs', proofs: decisive({ source }) });
  const connection: WalkConnection = {
    namespace: b.namespace.id,
    proto,
    client: src,
    clientPort: sport,
    virtual: dst,
    virtualPort: dport,
    server: server.server,
    serverPort: server.serverPort,
    method: 'masq',
  };
  const { tracking } = taken;
  const kept = { ...taken, tracking: { ...tracking, connections: [...tracking.connections, connection] } };
  return connect(kept, hook, connection, undefined);
};

/** tcp_conn_schedule: a packet with SYN, with sloppy_tcp any but a reset; what starts no connection falls through to the local stack. */
const startsConnection = ({ packet, namespace }: Branch): boolean =>
  packet.proto !== 'tcp' ||
  packet.tcp === 'syn' ||
  packet.tcp === 'syn-ack' ||
  (packet.tcp !== 'rst' && (sysctlNumber(namespace, 'net.ipv4.vs.sloppy_tcp') ?? 0) !== 0);

const schedule = (b: Branch, hook: IpvsHook, service: VirtualService): readonly Branch[] => {
  const usable = service.servers.filter((server) => server.weight === undefined || server.weight > 0);
  const values = {
    virtual: service.address ?? `fwmark ${service.fwmark}`,
    port: service.port ?? 0,
    proto: service.proto,
    hook,
    servers: service.servers.length,
  };
  if (usable.length === 0) {
    // ip_vs_leave: ICMP port unreachable, NF_DROP.
    return [
      finish(b, {
        place: 'ipvs',
        stage: 'ipvs',
        action: { code: service.servers.length === 0 ? 'ipvs-no-server' : 'ipvs-all-weight-zero', values },
        verdict: 'reject',
        proofs: decisive(service, ...service.servers),
      }),
    ];
  }
  const chosen = observedServers(b, usable);
  return chosen.map((server) =>
    connect(
      assume(
        { ...b, share: b.share / chosen.length },
        ...(chosen.length > 1
          ? [
              assumption(
                'ipvs-any-server',
                { server: server.address, port: server.port, of: chosen.length },
                { source: server.source },
              ),
            ]
          : []),
      ),
      hook,
      {
        namespace: b.namespace.id,
        proto: b.packet.proto,
        client: b.packet.src,
        clientPort: b.packet.sport,
        virtual: b.packet.dst,
        virtualPort: b.packet.dport,
        server: server.address,
        serverPort: server.port === 0 ? b.packet.dport : server.port,
        method: server.method,
      },
      { service, server },
    ),
  );
};

/** The scheduler's pick is not in any dump; a connection entry or a conntrack entry of this very flow is. */
const observedServers = (b: Branch, usable: readonly RealServer[]): readonly RealServer[] => {
  const connections = dumpedConnections(b.namespace, b.packet);
  const byConnection = usable.filter((s) =>
    connections.some((c) => c.server === s.address && agrees(c.serverPort, s.port === 0 ? undefined : s.port)),
  );
  if (byConnection.length > 0 && b.packet.sport !== undefined) return byConnection;
  const reply = dumpedAnswer(b.namespace, b.packet.proto, b.ct.entry?.original ?? tupleOf(b.packet), (e) =>
    e.reply.src === b.packet.dst ? undefined : `${e.reply.src} ${e.reply.sport ?? ''}`,
  );
  const byEntry = usable.filter((s) => reply === `${s.address} ${s.port === 0 ? (b.packet.dport ?? '') : s.port}`);
  return byEntry.length > 0 ? byEntry : usable;
};

const connect = (
  b: Branch,
  hook: IpvsHook,
  connection: WalkConnection,
  by: { service: VirtualService; server: RealServer } | undefined,
): Branch => {
  const p = b.packet;
  const kept = by ? { ...b, tracking: { ...b.tracking, connections: [...b.tracking.connections, connection] } } : b;
  const proofs = by ? decisive(by.service, by.server) : [];
  const place = 'ipvs' as const;
  const values = {
    hook,
    from: p.dst,
    fromPort: p.dport ?? 0,
    to: connection.server,
    toPort: connection.serverPort ?? 0,
    method: connection.method,
    scheduler: by?.service.scheduler ?? '',
  };
  if (connection.method === 'route' || connection.method === 'tunnel') {
    return step(
      { ...kept, ipvs: true, nextHop: connection.server },
      { place, stage: 'ipvs', action: { code: `ipvs-${connection.method}`, values }, proofs },
    );
  }
  const local = isLocalAddress(b.namespace, connection.server);
  // crosses_local_route_boundary: a loopback source may not leave the host.
  if (!local && isLoopback(p.src))
    return finish(kept, {
      place,
      stage: 'ipvs',
      action: { code: 'ipvs-loopback-source', values },
      verdict: 'drop',
      proofs,
    });
  const conntrack = sysctl(b.namespace, 'net.ipv4.vs.conntrack');
  const off = conntrack?.value.trim() === '0';
  const known = conntrack !== undefined || knows(b.namespace, 'sysctl');
  const assumed = known
    ? kept
    : assume(kept, {
        code: 'ipvs-conntrack-on',
        values: {},
        missing: { kind: 'sysctl', namespace: b.namespace.id },
        source: undefined,
      });
  const tracked = off ? untrack(assumed) : alterReply(assumed, connection);
  return step(
    { ...tracked, ipvs: true },
    {
      place,
      stage: 'ipvs',
      action: { code: 'ipvs-dnat', values: { ...values, conntrack: !off, local } },
      after: { ...p, dst: connection.server, dport: connection.serverPort },
      proofs: off ? [...proofs, ...decisive(conntrack)] : proofs,
    },
  );
};

/** ip_vs_update_conntrack: the reply tuple of a not yet confirmed entry names the real server; no status bit is set. */
const alterReply = (b: Branch, connection: WalkConnection): Branch => {
  const { entry, direction } = b.ct;
  if (!entry || entry.confirmed || direction !== 'original') return b;
  return withCtEntry(b, { ...entry, reply: { ...entry.reply, src: connection.server, sport: connection.serverPort } });
};
