import type { NetNamespace } from '../../network/namespace.ts';
import type { Step } from '../../path/step.ts';
import { confidenceOfEnd, isBroken, weaker } from '../facts/confidence.ts';
import { type Death, deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, namespaceId, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { unroutedOn } from '../facts/unrouted.ts';

/** Ends of an answer that cannot find its way back to the address it was given. */
const ASTRAY = ['no-route', 'outside', 'unreachable', 'blackhole', 'answer-elsewhere', 'neighbour-failed'] as const;

/**
 * MASQUERADE takes the first fitting address of the device that the packet leaves by, not the route's `src`: one that the other side cannot route back to, or, where
 * the device has none at all, it drops the packet ("… ate my IP address").
 */
export const masqWrongOrNoAddress: Cause = {
  id: 'masq-wrong-or-no-address',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['conntrack', 'ip-addr', 'ip-route', 'iptables-save', 'dmesg'],
  references: [
    'net/netfilter/nf_nat_masquerade.c: nf_nat_masquerade_ipv4',
    'net/ipv4/devinet.c: inet_select_addr',
    'kubernetes/kubernetes#119060',
    'kubernetes/kubernetes#78949',
  ],
  explains: ['no-return-route'],
  detect: (context) => {
    const none = deathBy(context, 'masquerade-no-address');
    if (none) return withoutAddress(context, none);
    const open = isBroken(context) ? unroutedOn(context, context.branch.reply) : undefined;
    const death = deathBy(context, ...ASTRAY);
    const end = open ?? (death?.leg.direction === 'reply' ? death : undefined);
    if (!end) return [];
    const { dst } = end.step.before;
    const masquerade = context.branch.forward.steps.findLast(
      (s) => s.action.code === 'masquerade' && s.after.src === dst && s.before.src !== dst,
    );
    const ns = masquerade && context.network.namespaces.get(namespaceId(masquerade));
    if (!masquerade || !ns) return [];
    // Whether the address that was taken is one that the answer finds back to, the routes at which the walk stops would tell.
    if (open)
      return isSeenFailing(context) && open.namespace.name === ''
        ? [undecided([{ kind: 'ip-route', namespace: open.namespace.id }], { address: dst, from: ns.node })]
        : [];
    if (!death) return [];
    return wrongAddress(context, death, masquerade, ns);
  },
};

const withoutAddress = (context: CauseContext, death: Death): readonly Found[] => {
  const ns = death.namespace;
  const device = textOf(death.step, 'device');
  const link = ns.links.get(device);
  const message = ns.messages.find((m) => /ate my IP address/.test(m.text));
  return deathFound(context, death, {
    values: { device, variant: 'none', address: '', better: '' },
    evidence: [...decisiveLine(link, [device]), ...decisiveLine(message, ['ate my IP address'])],
  });
};

const wrongAddress = (context: CauseContext, death: Death, masquerade: Step, ns: NetNamespace): readonly Found[] => {
  const address = masquerade.after.src;
  const device = masquerade.device ?? '';
  const own = ns.links.get(device)?.addresses.find((a) => a.address === address);
  const entry = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.reply.dst === address);
  const fix = betterSource(context, masquerade, ns, address);
  // Without an address that would do, the way back may be at fault as well.
  const confidence = fix ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context));
  return deathFound(context, death, {
    confidence,
    values: { device, variant: 'wrong', address, better: fix?.source ?? '', from: ns.node },
    evidence: [
      ...proofsOf(masquerade, [address]),
      ...decisiveLine(own, [address]),
      ...supportingLine(entry?.entry, [`dst=${address}`]),
    ],
    fixes: fix ? [fix.fix] : [],
  });
};

/** The first other address of the node with which the walk brings the answer back. */
const betterSource = (
  context: CauseContext,
  masquerade: Step,
  ns: NetNamespace,
  wrong: string,
): { readonly source: string; readonly fix: Found['fixes'][number] } | undefined => {
  const { family, dst } = masquerade.before;
  const others = [...ns.links.values()]
    .filter((l) => l.kind !== 'dummy' && !l.flags.includes('LOOPBACK'))
    .flatMap((l) => l.addresses.filter((a) => a.family === family && a.scope === 'global' && a.address !== wrong));
  for (const { address } of others.slice(0, 6)) {
    const { change, command } = ruleChange(ns, {
      family,
      table: 'nat',
      chain: 'POSTROUTING',
      position: 1,
      dst,
      target: 'SNAT',
      options: [{ flag: '--to-source', invert: false, values: [address] }],
    });
    const changes = [change];
    if (!context.rewalk(changes).branches.every((b) => b.outcome === 'delivered')) continue;
    return {
      source: address,
      fix: {
        id: 'explicit-source',
        commands: [command],
        changes,
        values: { source: address, wrong },
      },
    };
  }
  return undefined;
};
