import type { SeenEntry } from '../../evidence/observation.ts';
import { pastTranslation } from '../../evidence/past-translation.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import type { ConntrackEntry } from '../../records/conntrack.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, ToldContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { shell } from '../facts/shell.ts';
import { failsUnexplained } from '../facts/trace.ts';
import { type Translation, translationsOf } from '../facts/translation.ts';

/**
 * A UDP flow has an entry from before: to a server that is none of the service's any more, or without any translation, made while the service had no rules. Every
 * packet refreshes it, and the rules of today are never asked.
 */
export const udpStaleConntrack: Cause = {
  id: 'udp-stale-conntrack',
  group: 'B',
  layer: 'conntrack',
  control: false,
  needs: ['conntrack', 'iptables-save', 'ipvsadm', 'kubectl'],
  references: [
    'net/netfilter/nf_nat_core.c: nf_nat_inet_fn',
    'kubernetes/kubernetes#48370',
    'kubernetes/kubernetes#125467',
    'kubernetes/kubernetes#126130',
  ],
  explains: ['neigh-failed-next-hop', 'stale-backend-in-dataplane'],
  detect: (context): readonly Verdict[] => {
    if (context.flow.question.proto !== 'udp' || context.evidence.seen === 'ok') return [];
    const translation = translationsOf(context)[0];
    if (!translation) return [];
    const servers = serversOf(context, translation);
    const stale = context.evidence.entries.find(
      (e) => e.namespace === translation.namespace.id && isOfService(e, translation) && !servers.has(e.entry.reply.src),
    );
    if (!stale) return unlisted(context, translation);
    const { entry } = stale;
    const untranslated = entry.reply.src === translation.virtual;
    const ns = translation.namespace;
    return [
      foundAt(translation.step, {
        // An entry with answers may still be served by a server that is on its way out.
        confidence:
          entry.unreplied || isBroken(context)
            ? context.evidence.seen === 'unknown' && !entry.unreplied
              ? 'likely'
              : 'certain'
            : 'likely',
        values: {
          virtual: translation.virtual,
          port: translation.port,
          server: entry.reply.src,
          untranslated,
          timeout: entry.timeout ?? 0,
          servers: [...servers],
          unreplied: entry.unreplied,
        },
        evidence: [
          ...decisiveLine(entry, [`src=${entry.reply.src}`, ...(entry.unreplied ? ['[UNREPLIED]'] : [])]),
          ...proofsOf(translation.step, [translation.server]),
          ...symptomLines(context),
        ],
        fixes: [
          // The connection of IPVS's own outlives the entry, and ties the next packet to the same server again.
          ...(isTied(ns, translation, entry.reply.src)
            ? [
                {
                  id: 'expire-nodest',
                  commands: [commandIn(ns, shell`sysctl -w net.ipv4.vs.expire_nodest_conn=1`)],
                  changes: [],
                  values: { server: entry.reply.src },
                },
              ]
            : []),
          deleteEntries(ns, translation.virtual, translation.port),
        ],
      }),
    ];
  },
  told: (context) =>
    context.evidence.seen === 'ok' || context.question.proto !== 'udp'
      ? []
      : [...leftAlone(context), ...pastRules(context)],
};

/** Entries of the table that are looked at for those of other clients. */
const SIBLINGS = 2000;

/**
 * An unanswered entry of the flow that translates nothing, while other clients' entries for the same address and port are translated in the same namespace: a rule translates them, and this flow
 * has an entry that is older than it, or was made past it.
 */
