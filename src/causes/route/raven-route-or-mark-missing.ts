import { knows, type NetNamespace } from '../../network/namespace.ts';
import { knownTable } from '../../path/routing/known-tables.ts';
import type { Step } from '../../path/step.ts';
import type { CaptureKind } from '../../records/capture.ts';
import { EVERY_PACKET } from '../../records/route.ts';
import { prefixContains } from '../../tables/address.ts';
import { confidenceOfEnd, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Found } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { hasRaven, markChain, markJump, markSet, RAVEN, ravenDevice } from '../facts/raven.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { memberAdded } from '../facts/set-member.ts';
import { type Shell, shell } from '../facts/shell.ts';

type Part = 'device' | 'chain' | 'set' | 'rule' | 'route';

/**
 * A node that is no gateway sends packets for other pools to its gateway by mark, rule, table and `raven0`. One of these is missing, so the packet takes the node's
 * ordinary routes, in the clear.
 */
export const ravenRouteOrMarkMissing: Cause = {
  id: 'raven-route-or-mark-missing',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-rule', 'ip-route', 'ipset', 'iptables-save', 'ip-link'],
  references: ['openyurtio/raven: pkg/networkengine/routedriver/vxlan'],
  explains: [
    'podcidr-route-missing',
    'vxlan-udp-blocked',
    'vxlan-fdb-or-neigh-missing',
    'vxlan-stale-fdb-remote',
    'underlay-antispoof',
    'xfrm-out-policy-missing-plaintext',
  ],
  detect: (context) => {
    if (context.evidence.seen === 'ok' || context.branch.outcome === 'delivered') return [];
    const at = strayed(context);
    if (!at) return [];
    const { namespace: ns, routed, gateway, network: remote } = at;
    const own = routed.before.src;
    const values = { node: ns.node, dst: routed.before.dst, gateway: gateway.node, remote };
    const unknown = unknownKind(ns);
    if (unknown) return [undecided([{ kind: unknown, namespace: ns.id }], values)];
    const hook = routed.action.code === 'forward' ? 'PREROUTING' : 'OUTPUT';
    const part = missingPart(ns, routed.before.dst, hook);
    if (!part) return [];
    // `ip route` without `table all` shows the main table alone.
    if (part === 'route' && !isTableShown(ns)) return [undecided([{ kind: 'ip-route', namespace: ns.id }], values)];
    const last = routed;
    return [
      foundAt(last, {
        confidence: confidenceOfEnd(context),
        values: {
          ...values,
          src: own,
          part,
          hook,
          device: RAVEN.device,
          table: RAVEN.table,
          set: RAVEN.markSet,
          chain: RAVEN.markChain,
          taken: routed.device ?? '',
        },
        evidence: [...missingLines(ns, part), ...proofsOf(routed), ...symptomLines(context)],
        fixes: fixes(ns, part, hook, remote, gateway),
      }),
    ];
  },
};

/** The flow leaves a node of a gateway's pool by ordinary routes although the gateway has a tunnel to its destination. */
const strayed = (context: CauseContext) => {
  const { steps } = context.branch.forward;
  const first = steps.find((s) => s.namespace === '' && s.place === 'routing');
  const namespace = first && context.network.namespaces.get(namespaceId(first));
  if (!first || !namespace) return undefined;
  const dst = first.before.dst;
  const covering = (ns: NetNamespace) =>
    ns.policies.find((p) => p.dir === 'out' && prefixContains(p.selector.dst, dst) && !p.selector.dst.endsWith('/0'));
  // A gateway itself encrypts; it needs neither mark nor table.
  if (covering(namespace)) return undefined;
  if (steps.some((s) => s.action.code === 'vxlan-encapsulate' && s.device === ravenDevice(namespace)?.name))
    return undefined;
  for (const { host: gateway } of context.network.nodes) {
    const policy = gateway === namespace || !ravenDevice(gateway) ? undefined : covering(gateway);
    if (!policy || !prefixContains(policy.selector.src, first.before.src)) continue;
    // Nodes of another pool have a gateway of their own.
    if (!hasRaven(namespace) && !sameWire(namespace, gateway)) continue;
    const routed = steps.find((s) => namespaceId(s) === namespace.id && s.place === 'routing') as Step;
    return { namespace, routed, gateway, network: policy.selector.dst };
  }
  return undefined;
};

/** Both have an address on one network. */
const sameWire = (a: NetNamespace, b: NetNamespace): boolean => {
  const networks = [...a.links.values()]
    .filter((link) => link.vxlan === undefined && !link.flags.includes('LOOPBACK'))
    .flatMap((link) => link.addresses.filter((x) => x.family === 4 && x.prefixLength < 32))
    .map((x) => `${x.address}/${x.prefixLength}`);
  return [...b.links.values()]
    .filter((link) => link.vxlan === undefined && !link.flags.includes('LOOPBACK'))
    .some((link) => link.addresses.some((x) => networks.some((net) => prefixContains(net, x.address))));
};

