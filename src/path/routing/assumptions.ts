import type { NetNamespace } from '../../network/namespace.ts';
import type { CaptureKind } from '../../records/capture.ts';
import type { Assumption } from '../step.ts';

/** Something that the namespace's captures do not tell, and which capture would. */
export const assumed = (
  ns: NetNamespace,
  code: string,
  kind: CaptureKind,
  values: Assumption['values'] = {},
): Assumption => ({ code, values, missing: { kind, namespace: ns.id }, source: undefined });
