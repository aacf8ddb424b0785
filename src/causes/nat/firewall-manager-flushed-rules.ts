import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import { ownerOfChain, type RuleOwner } from '../../path/netfilter/owner.ts';
import { senderOf } from '../../path/walk-result.ts';
import type { Chain, RuleTable } from '../../records/iptables.ts';
import { bpfProxyDevice } from '../facts/bpf-proxy.ts';
import { confidenceOfEnd, isBroken, symptomLines, weaker } from '../facts/confidence.ts';
import { iptablesOf } from '../facts/delete-rule.ts';
import { decisiveLine, namespaceId, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { restartProxy } from '../facts/kube-command.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { kubeFront, runsPods } from '../facts/service.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { translationsOf } from '../facts/translation.ts';

const MANAGERS: ReadonlySet<RuleOwner> = new Set<RuleOwner>(['firewalld', 'ufw', 'fail2ban', 'libvirt']);

/** kube-proxy's and portmap's entrances to the nat table. */
const ENTRANCES: readonly { readonly chain: string; readonly from: readonly ['PREROUTING', 'OUTPUT'] }[] = [
  { chain: 'KUBE-SERVICES', from: ['PREROUTING', 'OUTPUT'] },
  { chain: 'CNI-HOSTPORT-DNAT', from: ['PREROUTING', 'OUTPUT'] },
  { chain: 'KUBE-HOSTPORTS', from: ['PREROUTING', 'OUTPUT'] },
];

/**
 * The cluster's chains, or the jumps to them, are gone from a node's tables although its agents run: a firewall manager was started or reloaded and set up its own rules
 * from nothing. A service's address is then nobody's: the packet goes on untranslated.
 */
export const firewallManagerFlushedRules: Cause = {
  id: 'firewall-manager-flushed-rules',
  group: 'C',
  layer: 'nat',
  control: false,
  needs: ['iptables-save', 'kubectl', 'tcpdump'],
  references: [
    'kubernetes/kubernetes#93091',
    'firewalld: FlushAllOnReload=',
    'kubernetes/kubernetes: pkg/util/iptables Monitor',
  ],
  explains: ['neigh-failed-next-hop', 'podcidr-route-missing', 'underlay-antispoof', 'blackhole-or-unreachable-route'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context) || context.branch.outcome === 'delivered' || translationsOf(context).length > 0) return [];
    const { dst, dport, proto } = context.flow.question;
    // The first host that the request passes is the one to translate it.
    const step = context.branch.forward.steps.find(
      (s) => s.namespace === '' && (s.place === 'routing' || s.place === 'PREROUTING' || s.place === 'OUTPUT'),
    );
    const ns = step && context.network.namespaces.get(namespaceId(step));
    if (!step || !ns || (!knows(ns, 'iptables-save') && rulesCaptured(ns)) || bpfProxyDevice(ns)) return [];
    const family = step.before.family;
    const elsewhere = tellsOfService(context, ns, dst, dport, family);
    const kube =
      dport === undefined ? undefined : kubeFront(context.network, { proto, address: dst, port: dport }, false);
    if (!elsewhere && !kube) return [];
    // Another node, or the cluster, knows the service; whether this node's rules do is what the walk lacks.
    if (!rulesCaptured(ns))
      return isSeenFailing(context) && ns.services.length === 0 && runsPods(context.network, ns)
        ? [undecided([{ kind: 'iptables-save', namespace: ns.id }], { virtual: dst, port: dport ?? 0 })]
        : [];
    const tables = ns.tables.filter((t) => t.family === family && t.name === 'nat');
    // IPVS and nftables proxies keep their services elsewhere.
    if (tables.length === 0 || ns.services.length > 0 || ns.nftTables.some((t) => t.name === 'kube-proxy')) return [];
    const unhooked = unhookedEntrance(tables, step.place === 'OUTPUT' ? 'OUTPUT' : hookOf(context, ns));
    const hasChain = tables.some((t) => t.chains.has('KUBE-SERVICES'));
    if (hasChain && !unhooked) return [];
    const manager = managerOf(ns);
    const confidence = manager || unhooked ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context));
    return [
      foundAt(step, {
        confidence,
        values: {
          virtual: dst,
          port: dport ?? 0,
          manager: manager?.owner ?? '',
          unhooked: unhooked !== undefined,
          chain: unhooked?.chain.name ?? 'KUBE-SERVICES',
          elsewhere: elsewhere?.node ?? '',
        },
        evidence: [
          ...(unhooked ? decisiveLine(unhooked.chain, [unhooked.chain.name]) : tables.flatMap((t) => decisiveLine(t))),
          ...decisiveLine(elsewhere?.rule, [dst]),
          ...supportingLine(kube?.service, [dst]),
          ...supportingLine(manager?.chain, [manager?.chain.name ?? '']),
          ...symptomLines(context),
        ],
        fixes: [fixOf(ns, family, unhooked)],
      }),
    ];
  },
};

