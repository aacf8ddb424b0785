import type { NetNamespace } from '../../network/namespace.ts';
import { matchingPolicies } from '../../path/xfrm/policy.ts';
import type { PacketTable } from '../../records/packet.ts';
import type { XfrmPolicy } from '../../records/xfrm.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, type Ending, namespaceId } from '../facts/ending.ts';
import type { Cause, CauseContext, Found } from '../facts/finding.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, listingLine, plainLines, wasDecrypted, xfrmEnd, xfrmUnknown } from '../facts/xfrm-end.ts';
import { flowOfPacket, policiesOf, policyWords, tunnelPolicies } from '../facts/xfrm-policy.ts';

/** A packet comes in the clear where a policy asks for ESP: the sender has no `out` policy (any more) for it. */
export const xfrmPlaintextWhereEspRequired: Cause = {
  id: 'xfrm-plaintext-where-esp-required',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-policy', 'xfrm-state', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: __xfrm_policy_check, xfrm_policy_ok'],
  explains: ['xfrm-out-policy-missing-plaintext'],
  detect: (context) => {
    const missing = countingWithout(context, 'xfrm-policy', 'clear', 'XfrmInTmplMismatch');
    if (missing.length > 0) return [undecided(missing, {})];
    const ending = xfrmEnd(context, 'tmpl-mismatch');
    if (!ending || wasDecrypted(ending)) return [];
    // It came as ESP, and the SAs that tell what came out of it were not captured.
    const unopened = xfrmUnknown(context, 'xfrm-state-unknown', 'in', {});
    if (unopened?.missing.some((m) => m.namespace === ending.namespace.id)) return [unopened];
    const { step, namespace: ns, leg } = ending;
    const policy = policiesOf(ns, step)[0];
    if (!policy) return [];
    const sender = plainSender(context, ending);
    const drops = counted(ns, 'XfrmInTmplMismatch');
    const values = {
      dir: policy.dir,
      src: step.before.src,
      dst: step.before.dst,
      policySrc: policy.selector.src,
      policyDst: policy.selector.dst,
      sender: sender?.node ?? '',
      counter: drops.value,
    };
    if (drops.state === 'zero') return [counterZero(drops, values)];
    return [
      foundAt(step, {
        // A capture shows what came out of a tunnel as it shows what came in the clear; where ESP came just before, the sender did encrypt.
        confidence: cameAsEsp(context, ending) ? 'possible' : confidenceByCounter(context, drops),
        values,
        evidence: [
          ...counterLine(drops),
          ...decisiveLine(policy, policyWords(policy)),
          ...plainLines(context, ns, leg.direction),
          ...(sender
            ? [
                ...sender.policies.filter((p) => p.dir === 'out').flatMap((p) => decisiveLine(p, policyWords(p))),
                ...listingLine(sender, 'xfrm-policy'),
              ]
            : []),
          ...symptomLines(context),
        ],
        fixes: sender ? fixes(sender, policy) : [],
      }),
    ];
  },
};

/** Seconds between an ESP packet and what it held, on the host that decrypts it. */
const SAME_MOMENT = 0.02;

/** Each time that the packet was seen to come in, an ESP packet or one of NAT traversal had come in just before. */
const cameAsEsp = (context: CauseContext, { namespace: ns, leg }: Ending): boolean => {
  const plain = context.evidence.packets.filter(
    (p) => p.namespace === ns.id && p.leg === leg.direction && p.wrapping !== 'esp' && p.view.direction !== 'out',
  );
  const outer = ns.packets.flatMap((table) => arrivalsOfEsp(ns, table));
  return (
    plain.length > 0 &&
    plain.every(({ view }) =>
      outer.some((time) => view.time !== undefined && view.time >= time && view.time - time <= SAME_MOMENT),
    )
  );
};

const NATT = 4500;
const LOOKED_AT = 5000;

const arrivalsOfEsp = (ns: NetNamespace, table: PacketTable): readonly number[] => {
  const own = [...ns.links.values()].flatMap((l) => l.addresses.map((a) => a.address));
  return own
    .flatMap((address) => table.rowsWithAddress(address).slice(0, LOOKED_AT))
    .map((row) => table.packet(row))
    .filter((v) => (v.spi !== undefined || v.dport === NATT) && v.direction !== 'out' && own.includes(v.dst ?? ''))
    .flatMap((v) => v.time ?? []);
};

/** The gateway that should have encrypted: the last host before this one, unless one of its policies fits. */
const plainSender = (context: CauseContext, { leg, step }: Ending): NetNamespace | undefined => {
  const before = leg.steps.findLast((s) => s.node !== step.node && s.namespace === '');
  const sender = before && context.network.namespaces.get(namespaceId(before));
  if (!before || !sender) return undefined;
  return matchingPolicies(sender, 'out', flowOfPacket(before.after)).length === 0 ? sender : undefined;
};

const fixes = (sender: NetNamespace, policy: XfrmPolicy): Found['fixes'] => {
  if (policy.templates.some((t) => t.src === '' || t.dst === '')) return [];
  // The far end's in or fwd policy, read by the sender: the same selector, the same tunnel, outward.
  const { source: _, ...record } = policy;
  const out = { ...record, dir: 'out' as const, index: undefined, used: undefined };
  return [
    {
      id: 'add-out-policy',
      ...tunnelPolicies(sender, out),
      values: { sender: sender.node, src: out.selector.src, dst: out.selector.dst },
    },
  ];
};
