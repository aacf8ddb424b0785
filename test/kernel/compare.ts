import type { WalkEntry } from '../../src/path/conntrack-entry.ts';
import { MANY_ENTRIES } from '../../src/path/leg.ts';
import type { Packet } from '../../src/path/packet.ts';
import type { Leg, WalkBranch, WalkedFlow } from '../../src/path/walk-result.ts';
import { zoneIn } from '../../src/path/zone.ts';
import type { ConntrackEntry, ConntrackTable } from '../../src/records/conntrack.ts';
import type { KernelFlow } from './flows.ts';
import type { FlowResult, SeenPacket } from './namespaces.ts';

/** Errnos that an ICMP error's code turns into (net/ipv4/icmp.c:icmp_err_convert, net/ipv6/icmp.c:tab_unreach). */
const ERRNO_V4: readonly string[] = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENOPROTOOPT',
  'ECONNREFUSED',
  'EMSGSIZE',
  'EOPNOTSUPP',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENONET',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
];
const ERRNO_V6: readonly string[] = [
  'ENETUNREACH',
  'EACCES',
  'EHOSTUNREACH',
  'EHOSTUNREACH',
  'ECONNREFUSED',
  'EACCES',
  'EACCES',
];

/** What one branch of the walk foretells. */
export interface Forecast {
  /** What the client may see; empty where the walk does not say. */
  readonly client: readonly string[];
  /** Namespace id and packet of the delivery; undefined where the request is not delivered. */
  readonly delivered: { readonly namespace: string; readonly packet: Packet } | undefined;
  readonly unknown: string | undefined;
}

const idOf = (leg: Leg): string =>
  leg.end.namespace === '' ? (leg.end.node ?? '') : `${leg.end.node}/${leg.end.namespace}`;

/** Errors of the sender's own system call, by the routing decision that is behind them (fib_props, fib6 dst errors). */
const OWN_ERRORS: Readonly<Record<string, string>> = {
  'no-route': 'ENETUNREACH',
  unreachable: 'EHOSTUNREACH',
  prohibit: 'EACCES',
  blackhole: 'EINVAL',
  'martian-source': 'EINVAL',
  'neighbour-failed': 'EHOSTUNREACH',
};

/** What a silent drop by the sender's own host may yet tell the socket: a full device, an XFRM policy without a state where the packet is routed anew. */
const TOLD: Readonly<Record<string, readonly string[]>> = { 'frame-too-long': ['ENOBUFS'], 'no-state': ['EREMOTE'] };

/** `sentAgain` walks TCP's second attempt, where the first had no answer. */
export const forecast = (branch: WalkBranch, start: string, sentAgain: () => readonly WalkBranch[]): Forecast => {
  const { forward, reply, ack, refusal } = branch;
  const { end } = forward;
  const last = forward.steps.at(-1);
  const nothing: Forecast = { client: [], delivered: undefined, unknown: undefined };
  if (end.outcome === 'unknown') return { ...nothing, unknown: end.reason };
  // Where in its rounds a packet's last hop is used up, and whether the error finds back through as many translations, is not asked.
  if (end.reason === 'loop') return { ...nothing, client: ['timeout', 'EHOSTUNREACH'] };
  if (end.outcome === 'delivered') {
    const delivered = { namespace: idOf(forward), packet: last?.after ?? forward.packet };
    if (!reply || reply.end.outcome === 'unknown')
      return { ...nothing, delivered, unknown: reply?.end.reason ?? 'no-reply' };
    // connect(2) is done when the answer comes; what its ACK meets may be heard of in time.
    if (ack) return { client: ['ok', ...errorOf(refusal)], delivered, unknown: undefined };
    const again = reply.end.outcome === 'delivered' ? [] : sentAgain();
    const client = again.flatMap((one) => errorOf(one.refusal));
    return {
      client: reply.end.outcome === 'delivered' ? ['ok'] : ['timeout', ...client],
      delivered,
      unknown: undefined,
    };
  }
  const silent: Forecast = { ...nothing, client: ['timeout', ...(TOLD[end.reason] ?? [])] };
  const here = idOf(forward) === start;
  if (here && last?.stage === 'fib' && !refusal) {
    // A rule that refuses is no network (fib4_rule_action), a route that does is no host.
    const own =
      end.reason === 'unreachable' && last.action.values.table === ''
        ? 'ENETUNREACH'
        : (OWN_ERRORS[end.reason] ?? 'timeout');
    // connect(2) fails with the route's error; where rules had the packet routed anew, TCP does not hear of it.
    return { ...nothing, client: forward.steps.length === 1 ? [own] : [own, 'timeout'] };
  }
  if (end.outcome !== 'rejected' && end.outcome !== 'reset') return silent;
  if (!refusal) return silent;
  // What the sender's own rules refuse comes back as EPERM from sendmsg before the ICMP error is looked at.
  const refusedHere = here && end.reason === 'rule-reject' ? ['EPERM'] : [];
  if (refusal.end.outcome === 'unknown') return { ...nothing, unknown: refusal.end.reason };
  if (refusal.end.outcome !== 'delivered') return silent;
  return { ...nothing, client: [...errorOf(refusal), ...refusedHere] };
};

