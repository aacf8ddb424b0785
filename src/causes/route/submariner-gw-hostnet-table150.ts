import { knows, type NetNamespace } from '../../network/namespace.ts';
import { knownTable } from '../../path/routing/known-tables.ts';
import type { Route, RouteRule } from '../../records/route.ts';
import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { endsInTheClear, plainDeparture } from '../facts/departure.ts';
import { decisiveLine, namespaceId, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { NO_PART, part as piece, shell } from '../facts/shell.ts';
import { cniAddress, HOST_TABLE, hasSubmariner } from '../facts/submariner.ts';
import { policyWords } from '../facts/xfrm-policy.ts';

/**
 * Host processes of the gateway itself reach other clusters by table 150, whose routes give them the CNI address as source. Without rule, route or that source they
 * use the uplink's address, which no IPsec policy covers.
 */
export const submarinerGwHostnetTable150: Cause = {
  id: 'submariner-gw-hostnet-table150',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-rule', 'ip-route', 'xfrm-policy', 'conntrack'],
  references: ['submariner-io/submariner#3103'],
  explains: [
    'xfrm-out-policy-missing-plaintext',
    'neigh-failed-next-hop',
    'underlay-antispoof',
    'policy-route-precedence',
    'podcidr-route-missing',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const departure = plainDeparture(context);
    const [first] = context.branch.forward.steps;
    if (!departure || !first || departure.leg.direction !== 'forward') return [];
    const { namespace: ns, arrived, towards, step } = departure;
    // Only what the gateway itself sends; what it passes on for others has another source.
    if (namespaceId(first) !== ns.id || ns.name !== '' || !hasSubmariner(ns)) return [];
    const { dst } = departure.packet;
    const values = { src: arrived.src, dst, table: HOST_TABLE };
    if (!knows(ns, 'ip-rule') || !knows(ns, 'ip-route'))
      return [undecided([{ kind: knows(ns, 'ip-rule') ? 'ip-route' : 'ip-rule', namespace: ns.id }], values)];
    const missing = missingPart(ns, dst);
    if (!missing) return [];
    // `ip route` without `table all` shows the main table alone.
    if (missing.part === 'route' && !knownTable(ns, 4, HOST_TABLE).known)
      return [undecided([{ kind: 'ip-route', namespace: ns.id }], values)];
    const cni = cniAddress(ns, dst);
    return [
      foundAt(step, {
        confidence: endsInTheClear(departure) ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context)),
        values: { ...values, part: missing.part, device: step.device ?? '' },
        evidence: [
          ...decisiveLine(missing.rule),
          ...decisiveLine(missing.route, [`table ${HOST_TABLE}`]),
          ...ns.rules.filter((r) => r !== missing.rule).flatMap((r) => supportingLine(r)),
          ...towards.flatMap((p) => decisiveLine(p, policyWords(p))),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'restore-table',
            commands: commands(ns, missing.part, dst, step.device ?? '', cni?.address),
            changes: [],
            values: { table: HOST_TABLE, part: missing.part },
          },
        ],
      }),
    ];
  },
};

interface MissingPart {
  readonly part: 'rule' | 'route' | 'source';
  readonly rule: RouteRule | undefined;
  readonly route: Route | undefined;
}

const missingPart = (ns: NetNamespace, dst: string): MissingPart | undefined => {
  const rule = ns.rules.find((r) => r.target === HOST_TABLE && r.action === 'lookup');
  const route = ns.routes.find((r) => r.table === HOST_TABLE && prefixContains(r.prefix, dst));
  if (!rule) return { part: 'rule', rule, route };
  if (!route) return { part: 'route', rule, route };
  return route.src === undefined ? { part: 'source', rule, route } : undefined;
};

const commands = (
  ns: NetNamespace,
  part: MissingPart['part'],
  dst: string,
  device: string,
  source: string | undefined,
) => {
  const from = source === undefined ? NO_PART : piece` src ${source}`;
  const route = shell`ip route replace ${dst}/32 dev ${device} table ${HOST_TABLE} proto static scope link${from}`;
  const rule = shell`ip rule add priority 150 lookup ${HOST_TABLE}`;
  return [commandIn(ns, part === 'rule' ? rule : route)];
};
