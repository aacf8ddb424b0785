import { knows } from '../../network/namespace.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, supportingLine } from '../facts/ending.ts';
import { failedWithoutSourceNat } from '../facts/failed-translation.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { foundAtEnd, undecided } from '../facts/found.ts';
import { masqueradeServers } from '../facts/masquerade-fix.ts';
import { chainNamed } from '../facts/rules.ts';
import { externallyLocal, frontKind } from '../facts/service.ts';

const MASQUERADE_MARK = 0x4000;

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
};

/** The packet bore kube-proxy's mark on this node and lost it before it left. */
const markWasLost = (context: CauseContext, namespace: string): boolean => {
  const marks = context.branch.forward.steps.filter((s) => s.action.code === 'mark' && namespaceId(s) === namespace);
  const set = marks.findIndex((s) => (s.after.mark & MASQUERADE_MARK) !== 0);
  return (
    set >= 0 && marks.slice(set + 1).some((s) => (s.after.mark & MASQUERADE_MARK) === 0 && s.place !== 'POSTROUTING')
  );
};