/** Packets of the node's own processes enter by OUTPUT, all others by PREROUTING. */
const hookOf = (context: CauseContext, ns: NetNamespace): 'PREROUTING' | 'OUTPUT' =>
  senderOf(context.flow.question) === ns.id ? 'OUTPUT' : 'PREROUTING';

/** Another node whose rules translate the service's address. */
const tellsOfService = (
  context: CauseContext,
  not: NetNamespace,
  dst: string,
  dport: number | undefined,
  family: 4 | 6,
) => {
  for (const { host } of context.network.nodes) {
    if (host === not) continue;
    for (const table of host.tables) {
      if (table.family !== family || table.name !== 'nat') continue;
      const rule = table.chains.get('KUBE-SERVICES')?.rules.find((r) => {
        const values = r.matches.flatMap((m) =>
          m.options.filter((o) => !o.invert).map((o) => [o.flag, ...o.values].join(' ')),
        );
        return (
          values.some((v) => v === `-d ${dst}/${family === 4 ? 32 : 128}` || v === `-d ${dst}`) &&
          (dport === undefined || values.includes(`--dport ${dport}`)) &&
          r.target?.name.startsWith('KUBE-') === true
        );
      });
      if (rule) return { node: host.node, rule };
    }
  }
  return undefined;
};

interface Unhooked {
  readonly chain: Chain;
  readonly table: RuleTable;
  readonly from: 'PREROUTING' | 'OUTPUT';
}

/** A filled chain of the cluster to which the built-in chain has no jump any more. */
const unhookedEntrance = (tables: readonly RuleTable[], from: 'PREROUTING' | 'OUTPUT'): Unhooked | undefined => {
  for (const table of tables)
    for (const entrance of ENTRANCES) {
      const chain = table.chains.get(entrance.chain);
      const isEmpty = !chain || chain.rules.length === 0;
      if (isEmpty || table.chains.get(from)?.rules.some((r) => r.target?.name === entrance.chain)) continue;
      return { chain, table, from };
    }
  return undefined;
};

const managerOf = (ns: NetNamespace): { readonly owner: RuleOwner; readonly chain: Chain } | undefined => {
  for (const table of ns.tables)
    for (const chain of table.chains.values()) {
      const owner = chain.policy === undefined ? ownerOfChain(chain.name) : 'user';
      if (MANAGERS.has(owner)) return { owner, chain };
    }
  return undefined;
};

const fixOf = (ns: NetNamespace, family: 4 | 6, unhooked: Unhooked | undefined) => {
  const restart = restartProxy(ns.node);
  if (!unhooked) return { id: 'restart-proxy', commands: [restart], changes: [], values: { chain: 'KUBE-SERVICES' } };
  const tool = iptablesOf(ns, unhooked.table);
  const hooks = (['PREROUTING', 'OUTPUT'] as const).filter(
    (from) => !unhooked.table.chains.get(from)?.rules.some((r) => r.target?.name === unhooked.chain.name),
  );
  const changes = hooks.map(
    (chain): Change => ({
      namespace: ns.id,
      op: 'add',
      what: 'iptables-rule',
      family,
      table: 'nat',
      chain,
      position: 1,
      record: {
        matches: [],
        target: { name: unhooked.chain.name, goto: false, options: [] },
        counters: undefined,
        comment: undefined,
      },
    }),
  );
  return {
    id: 'hook-again',
    commands: hooks.map((chain) => commandIn(ns, shell`${tool} -t nat -I ${chain} 1 -j ${unhooked.chain.name}`)),
    changes,
    values: { chain: unhooked.chain.name },
  };
};
