import { knows, sysctl } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundWhereItDies, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { translationsOf } from '../facts/translation.ts';

const SYSCTL = 'net.ipv4.vs.conntrack';

/** IPVS takes its packets out of connection tracking, so nothing masquerades them and no stateful rule knows them: the answer goes back past the node that translated. */
export const ipvsConntrackSysctlOff: Cause = {
  id: 'ipvs-conntrack-sysctl-off',
  group: 'A',
  layer: 'ipvs',
  control: false,
  needs: ['sysctl', 'conntrack', 'ipvsadm-connections', 'tcpdump'],
  references: [
    'net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_nat_send_or_cont, ip_vs_notrack',
    'kubernetes pkg/proxy/ipvs/proxier.go',
  ],
  explains: [
    'ipvs-masq-missing-vip-source',
    'etp-local-hostnet-to-vip-src-is-vip',
    'etp-local-remote-rs-no-snat',
    'martian-source-is-local-vip',
    'return-path-bypasses-nat',
    'xfrm-out-policy-missing-plaintext',
    'neigh-failed-next-hop',
    'underlay-antispoof',
    'vxlan-udp-blocked',
    'mark-overwrite-loses-masq',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const translation = translationsOf(context).find((t) => t.by === 'ipvs' && t.step.action.code === 'ipvs-dnat');
    if (!translation) return [];
    const { step, namespace: ns } = translation;
    const setting = sysctl(ns, SYSCTL);
    const values = {
      virtual: translation.virtual,
      port: translation.port,
      server: translation.server,
      src: step.before.src,
      sender: ns.node,
      sysctl: SYSCTL,
    };
    const entry = context.evidence.entries.find(
      (e) => e.namespace === ns.id && e.entry.original.dst === translation.virtual,
    );
    if (setting === undefined) {
      // An entry of the virtual address is proof of tracking; without it the setting would decide.
      if (entry || knows(ns, 'sysctl') || !knows(ns, 'conntrack')) return [];
      // What the walk masquerades, as it takes tracking for granted, went through IPVS for sure only where IPVS has its connection.
      if (masqueraded(context, step) && !context.evidence.connections.some((c) => c.namespace === ns.id)) return [];
      return [undecided([{ kind: 'sysctl', namespace: ns.id }], values)];
    }
    if (setting.value.trim() !== '0') return [];
    if (entry)
      return [{ kind: 'ruled-out', because: 'tracked-all-the-same', values, evidence: decisiveLine(entry.entry) }];
    if (context.branch.outcome === 'delivered') return [];
    const proven = knows(ns, 'conntrack') || context.evidence.connections.some((c) => c.namespace === ns.id);
    const end = confidenceOfEnd(context);
    return [
      foundWhereItDies(context, step, {
        confidence: proven ? end : weaker('likely', end),
        values,
        evidence: [
          ...decisiveLine(setting, [SYSCTL, setting.value]),
          ...context.evidence.connections
            .filter((c) => c.namespace === ns.id)
            .slice(0, 1)
            .flatMap((c) => decisiveLine(c.connection, [translation.virtual, translation.server])),
          ...unmasqueraded(context, ns.id, step),
          ...proofsOf(step, [translation.virtual, translation.server]),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'switch-on',
            commands: [commandIn(ns, shell`sysctl -w ${SYSCTL}=1`)],
            changes: [{ namespace: ns.id, op: 'set', what: 'sysctl', name: SYSCTL, value: '1' }],
            values: { sysctl: SYSCTL },
          },
        ],
      }),
    ];
  },
};

/** The walk's packet leaves the translating node with another source. */
const masqueraded = (context: CauseContext, translated: Step): boolean =>
  context.branch.forward.steps.some(
    (s) =>
      namespaceId(s) === namespaceId(translated) &&
      (s.action.code === 'masquerade' || s.action.code === 'snat') &&
      s.before.src !== s.after.src,
  );

/** Translated packets that were seen with the source that they came with. */
const unmasqueraded = (context: CauseContext, id: string, step: Step): readonly EvidenceLine[] =>
  context.evidence.packets
    .filter((p) => p.namespace === id && p.layer?.dst === textOf(step, 'to') && p.layer.src === step.before.src)
    .slice(0, 2)
    .map((p) => ({ source: p.view.source, role: 'decisive' as const }));