/** What a refusal that arrives tells the socket. */
const errorOf = (refusal: Leg | undefined): readonly string[] => {
  if (refusal?.end.outcome !== 'delivered') return [];
  const { icmp, family } = refusal.packet;
  if (icmp && icmp.type === (family === 4 ? 11 : 3)) return ['EHOSTUNREACH'];
  if (icmp && icmp.type === 2) return ['EMSGSIZE'];
  if (!icmp) return ['ECONNREFUSED'];
  return [(family === 4 ? ERRNO_V4 : ERRNO_V6)[icmp.code] ?? 'error'];
};

export interface Verdict {
  readonly verdict: 'agreed' | 'disagreed' | 'undecided';
  /** In words, for whoever looks into it; the first is a short class. */
  readonly differences: readonly string[];
}

export interface Observed {
  readonly result: FlowResult;
  /** By namespace id. */
  readonly seen: ReadonlyMap<string, readonly SeenPacket[]>;
  readonly conntrack: ReadonlyMap<string, ConntrackTable>;
  /** Whether a namespace tracks connections of a family: something in it asks for it. */
  readonly tracks: (namespace: string, family: 4 | 6) => boolean;
}

const same = (a: number | undefined, b: number | undefined): boolean => a === undefined || b === undefined || a === b;

const isRequest = (p: SeenPacket): boolean => {
  if (p.proto === 'tcp') return p.flags === 'S';
  return p.proto === 'udp' ? p.tag?.startsWith('k') === true : p.type === 8 || p.type === 128;
};

/** Requests of this flow that arrived somewhere: by the tag in their payload, TCP by the port that only this flow has. */
export const arrivals = (
  flow: KernelFlow,
  seen: Observed['seen'],
): { readonly namespace: string; readonly packet: SeenPacket }[] =>
  [...seen].flatMap(([namespace, packets]) =>
    packets
      .filter(
        (p) =>
          isRequest(p) &&
          p.proto === flow.proto &&
          (flow.proto === 'tcp' ? p.sport === flow.sport : p.tag?.startsWith(tagOf(flow))),
      )
      .map((packet) => ({ namespace, packet })),
  );

const tagOf = (flow: KernelFlow): string => `k${String(flow.n % 100_000).padStart(5, '0')}`;

const matches = (p: SeenPacket, expected: Packet): boolean =>
  p.src === expected.src &&
  p.dst === expected.dst &&
  (p.proto === 'icmp' || (same(p.sport, expected.sport) && same(p.dport, expected.dport)));

/** Silence: the packet is dropped, on the way or by the sender's own rules (the socket then hears EPERM). */
const SILENT: ReadonlySet<string> = new Set(['timeout', 'EPERM']);

/** ECONNRESET: the answer to the SYN came, and what followed it was refused, which is another packet's walk. */
const clientAgrees = (said: readonly string[], saw: string): boolean =>
  said.includes(saw) || (said.includes('timeout') && SILENT.has(saw)) || (said.includes('ok') && saw === 'ECONNRESET');