const leftAlone = ({ network, question, evidence }: ToldContext): readonly Found[] =>
  evidence.entries.flatMap(({ namespace, entry }): readonly Found[] => {
    const ns = network.namespaces.get(namespace);
    const { original, reply } = entry;
    // Where the rules were captured the walk knows them.
    if (!ns || !entry.unreplied || rulesCaptured(ns) || original.dst !== question.dst || reply.src !== original.dst)
      return [];
    const sibling = siblingOf(ns, entry);
    if (!sibling) return [];
    return [
      {
        kind: 'found',
        confidence: question.attempt === 'found' ? 'possible' : 'likely',
        node: ns.node,
        namespace: ns.name,
        at: 'PREROUTING',
        values: {
          virtual: original.dst,
          port: original.dport ?? 0,
          server: reply.src,
          untranslated: true,
          timeout: entry.timeout ?? 0,
          servers: [sibling.reply.src],
          unreplied: true,
        },
        evidence: [
          ...decisiveLine(entry, [`src=${reply.src}`, '[UNREPLIED]']),
          ...decisiveLine(sibling, [`src=${sibling.reply.src}`]),
        ],
        fixes: [deleteEntries(ns, original.dst, original.dport ?? 0)],
      },
    ];
  });

/** IPVS holds the flow under a port that a rule changes for everybody; the entry that would tell why was not captured. */
const pastRules = ({ network, question }: ToldContext): readonly Found[] =>
  [...network.namespaces.values()].flatMap((ns) =>
    pastTranslation(ns)
      .filter(
        ({ connection: c }) =>
          c.client === question.src &&
          c.virtual === question.dst &&
          c.virtualPort === question.dport &&
          (question.sport === undefined || c.clientPort === question.sport),
      )
      .slice(0, 1)
      .map(
        ({ connection: c, rule }): Found => ({
          kind: 'found',
          confidence: 'possible',
          node: ns.node,
          namespace: ns.name,
          at: 'PREROUTING',
          values: {
            virtual: c.virtual,
            port: c.virtualPort,
            server: c.server,
            untranslated: true,
            timeout: 0,
            servers: [],
            unreplied: false,
          },
          evidence: [...decisiveLine(c, [`${c.virtual}:${c.virtualPort}`]), ...decisiveLine(rule, ['DNAT'])],
          fixes: [deleteEntries(ns, c.virtual, c.virtualPort)],
        }),
      ),
  );

/** Another client's entry for the same service that is translated and answered. */
const siblingOf = (ns: NetNamespace, { original }: ConntrackEntry): ConntrackEntry | undefined => {
  for (const table of ns.conntrack)
    for (const row of table.rowsWithAddress(original.dst).slice(0, SIBLINGS)) {
      const other = table.entry(row);
      const isSame =
        other.proto === 'udp' && other.original.dst === original.dst && other.original.dport === original.dport;
      if (isSame && other.reply.src !== original.dst && !other.unreplied) return other;
    }
  return undefined;
};

const deleteEntries = (ns: NetNamespace, virtual: string, port: number): Found['fixes'][number] => ({
  id: 'delete-entries',
  commands: [commandIn(ns, shell`conntrack -D -p udp --orig-dst ${virtual} --dport ${port}`)],
  changes: [],
  values: { virtual, port },
});

/** IPVS has a connection of its own to the server. */
const isTied = (ns: NetNamespace, { virtual, port }: Translation, server: string): boolean =>
  ns.ipvsConnections.some(
    (c) => c.proto === 'udp' && c.virtual === virtual && c.virtualPort === port && c.server === server,
  );

/** The rules of today would deliver, the client waits all the same, and the entries were not captured: an old one would go before the rules. */
const unlisted = (context: CauseContext, { namespace: ns, virtual, port, server }: Translation): readonly Verdict[] =>
  failsUnexplained(context) && !knows(ns, 'conntrack')
    ? [undecided([{ kind: 'conntrack', namespace: ns.id }], { virtual, port, server })]
    : [];

const isOfService = ({ entry }: SeenEntry, translation: Translation): boolean =>
  entry.original.dst === translation.virtual && (entry.original.dport ?? translation.port) === translation.port;

/** Every server that the rules of today may choose. */
const serversOf = (context: CauseContext, translation: Translation): ReadonlySet<string> => {
  const servers = new Set<string>();
  for (const branch of context.flow.branches)
    for (const step of branch.forward.steps)
      if (step.action.values.from === translation.virtual && typeof step.action.values.to === 'string')
        servers.add(step.action.values.to);
  for (const service of translation.namespace.services)
    if (service.address === translation.virtual && service.port === translation.port)
      for (const s of service.servers) servers.add(s.address);
  return servers;
};
