import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, supportingLine } from '../facts/ending.ts';
import { failedWithoutSourceNat } from '../facts/failed-translation.ts';
import type { Cause, CauseContext, Found, ToldContext } from '../facts/finding.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { masqueradeServers } from '../facts/masquerade-fix.ts';
import { chainNamed, rulesCaptured } from '../facts/rules.ts';
import { externallyLocal, frontKind } from '../facts/service.ts';

const MASQUERADE_MARK = 0x4000;

/** Seconds in which an ACK of the client's comes, and IPVS's for a connection in SYN_RECV (tcp_timeouts of ip_vs_proto_tcp.c). */
const IN_TIME = 2;
const SYN_RECV = 60;

/**
 * IPVS holds a connection of a service's address to itself half open. Whether it is masqueraded behind IPVS only the rules tell, and where they were captured the walk speaks; without
 * them a server that is down would look the same.
 */
const halfOpenFromItself = ({ network, evidence }: ToldContext): readonly Found[] =>
  evidence.seen === 'ok'
    ? []
    : evidence.connections.flatMap(({ namespace, connection: c }): readonly Found[] => {
        const ns = network.namespaces.get(namespace);
        const isOwn = (address: string) => network.owners(address).some((owner) => owner.namespace === ns);
        const waits = c.state === 'SYN_RECV' && (c.expire === undefined || c.expire <= SYN_RECV - IN_TIME);
        if (!ns || !waits || c.client !== c.virtual || isOwn(c.server) || rulesCaptured(ns)) return [];
        const isTranslated = evidence.entries.some((e) => e.namespace === ns.id && e.entry.reply.dst !== c.client);
        if (isTranslated) return [];
        return [
          {
            kind: 'found',
            confidence: 'possible',
            node: ns.node,
            namespace: ns.name,
            at: 'POSTROUTING',
            values: {
              virtual: c.virtual,
              port: c.virtualPort,
              server: c.server,
              serverPort: c.serverPort,
              sender: ns.node,
              kind: '',
              chainMissing: false,
              ruleMissing: false,
              uncaptured: true,
              end: '',
            },
            evidence: decisiveLine(c, [c.client, c.state]),
            fixes: [],
          },
        ];
      });

/**
 * A process of a node asks a service's address that is the node's own, and so its source as well. Nothing masquerades it: the answer goes to
 * that address on the server's node and is swallowed there.
 */
export const ipvsMasqMissingVipSource: Cause = {
  id: 'ipvs-masq-missing-vip-source',
  group: 'B',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'ipset', 'conntrack', 'ipvsadm'],
  references: ['kubernetes/kubernetes#63241', 'kubernetes/kubernetes#65158', 'kubernetes/kubernetes#65358'],
  explains: ['martian-source-is-local-vip', 'return-path-bypasses-nat'],
  detect: (context) => {
    const failed = failedWithoutSourceNat(context);
    if (failed?.translation.by !== 'ipvs' || !failed.translation.ownClient) return [];
    const { translation: t } = failed;
    const ns = t.namespace;
    if (t.step.before.src !== t.virtual) return [];
    const front = { proto: t.step.before.proto, address: t.virtual, port: t.port };
    const local = externallyLocal(context.network, ns, front);
    // A Local service is left unmarked on purpose, and a mark that was wiped again is another cause.
    if (local?.value === true || markWasLost(context, ns.id)) return [];
    const { family } = t.step.before;
    const postrouting = chainNamed(ns, 'nat', family, 'KUBE-POSTROUTING');
    const masquerade = postrouting?.rules.find((r) => r.target?.name === 'MASQUERADE' || r.target?.name === 'SNAT');
    const values = {
      virtual: t.virtual,
      port: t.port,
      server: t.server,
      serverPort: t.serverPort,
      sender: ns.node,
      kind: frontKind(context.network, ns, front),
      chainMissing: postrouting === undefined,
      ruleMissing: masquerade === undefined,
      uncaptured: false,
      end: failed.reason,
    };
    if (!knows(ns, 'iptables-save') && !knows(ns, 'nft-ruleset'))
      return [undecided([{ kind: 'iptables-save', namespace: ns.id }], values)];
    const entry = context.evidence.entries.find((e) => e.namespace === ns.id);
    // The entry's answer is expected at another address: the source was changed.
    if (entry && entry.entry.reply.dst !== t.virtual)
      return [
        {
          kind: 'ruled-out',
          because: 'source-changed',
          values: { ...values, source: entry.entry.reply.dst },
          evidence: decisiveLine(entry.entry, [`dst=${entry.entry.reply.dst}`]),
        },
      ];
    const found = foundAtEnd(context, {
      // Whether the service is Local, which leaves it unmarked on purpose, is told by kube-proxy's sets alone.
      confidence: local === undefined && !knows(ns, 'ipset') ? 'possible' : confidenceOfEnd(context),
      values,
      evidence: [
        ...decisiveLine(entry?.entry, ['[UNREPLIED]', `src=${t.virtual}`, `dst=${t.virtual}`]),
        ...proofsOf(t.step, [`${t.virtual}:${t.port}`, t.server]),
        ...decisiveLine(masquerade, ['MASQUERADE']),
        ...proofsOf(failed.end),
        ...supportingLine(postrouting),
        ...symptomLines(context),
      ],
      fixes: [masqueradeServers(t, t.virtual)],
    });
    return found ? [found] : [];
  },
  told: halfOpenFromItself,
};

/** The packet bore kube-proxy's mark on this node and lost it before it left. */
const markWasLost = (context: CauseContext, namespace: string): boolean => {
  const marks = context.branch.forward.steps.filter((s) => s.action.code === 'mark' && namespaceId(s) === namespace);
  const set = marks.findIndex((s) => (s.after.mark & MASQUERADE_MARK) !== 0);
  return (
    set >= 0 && marks.slice(set + 1).some((s) => (s.after.mark & MASQUERADE_MARK) === 0 && s.place !== 'POSTROUTING')
  );
};
