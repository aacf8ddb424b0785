import { sysctlNumber } from '../network/namespace.ts';
import type { Network } from '../network/network.ts';
import type { FlowQuestion } from '../path/walk-result.ts';
import type { ConntrackEntry } from '../records/conntrack.ts';
import type { Source } from '../records/source.ts';
import { isLinkLocal, isMulticast } from '../tables/address.ts';
import type { Candidate } from './candidate.ts';
import { fromConntrack } from './conntrack-symptoms.ts';
import { fromCounters } from './counter-symptoms.ts';
import { diverse } from './diverse.ts';
import { entryOf } from './entry.ts';
import { fromIpvs } from './ipvs-symptoms.ts';
import { fromLog } from './log-symptoms.ts';
import { originOf } from './origin.ts';
import { fromPackets } from './packet-symptoms.ts';
import { fromProbes } from './probe-symptoms.ts';
import { fromSockets } from './socket-symptoms.ts';
import { ROWS, type Sighting, type Symptom, WEIGHT } from './symptom.ts';
import { type AskedBy, synNames } from './syn-names.ts';

const KEPT = 40;

/** Everything in the bundle that looks like a broken flow, the worst first. */
export const findCandidates = (network: Network): readonly Candidate[] => {
  const all = [...network.namespaces.values()].flatMap((ns) => [
    ...fromConntrack(ns),
    ...ns.packets.flatMap((table) => fromPackets(network, ns, table)),
    ...fromSockets(ns),
    ...fromIpvs(ns),
    ...fromLog(ns),
    ...fromProbes(ns),
    ...fromCounters(network, ns),
  ]);
  const plain = all.filter(
    (s) => !isMulticast(s.dst) && !isLinkLocal(s.dst) && !isLinkLocal(s.src) && s.dst !== '255.255.255.255',
  );
  const aliases = translatedNames(network, plain);
  const syns = synNames(network, nameOf);
  const named = plain.flatMap((s) => {
    const asked = aliases.get(nameOf(s)) ?? firstName(syns, nameOf(s));
    if (asked === undefined) return [s];
    return asked === 'entry' ? [] : [{ ...s, ...asked }];
  });
  return diverse(cluster(network, named), KEPT).map((candidate) => ({
    ...candidate,
    question: entered(network, candidate),
  }));
};

/** The flow with its start. A virtual address is bound on many nodes: the one that saw the flow sends it. */
const entered = (network: Network, { question, sources }: Candidate): FlowQuestion => {
  if (question.start === undefined) return entryOf(network, question);
  const code = network.owners(question.src).length > 1 ? 'conntrack' : 'owner';
  return { ...question, entry: { code, sources: code === 'owner' ? [] : sources.slice(0, 3) } };
};

/** Rows of a table that are asked for their other name. */
const ALIASES = 50 * ROWS;

const nameOf = (s: {
  proto: string;
  src: string;
  sport: number | undefined;
  dst: string;
  dport: number | undefined;
}): string => `${s.proto} ${s.src}:${s.sport ?? ''}>${s.dst}:${s.dport ?? ''}`;

/** Translations of one packet, one after the other, on as many nodes. */
const TRANSLATIONS = 4;

/** A node knows the name by which a packet came to it; by what name it left the sender, the node before knows. */
const firstName = (syns: ReadonlyMap<string, AskedBy>, name: string): AskedBy | undefined => {
  let asked = syns.get(name);
  for (let i = 1; asked && i < TRANSLATIONS; i += 1) {
    const earlier = syns.get(nameOf({ proto: 'tcp', ...asked }));
    if (!earlier) break;
    asked = earlier;
  }
  return asked;
};

/**
 * Names that a flow has only behind a translation: the original name is the one that a user would ask about. Where a conntrack entry tells it, the
 * entry is a sighting by itself ('entry'); where only IPVS knows (vs.conntrack=0 leaves no entry), what was seen is told under IPVS's name.
 */
