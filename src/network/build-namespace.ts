import type { Capture } from '../records/capture.ts';
import type { Counter, Sysctl } from '../records/counter.ts';
import type { IpSet } from '../records/ipset.ts';
import type { NftTable, RuleTable } from '../records/iptables.ts';
import type { RealServer, VirtualService } from '../records/ipvs.ts';
import type { Socket } from '../records/socket.ts';
import type { Sourced } from '../records/source.ts';
import type { WireguardDevice } from '../records/wireguard.ts';
import type { XfrmPolicy, XfrmState } from '../records/xfrm.ts';
import { capturedOf, isReadable } from './build-captured.ts';
import { mergeLinks } from './build-links.ts';
import { packetsOf } from './build-packets.ts';
import type { NetNamespace } from './namespace.ts';

/** One namespace out of all its captures, in the bundle's order. What two captures both show is kept once; where they differ, the later one holds. */
export const buildNamespace = (node: string, name: string, all: readonly Capture[]): NetNamespace => {
  const captures = all.filter(isReadable);
  const { kinds, cut, sources } = capturedOf(all);
  const each = <T>(pick: (capture: Capture) => readonly T[] | undefined): T[] =>
    captures.flatMap((capture) => [...(pick(capture) ?? [])]);
  const last = <T>(pick: (capture: Capture) => T | undefined): T | undefined =>
    captures.reduce<T | undefined>((found, capture) => pick(capture) ?? found, undefined);
  const links = mergeLinks(captures);
  return {
    id: name === '' ? node : `${node}/${name}`,
    node,
    name,
    captured: kinds,
    ...(cut.size > 0 ? { cut } : {}),
    captureSources: sources,
    links,
    routes: once(
      each((c) => c.data.routes),
      contentOf,
    ),
    rules: once(
      each((c) => c.data.rules),
      contentOf,
    ),
    neighbours: latest(
      each((c) => c.data.neighbours),
      (n) => `${n.dev} ${n.address} ${n.proxy}`,
    ),
    fdb: once(
      each((c) => c.data.fdb),
      contentOf,
    ),
    tables: pickTables(each((c) => c.data.tables)),
    nftTables: latest(
      each((c) => c.data.nftTables),
      (t: NftTable) => `${t.family} ${t.name}`,
    ),
    sets: new Map(
      latest(
        each((c) => c.data.sets),
        (set) => set.name,
        (set) => set.members.length >= (set.declaredEntries ?? 0),
      ).map((set: IpSet) => [set.name, set]),
    ),
    services: mergeServices(each((c) => c.data.services)),
    ipvsConnections: latest(
      each((c) => c.data.ipvsConnections),
      (c) => `${c.proto} ${c.client} ${c.clientPort} ${c.virtual} ${c.virtualPort} ${c.server} ${c.serverPort}`,
    ),
    ipvsTimeouts: last((c) => c.data.ipvsTimeouts),
    conntrack: each((c) => (c.data.conntrack ? [c.data.conntrack] : [])).sort(
      (a, b) => Number(isProcFile(a.file)) - Number(isProcFile(b.file)),
    ),
    conntrackStats: each((c) => c.data.conntrackStats),
    states: latest(
      each((c) => c.data.states),
      stateKey,
      (state) => state.stats !== undefined,
    ),
    policies: latest(
      each((c) => c.data.policies),
      policyKey,
      (policy) => policy.used !== undefined,
    ),
    xfrmDefaults: last((c) => c.data.xfrmDefaults),
    wireguard: latest(
      each((c) => c.data.wireguard),
      (device) => device.name ?? '',
      tellsMoments,
    ),
    sockets: latest(
      each((c) => c.data.sockets),
      socketKey,
      (socket) => socket.process !== undefined,
    ),
    sysctls: new Map(each((c) => c.data.sysctls).map((s: Sysctl) => [s.name, s])),
    counters: groupCounters(each((c) => c.data.counters)),
    messages: once(
      each((c) => c.data.messages),
      (m) => `${m.time} ${m.text}`,
    ),
    packets: packetsOf(
      each((c) => (c.data.packets ? [c.data.packets] : [])),
      links.values(),
    ),
    probes: each((c) => c.data.probes),
    imagined: false,
  };
};

/** A record without where it stands. */
const contentOf = (record: Sourced): string =>
  JSON.stringify(record, (key, value) => (key === 'source' ? undefined : value));

/** The first record of each content. */
const once = <T>(records: readonly T[], key: (record: T) => string): readonly T[] => {
  const seen = new Map<string, T>();
  for (const record of records) {
    const text = key(record);
    if (!seen.has(text)) seen.set(text, record);
  }
  return [...seen.values()];
};