const NEEDED: readonly CaptureKind[] = ['ip-rule', 'ip-route', 'ipset', 'iptables-save'];
const unknownKind = (ns: NetNamespace): CaptureKind | undefined => NEEDED.find((kind) => !knows(ns, kind));

/** The first part of the way that is not there, in the packet's order. */
const missingPart = (ns: NetNamespace, dst: string, hook: 'PREROUTING' | 'OUTPUT'): Part | undefined => {
  const device = ravenDevice(ns);
  if (!device?.flags.includes('UP')) return 'device';
  if (!markChain(ns) || !markJump(ns, hook)) return 'chain';
  if (!markSet(ns)?.members.some(({ parts }) => prefixContains(parts[0] ?? '', dst))) return 'set';
  const rule = ns.rules.find((r) => r.fwmark !== undefined && r.fwmark.value === RAVEN.mark);
  if (!rule) return 'rule';
  const routes = ns.routes.filter((r) => r.table === rule.target && prefixContains(r.prefix, dst));
  return routes.some((r) => r.nextHops.some((hop) => hop.dev === device.name)) ? undefined : 'route';
};

const isTableShown = (ns: NetNamespace): boolean =>
  ns.rules.some((r) => r.fwmark?.value === RAVEN.mark && r.target !== undefined && knownTable(ns, 4, r.target).known);

const missingLines = (ns: NetNamespace, part: Part): readonly EvidenceLine[] => {
  const listing = (kind: CaptureKind): readonly EvidenceLine[] =>
    (ns.captureSources.get(kind) ?? []).slice(0, 1).map((source) => ({ source, role: 'decisive' }));
  switch (part) {
    case 'device':
      return ravenDevice(ns) ? decisiveLine(ravenDevice(ns), ['state']) : listing('ip-addr');
    case 'chain':
      return markChain(ns) ? decisiveLine(markChain(ns), [RAVEN.markChain]) : listing('iptables-save');
    case 'set':
      return [
        ...(markSet(ns) ? decisiveLine(markSet(ns), [RAVEN.markSet]) : listing('ipset')),
        ...(markSet(ns)?.members ?? []).slice(0, 6).flatMap((m) => supportingLine(m)),
      ];
    case 'rule':
      return ns.rules.flatMap((r) => decisiveLine(r));
    case 'route':
      return ns.rules.filter((r) => r.target === RAVEN.table).flatMap((r) => decisiveLine(r, [RAVEN.table]));
  }
};

const fixes = (
  ns: NetNamespace,
  part: Part,
  hook: 'PREROUTING' | 'OUTPUT',
  remote: string,
  gateway: NetNamespace,
): Found['fixes'] => {
  const values = { part, device: RAVEN.device };
  const fix = (command: Shell, changes: Found['fixes'][number]['changes']): Found['fixes'] => [
    { id: 'restore', commands: [commandIn(ns, command)], changes, values },
  ];
  const via = ravenDevice(gateway)?.addresses.find((a) => a.family === 4)?.address;
  switch (part) {
    case 'set':
      return fix(shell`ipset add ${RAVEN.markSet} ${remote}`, [memberAdded(ns, RAVEN.markSet, [remote])]);
    case 'chain': {
      const { change, command } = ruleChange(ns, {
        family: 4,
        table: 'mangle',
        chain: hook,
        position: 1,
        target: RAVEN.markChain,
      });
      return markChain(ns)
        ? fix(command.command, [change])
        : [{ id: 'restart-agent', commands: [], changes: [], values }];
    }
    case 'rule':
      return fix(shell`ip rule add fwmark 0x40 lookup ${RAVEN.table} priority 100`, [
        {
          namespace: ns.id,
          op: 'add',
          what: 'route-rule',
          record: {
            family: 4,
            priority: 100,
            ...EVERY_PACKET,
            fwmark: { value: RAVEN.mark, mask: 0xffffffff },
            target: RAVEN.table,
          },
        },
      ]);
    case 'route':
      return via === undefined
        ? [{ id: 'restart-agent', commands: [], changes: [], values }]
        : fix(shell`ip route replace default via ${via} dev ${RAVEN.device} onlink table ${RAVEN.table}`, [
            {
              namespace: ns.id,
              op: 'add',
              what: 'route',
              record: {
                family: 4,
                type: 'unicast',
                prefix: '0.0.0.0/0',
                table: RAVEN.table,
                proto: undefined,
                scope: undefined,
                src: undefined,
                metric: 0,
                tos: undefined,
                mtu: undefined,
                advmss: undefined,
                nextHops: [{ via, dev: RAVEN.device, weight: 1, onlink: true, flags: [] }],
                nhid: undefined,
              },
            },
          ]);
    default:
      return [{ id: 'restart-agent', commands: [], changes: [], values }];
  }
};
