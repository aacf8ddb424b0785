import { type NetNamespace, sysctl, sysctlNumber } from '../../network/namespace.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, stepsOf } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';

const MESSAGE = /neighbou?r(?: table|ing)? ?(?:table )?overflow/i;

const ROUTED: ReadonlySet<string> = new Set<ActionCode>(['forward', 'route', 'reroute']);

/** gc_thresh3 where nobody set it. */
const DEFAULT_LIMIT = 1024;

/** Entries that count against the limit: static ones do not (NUD_PERMANENT and NUD_NOARP are not counted by neigh_alloc's collector). */
const counted = (ns: NetNamespace, family: 4 | 6): number =>
  ns.neighbours.filter((n) => n.family === family && !n.states.includes('PERMANENT') && !n.states.includes('NOARP'))
    .length;

/**
 * The neighbour table holds as many entries as `gc_thresh3` allows: for a new next hop there is no entry to be had, and the packet is dropped. The limit counts all
 * namespaces of the node together.
 */
export const neighTableOverflow: Cause = {
  id: 'neigh-table-overflow',
  group: 'C',
  layer: 'neighbour',
  control: false,
  needs: ['dmesg', 'ip-neigh', 'sysctl'],
  references: ['net/core/neighbour.c: neigh_alloc', 'kubernetes/kops#4533'],
  explains: ['neigh-failed-next-hop'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context)) return [];
    const { family } = context.branch.forward.packet;
    for (const step of stepsOf(context)) {
      if (step.place !== 'routing' || !ROUTED.has(step.action.code)) continue;
      const host = context.network.namespaces.get(step.node);
      const ns = context.network.namespaces.get(namespaceId(step));
      if (!host || !ns) continue;
      const message = host.messages.find((m) => MESSAGE.test(m.text));
      const limitName = `net.ipv${family}.neigh.default.gc_thresh3`;
      const limit = sysctlNumber(host, limitName);
      const entries = [...context.network.namespaces.values()]
        .filter((n) => n.node === step.node)
        .reduce((sum, n) => sum + counted(n, family), 0);
      const full = limit !== undefined && limit > 0 && entries >= limit;
      if (!message && !full && !(limit === undefined && entries >= DEFAULT_LIMIT && isSeenFailing(context))) continue;
      const hop = String(step.action.values.via ?? '') || step.before.dst;
      // An entry that is there needs no new one.
      if (ns.neighbours.some((n) => n.address === hop && n.mac !== undefined && !n.states.includes('FAILED'))) continue;
      // As many as the kernel's own limit, and whether this node has a larger one was not captured.
      if (!message && !full)
        return [undecided([{ kind: 'sysctl', namespace: host.id }], { entries, sysctl: limitName, hop })];
      const fix = shell`sysctl -w ${limitName}=${Math.max((limit ?? 1024) * 8, 8192)}`;
      return [
        foundAt(step, {
          confidence: message && full ? 'certain' : full || message ? 'likely' : 'possible',
          values: { entries, limit: limit ?? 0, sysctl: limitName, message: message !== undefined, hop },
          evidence: [
            ...decisiveLine(message, ['overflow']),
            ...decisiveLine(sysctl(host, limitName), [limitName]),
            ...symptomLines(context),
          ],
          fixes: [
            {
              id: 'raise-limit',
              commands: [commandIn(host, fix)],
              changes: [],
              values: { sysctl: limitName },
            },
          ],
        }),
      ];
    }
    return [];
  },
};
