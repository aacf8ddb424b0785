import type { Change } from '../../network/change.ts';
import type { NetNamespace } from '../../network/namespace.ts';

/** ipset add as a change of the model; a timeout of 0 is a member that stays, in a set whose members have timeouts. */
export const memberAdded = (
  ns: NetNamespace,
  set: string,
  parts: readonly string[],
  timeout: 0 | undefined = undefined,
): Change => ({
  namespace: ns.id,
  op: 'add',
  what: 'set-member',
  set,
  record: { parts, nomatch: false, timeout, packets: undefined, bytes: undefined, comment: undefined, extra: [] },
});
