import type { Finding } from '../causes/facts/finding.ts';

/** Whether the one finding, where both hold, accounts for the other. */
type Accounts = (over: Finding, under: Finding) => boolean;

/**
 * Each finding below the strongest that accounts for it, which may itself hang below another; the strongest first everywhere. Each is in the result once: of findings
 * that account for each other in a circle the strongest stays on top.
 * @param found the strongest first
 */
export const hung = (found: readonly Finding[], accounts: Accounts): readonly Finding[] => {
  const over = new Map<Finding, Finding>();
  const isBelow = (finding: Finding, top: Finding): boolean => {
    for (let at: Finding | undefined = finding; at; at = over.get(at)) if (at === top) return true;
    return false;
  };
  // The weakest first, so that what would close a circle is its strongest finding's turn.
  for (const finding of [...found].reverse()) {
    const above = found.find((other) => !isBelow(other, finding) && accounts(other, finding));
    if (above) over.set(finding, above);
  }
  const below = new Map<Finding | undefined, Finding[]>();
  for (const finding of found) below.set(over.get(finding), [...(below.get(over.get(finding)) ?? []), finding]);
  const under = (above: Finding | undefined): readonly Finding[] =>
    (below.get(above) ?? []).map((finding) => ({ ...finding, consequences: under(finding) }));
  return under(undefined);
};

/** A finding and all that hangs below it at any depth, each before its own consequences. */
export const withConsequences = (finding: Finding): readonly Finding[] => [finding, ...allConsequences(finding)];

/** All that hangs below a finding at any depth. */
export const allConsequences = (finding: Finding): readonly Finding[] => finding.consequences.flatMap(withConsequences);

/** The finding and all that hangs below it, each changed alike. */
export const eachChanged = (finding: Finding, change: (one: Finding) => Finding): Finding => ({
  ...change(finding),
  consequences: finding.consequences.map((one) => eachChanged(one, change)),
});