const compareBranch = (
  flow: KernelFlow,
  branch: WalkBranch,
  start: string,
  observed: Observed,
  again: (branch: WalkBranch) => readonly WalkBranch[],
  others: readonly WalkBranch[],
): Verdict => {
  const said = forecast(branch, start, () => (flow.proto === 'tcp' ? again(branch) : []));
  if (said.unknown) return { verdict: 'undecided', differences: [said.unknown] };
  const differences: string[] = [];
  if (!clientAgrees(said.client, observed.result.outcome))
    differences.push(
      `client: kernel ${observed.result.outcome}, walk ${said.client.join('/')} (${branch.forward.end.reason}${branch.reply ? `, reply ${branch.reply.end.reason}` : ''}${branch.refusal ? `, refusal ${branch.refusal.end.reason}` : ''})`,
    );
  const came = arrivals(flow, observed.seen);
  const text = (p: SeenPacket | Packet) => `${p.src}:${p.sport ?? ''} > ${p.dst}:${p.dport ?? ''}`;
  if (said.delivered) {
    const { namespace, packet } = said.delivered;
    const own = observed.seen.get(namespace) ?? [];
    const found = own.some(
      (p) =>
        isRequest(p) &&
        p.proto === flow.proto &&
        matches(p, packet) &&
        (p.proto === 'tcp' || p.tag?.startsWith(tagOf(flow))),
    );
    if (!found)
      differences.push(
        `server: walk ${namespace} ${text(packet)}, kernel ${came.map((c) => `${c.namespace} ${text(c.packet)}`).join(', ') || 'nothing'}`,
      );
  } else if (came.length > 0 && !deliveredWithoutSocket(branch)) {
    differences.push(
      `server: walk nothing (${branch.forward.end.reason}), kernel ${came.map((c) => `${c.namespace} ${text(c.packet)}`).join(', ')}`,
    );
  }
  if (![branch.forward, branch.ack].some((leg) => leg?.end.reason === 'loop'))
    differences.push(...compareEntries(flow, branch, observed, others));
  return { verdict: differences.length === 0 ? 'agreed' : 'disagreed', differences };
};

/** The packet passed INPUT and only then found nobody: a raw socket sees it. */
const deliveredWithoutSocket = (branch: WalkBranch): boolean => branch.forward.end.reason === 'no-listener';

const compareEntries = (
  flow: KernelFlow,
  branch: WalkBranch,
  observed: Observed,
  others: readonly WalkBranch[],
): string[] => {
  const differences: string[] = [];
  for (const [namespace, entries] of branch.entries) {
    const table = observed.conntrack.get(namespace);
    for (const entry of entries) {
      // What the handshake's ACK left behind, the client's own reset may have taken away.
      if (!entry.confirmed || !table || entry.id >= MANY_ENTRIES) continue;
      const family = entry.original.src.includes(':') ? 6 : 4;
      if (!observed.tracks(namespace, family)) continue;
      const rows = rowsOf(table).filter(
        (row) =>
          sameProtocol(row.proto, entry.proto) &&
          row.original.src === entry.original.src &&
          row.original.dst === entry.original.dst &&
          same(portOf(row, 'sport'), entry.original.sport) &&
          same(row.original.dport, entry.original.dport),
      );
      if (rows.length === 0) differences.push(`conntrack of ${namespace}: walk ${entryText(entry)}, kernel none`);
      else if (!rows.some((row) => replyAgrees(row, entry)))
        differences.push(
          `conntrack of ${namespace}: walk ${entryText(entry)}, kernel ${rows.map(rowText).join(' or ')}`,
        );
    }
  }
  for (const [namespace, table] of observed.conntrack) {
    // A SYN that is sent again may meet another chance than the first, which has left its entries.
    const ways = flow.proto === 'tcp' ? [branch, ...others] : [branch];
    const walked = ways.flatMap(({ entries }) => entries.get(namespace) ?? []);
    for (const row of rowsOf(table)) {
      if (!isOf(flow, row)) continue;
      if (
        !walked.some(
          (e) =>
            e.confirmed &&
            e.original.src === row.original.src &&
            e.original.dst === row.original.dst &&
            same(e.original.dport, row.original.dport),
        )
      )
        differences.push(`conntrack of ${namespace}: walk none, kernel ${rowText(row)}`);
    }
  }
  return differences;
};

