import type { Missing, Step } from '../../path/step.ts';
import { endingOf } from './ending.ts';
import type { CauseContext, Confidence, EvidenceLine, Found, Undecided, Values } from './finding.ts';

interface FoundParts {
  readonly confidence: Confidence;
  readonly values: Values;
  readonly evidence: readonly EvidenceLine[];
  readonly fixes?: Found['fixes'];
}

/** A finding at a step. */
export const foundAt = (step: Step, parts: FoundParts): Found => ({
  kind: 'found',
  confidence: parts.confidence,
  node: step.node,
  namespace: step.namespace,
  at: step.place,
  values: parts.values,
  evidence: once(parts.evidence),
  fixes: parts.fixes ?? [],
});

/**
 * A finding at the walk's end: null and the two ends where the packet is lost between nodes, or where its receiver is outside of the
 * bundle.
 */
export const foundAtEnd = (context: CauseContext, parts: FoundParts): Found | undefined => {
  const ending = endingOf(context);
  if (!ending) return undefined;
  const { leg, step } = ending;
  const found = foundAt(step, parts);
  const between =
    leg.end.between ?? (step.action.code === 'outside' ? ([step.node, step.after.dst] as const) : undefined);
  return between ? { ...found, node: null, between } : found;
};

/** A finding at the node where the packet dies because of a step before; at that step where it dies on no node of the bundle. */
export const foundWhereItDies = (context: CauseContext, step: Step, parts: FoundParts): Found => {
  const end = foundAtEnd(context, parts);
  return end && end.node !== null ? end : foundAt(step, parts);
};

export const undecided = (missing: readonly Missing[], values: Values): Undecided => ({
  kind: 'undecided',
  missing,
  values,
});

/** A line is shown once, as the first that names it wants it. */
const once = (lines: readonly EvidenceLine[]): readonly EvidenceLine[] => {
  const shown = new Set<string>();
  return lines.filter((line) => {
    const key = `${line.source.file}:${line.source.line}`;
    if (shown.has(key)) return false;
    shown.add(key);
    return true;
  });
};
