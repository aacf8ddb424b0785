import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { countingWithout } from '../facts/trace.ts';
import { confidenceByCounter, counted, counterLine } from '../facts/xfrm-counter.ts';
import { counterZero, directionOf, wasDecrypted, xfrmEnd } from '../facts/xfrm-end.ts';
import { policyWords } from '../facts/xfrm-policy.ts';

/** `ip xfrm policy setdefault`: a packet that no policy names is refused, in the clear or not. */
export const xfrmDefaultBlock: Cause = {
  id: 'xfrm-default-block',
  group: 'C',
  layer: 'xfrm',
  control: false,
  needs: ['xfrm-policy', 'xfrm-stat'],
  references: ['net/xfrm/xfrm_policy.c: __xfrm_policy_check, xfrm_lookup_with_ifid', 'ip-xfrm(8): setdefault'],
  versions: 'Linux 5.15 and later',
  detect: (context) => {
    // The default stands in the listing of the policies.
    const missing = countingWithout(context, 'xfrm-policy', 'clear', 'XfrmInNoPols');
    if (missing.length > 0) return [undecided(missing, {})];
    const ending = xfrmEnd(context, 'no-policy');
    if (!ending) return [];
    const { step, namespace: ns } = ending;
    const dir = directionOf(ending);
    const defaults = ns.xfrmDefaults;
    if (defaults?.[dir] !== 'block' || wasDecrypted(ending)) return [];
    // Outgoing packets that the default refuses are not counted anywhere.
    const drops = dir === 'out' ? undefined : counted(ns, 'XfrmInNoPols');
    const values = { dir, src: step.before.src, dst: step.before.dst, counter: drops?.value ?? 0 };
    if (drops?.state === 'zero') return [counterZero(drops, values)];
    return [
      foundAt(step, {
        confidence: drops ? confidenceByCounter(context, drops) : weaker('certain', confidenceOfEnd(context)),
        values,
        evidence: [
          { source: defaults.source, role: 'decisive', words: [dir, 'block'] },
          ...(drops ? counterLine(drops) : []),
          ...ns.policies.filter((p) => p.dir === dir).flatMap((p) => supportingLine(p, policyWords(p))),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'accept',
            commands: [commandIn(ns, shell`ip xfrm policy setdefault ${dir} accept`)],
            changes: [],
            values: { dir },
          },
        ],
      }),
    ];
  },
};