const rowsCache = new WeakMap<ConntrackTable, readonly ConntrackEntry[]>();
const rowsOf = (table: ConntrackTable): readonly ConntrackEntry[] => {
  const known = rowsCache.get(table);
  if (known) return known;
  const rows = Array.from({ length: table.count }, (_, row) => table.entry(row));
  rowsCache.set(table, rows);
  return rows;
};

const portOf = (row: ConntrackEntry, which: 'sport' | 'dport'): number | undefined =>
  row.original.icmpId !== undefined ? (which === 'sport' ? row.original.icmpId : undefined) : row.original[which];

/** conntrack has no name for ESP: it prints `unknown 50`. */
const sameProtocol = (a: string, b: string): boolean =>
  a === b || (a === 'icmpv6' && b === 'icmp6') || (b === 'esp' && (a === 'unknown' || a === '50'));

const replyAgrees = (row: ConntrackEntry, entry: WalkEntry): boolean =>
  row.reply.src === entry.reply.src &&
  row.reply.dst === entry.reply.dst &&
  (row.reply.icmpId !== undefined
    ? same(row.reply.icmpId, entry.reply.sport)
    : same(row.reply.sport, entry.reply.sport) && same(row.reply.dport, entry.reply.dport)) &&
  (row.zoneOriginal ?? row.zone ?? 0) === zoneIn(entry, 'original') &&
  (row.zoneReply ?? row.zone ?? 0) === zoneIn(entry, 'reply') &&
  row.unreplied === !entry.seenReply;

const isOf = (flow: KernelFlow, row: ConntrackEntry): boolean => {
  if (flow.proto === 'icmp')
    return (row.proto === 'icmp' || row.proto === 'icmpv6') && row.original.icmpId === flow.sport;
  return row.proto === flow.proto && row.original.sport === flow.sport;
};

const entryText = (e: WalkEntry): string =>
  `${e.proto} ${e.original.src}:${e.original.sport ?? '*'}>${e.original.dst}:${e.original.dport ?? ''} / ${e.reply.src}:${e.reply.sport ?? '*'}>${e.reply.dst}:${e.reply.dport ?? '*'}${e.seenReply ? '' : ' unreplied'}${e.zone ? ` zone ${e.zoneOnly ?? ''} ${e.zone}` : ''}`;
const rowText = (e: ConntrackEntry): string =>
  `${e.original.src}:${e.original.icmpId ?? e.original.sport}>${e.original.dst}:${e.original.dport ?? ''} / ${e.reply.src}:${e.reply.icmpId ?? e.reply.sport}>${e.reply.dst}:${e.reply.dport ?? ''}${e.unreplied ? ' unreplied' : ''}${e.zone ? ` zone ${e.zone}` : ''} ${e.state ?? ''}`;

/** One flow's walk against what happened: one branch that tells it as it was is enough, where the walk leaves several open. */
export const compare = (
  flow: KernelFlow,
  walked: WalkedFlow,
  start: string,
  observed: Observed,
  again: (branch: WalkBranch) => readonly WalkBranch[],
): Verdict => {
  const verdicts = walked.branches.map((branch) =>
    compareBranch(flow, branch, start, observed, again, walked.branches),
  );
  const agreed = verdicts.find((v) => v.verdict === 'agreed');
  if (agreed) return agreed;
  // The walk takes the sender for new to `-m recent`; a SYN that is sent again is not.
  const listed = walked.branches.some(({ assumptions }) =>
    assumptions.some(({ code }) => code === 'recent-not-listed'),
  );
  if (listed && flow.proto === 'tcp') return { verdict: 'undecided', differences: ['recent-not-listed'] };
  if (walked.cut) return { verdict: 'undecided', differences: ['cut at the bound of branches'] };
  const open = verdicts.find((v) => v.verdict === 'undecided');
  return open ?? verdicts[0] ?? { verdict: 'disagreed', differences: ['the walk has no branch'] };
};
