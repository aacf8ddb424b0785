import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { lostEncryption } from '../facts/lost-encryption.ts';
import { hasRaven, RAVEN, skipSet } from '../facts/raven.ts';
import { memberAdded } from '../facts/set-member.ts';
import { isComplete } from '../facts/sets.ts';
import { shell } from '../facts/shell.ts';
import { policyWords } from '../facts/xfrm-policy.ts';

/**
 * Raven exempts what goes through its tunnel from the CNI's masquerade by pairs of networks in a set. A pair is missing, so that the packet is masqueraded before it
 * can be encrypted.
 */
export const ravenSkipNatSetIncomplete: Cause = {
  id: 'raven-skip-nat-set-incomplete',
  group: 'C',
  layer: 'ipset',
  control: false,
  needs: ['ipset', 'iptables-save', 'xfrm-policy'],
  references: ['openyurtio/raven#184', 'openyurtio/raven#185'],
  versions: 'Raven before #185',
  detect: (context) => {
    if (!isBroken(context)) return [];
    return lostEncryption(context).flatMap(({ step, namespace: ns, translation, policy }): readonly Verdict[] => {
      if (!hasRaven(ns)) return [];
      const { src, dst } = policy.selector;
      const values = { set: RAVEN.skipSet, src, dst, translated: translation.after.src };
      const set = skipSet(ns);
      if (!set) return ns.sets.size === 0 ? [undecided([{ kind: 'ipset', namespace: ns.id }], values)] : [];
      const member = set.members.find(
        ({ parts }) =>
          prefixContains(parts[0] ?? '', translation.before.src) &&
          prefixContains(parts[1] ?? '', translation.before.dst),
      );
      if (member || !isComplete(set))
        return [
          { kind: 'ruled-out', because: 'pair-present', values, evidence: decisiveLine(member ?? set, [src, dst]) },
        ];
      return [
        foundAt(step, {
          confidence: confidenceOfEnd(context),
          values: { ...values, members: set.members.map((m) => m.parts.join(',')) },
          evidence: [
            ...decisiveLine(set, [RAVEN.skipSet]),
            ...set.members.slice(0, 6).flatMap((m) => supportingLine(m)),
            ...decisiveLine(policy, policyWords(policy)),
            ...proofsOf(translation, ['MASQUERADE']),
            ...symptomLines(context),
          ],
          fixes: [
            {
              id: 'add-pair',
              commands: [commandIn(ns, shell`ipset add ${RAVEN.skipSet} ${src},${dst}`)],
              changes: [memberAdded(ns, RAVEN.skipSet, [src, dst])],
              values: { set: RAVEN.skipSet, src, dst },
            },
          ],
        }),
      ];
    });
  },
};