/** The last record of each key, unless only an earlier one is rich (statistics, process names): of the same thing the one that tells more is kept. */
const latest = <T>(
  records: readonly T[],
  key: (record: T) => string,
  isRich?: (record: T) => boolean,
): readonly T[] => {
  const seen = new Map<string, T>();
  for (const record of records) {
    const text = key(record);
    const known = seen.get(text);
    if (known === undefined || !isRich || isRich(record) || !isRich(known)) seen.set(text, record);
  }
  return [...seen.values()];
};

/**
 * The tables that count: of each family, name and backend the last capture's. A `-L` listing that leaves columns out gives way to
 * an exact dump of the same table, whichever backend that names, since one kernel holds both.
 */
const pickTables = (tables: readonly RuleTable[]): readonly RuleTable[] => {
  const isExact = new Set(tables.filter((t) => t.exact).map((t) => `${t.family} ${t.name}`));
  return latest(
    tables.filter((t) => t.exact || !isExact.has(`${t.family} ${t.name}`)),
    (t) => `${t.family} ${t.name} ${t.backend}`,
  );
};

/** /proc/net/nf_conntrack, as collectors name it; everything else is the tool's own listing. */
const isProcFile = (file: string): boolean => /(^|[/_.])(nf|ip)_conntrack([._]|$)/.test(file);

/** The dump has the exact numbers that the form for people rounds. */
const tellsMoments = ({ peers }: WireguardDevice): boolean =>
  peers.some(({ handshake }) => handshake !== undefined && 'at' in handshake);

const stateKey = (s: XfrmState): string =>
  s.spi === undefined
    ? contentOf({
        ...s,
        stats: undefined,
        bytes: undefined,
        packets: undefined,
        used: undefined,
        seq: undefined,
        oseq: undefined,
      } as XfrmState)
    : `${s.src} ${s.dst} ${s.proto} ${s.spi} ${s.mark?.value} ${s.mark?.mask} ${s.ifId}`;
/** `-s` adds index and times; the kernel itself keeps one policy per type, direction, selector, mark and interface id. */
const policyKey = (p: XfrmPolicy): string => contentOf({ ...p, used: undefined, index: undefined } as XfrmPolicy);
/** ss and netstat name one socket with slightly different fields; what the kernel keeps apart is in the key. */
const socketKey = (s: Socket): string =>
  `${s.proto} ${s.state} ${s.local}%${s.localDev} ${s.localPort} ${s.peer} ${s.peerPort}`;

const groupCounters = (counters: readonly Counter[]): ReadonlyMap<string, readonly Counter[]> => {
  const byName = new Map<string, Counter[]>();
  for (const counter of counters) {
    const known = byName.get(counter.name);
    if (known) known.push(counter);
    else byName.set(counter.name, [counter]);
  }
  return byName;
};

const serviceKey = (s: VirtualService): string =>
  s.proto === 'fwmark' ? `fwmark ${s.family} ${s.fwmark}` : `${s.proto} ${s.address} ${s.port}`;

/** `ipvsadm -Ln` knows weights and schedulers, `--stats` the counters: one service out of both. The listing with weights says which servers there are. */
const mergeServices = (services: readonly VirtualService[]): readonly VirtualService[] => {
  const groups = new Map<string, VirtualService[]>();
  for (const service of services) {
    const known = groups.get(serviceKey(service));
    if (known) known.push(service);
    else groups.set(serviceKey(service), [service]);
  }
  return [...groups.values()].map((views) => views.reduce(mergeService));
};

const tellsWeights = (s: VirtualService): boolean =>
  s.scheduler !== undefined || s.servers.some((server) => server.weight !== undefined);

const mergeService = (a: VirtualService, b: VirtualService): VirtualService => {
  const [base, other] = tellsWeights(a) && !tellsWeights(b) ? [a, b] : [b, a];
  return {
    ...base,
    scheduler: base.scheduler ?? other.scheduler,
    persistent: base.persistent ?? other.persistent,
    onePacket: base.onePacket || other.onePacket,
    counters: b.counters ?? a.counters,
    servers: base.servers.map((server) => {
      const twin = other.servers.find((s) => s.address === server.address && s.port === server.port);
      return twin ? mergeServer(server, twin, b.servers.includes(server) ? server : twin) : server;
    }),
  };
};

const mergeServer = (base: RealServer, other: RealServer, later: RealServer): RealServer => ({
  ...base,
  method: base.method === 'unknown' ? other.method : base.method,
  weight: base.weight ?? other.weight,
  active: base.active ?? other.active,
  inactive: base.inactive ?? other.inactive,
  counters: later.counters ?? base.counters ?? other.counters,
});