const translatedNames = (network: Network, sightings: readonly Sighting[]): ReadonlyMap<string, 'entry' | AskedBy> => {
  const names = new Map<string, 'entry' | AskedBy>();
  // Behind a translation the flow is called what its reply tuple says backwards.
  const ports = new Set(sightings.map((s) => (s.dport ?? 0) * 0x1_0000 + (s.sport ?? 0)));
  const add = (entry: ConntrackEntry) => {
    const { original, reply } = entry;
    if (
      original.src === reply.dst &&
      original.dst === reply.src &&
      original.sport === reply.dport &&
      original.dport === reply.sport
    )
      return;
    names.set(
      nameOf({ proto: entry.proto, src: reply.dst, sport: reply.dport, dst: reply.src, dport: reply.sport }),
      'entry',
    );
  };
  for (const ns of network.namespaces.values()) {
    const table = ns.conntrack[0];
    if (table) {
      const rows = new Set(
        [
          ...table.rowsInState('SYN_SENT', ALIASES),
          ...table.rowsInState('SYN_RECV', ALIASES),
          ...table.rowsInState('CLOSE', ALIASES),
          ...table.unrepliedRows(ALIASES),
        ].slice(0, ALIASES),
      );
      for (const row of table.rowsTranslatedTo([...rows], ports)) add(table.entry(row));
    }
    for (const c of ns.ipvsConnections) {
      const name = nameOf({
        proto: c.proto.toLowerCase(),
        src: c.client,
        sport: c.clientPort,
        dst: c.server,
        dport: c.serverPort,
      });
      const isTracked = sysctlNumber(ns, 'net.ipv4.vs.conntrack') !== 0;
      const asked = { namespace: ns, src: c.client, sport: c.clientPort, dst: c.virtual, dport: c.virtualPort };
      if (!names.has(name)) names.set(name, isTracked ? 'entry' : asked);
    }
  }
  return names;
};

/** A flow between two addresses of which the bundle shows nobody: scans, and what a router passes on, fail all the time, and no walk can follow them. */
const STRANGERS = -4;

/** Addresses at which the proxies or Kubernetes have a service. */
const servedAddresses = ({ namespaces, kube }: Network): ReadonlySet<string> =>
  new Set([
    ...[...namespaces.values()].flatMap((ns) => ns.services.map((s) => s.address ?? '')),
    ...kube.services.flatMap((s) => [...s.clusterIPs, ...s.externalIPs, ...s.loadBalancerIPs]),
  ]);

const cluster = (network: Network, sightings: readonly Sighting[]): readonly Candidate[] => {
  const groups = new Map<
    string,
    {
      first: Sighting;
      start: string | undefined;
      symptoms: Set<Symptom>;
      sources: Source[];
      count: number;
      best: number;
    }
  >();
  for (const s of sightings) {
    const start = s.start ?? originOf(network, s.namespace, s.src);
    const key = `${s.proto} ${start ?? s.src} ${s.src} ${s.dst} ${s.dport ?? ''}`;
    const group = groups.get(key);
    const weight = WEIGHT[s.symptom];
    if (!group)
      groups.set(key, { first: s, start, symptoms: new Set([s.symptom]), sources: [s.source], count: 1, best: weight });
    else {
      group.symptoms.add(s.symptom);
      group.count += 1;
      if (group.sources.length < 5) group.sources.push(s.source);
      const earlier = s.symptom === group.first.symptom && s.order < group.first.order;
      if (weight > group.best || group.first.sport === undefined || earlier) {
        group.best = Math.max(weight, group.best);
        if (s.sport !== undefined) group.first = s;
      }
    }
  }
  const served = servedAddresses(network);
  return [...groups.values()]
    .map(({ first, start, symptoms, sources, count }) => ({
      question: {
        ...{ proto: first.proto, src: first.src, sport: first.sport, dst: first.dst, dport: first.dport, start },
        attempt: 'found' as const,
      },
      symptoms: [...symptoms],
      score:
        [...symptoms].reduce((sum, symptom) => sum + WEIGHT[symptom], 0) +
        Math.log2(1 + count) / 2 +
        (start !== undefined ? 1 : served.has(first.dst) || network.owners(first.dst).length > 0 ? 0 : STRANGERS),
      count,
      sources,
    }))
    .sort((a, b) => b.score - a.score);
};
