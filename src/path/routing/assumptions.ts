import type { NetNamespace } from '../../network/namespace.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { type Assumption, type AssumptionCode, type AssumptionValues, assumption } from '../vocabulary/assumptions.ts';

/** Something that the namespace's captures do not tell, and which capture would. */
export const assumed = <Code extends AssumptionCode>(
  ns: NetNamespace,
  code: Code,
  kind: CaptureKind,
  values: AssumptionValues<Code>,
): Assumption => assumption(code, values, { missing: { kind, namespace: ns.id } });
