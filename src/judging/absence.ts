import { endingOf, namespaceId } from '../causes/facts/ending.ts';
import type { CauseContext, Found } from '../causes/facts/finding.ts';
import { rulesCaptured } from '../causes/facts/rules.ts';
import { ownEntries } from '../causes/facts/trace.ts';
import { isWhole, knows, type NetNamespace, sysctlNumber } from '../network/namespace.ts';
import type { Missing, Step } from '../path/step.ts';
import type { ActionCode } from '../path/vocabulary/actions.ts';
import type { CaptureKind } from '../records/capture.ts';

/** Ends of a walk that say that something is not there, and the kind of capture in which it would stand. */
const ABSENT: ReadonlyMap<string, CaptureKind> = new Map<ActionCode, CaptureKind>([
  ['no-policy', 'xfrm-policy'],
  ['no-state', 'xfrm-state'],
  ['tmpl-mismatch', 'xfrm-policy'],
  ['no-route', 'ip-route'],
  ['no-listener', 'sockets'],
  ['vxlan-no-fdb', 'bridge-fdb'],
  ['ipvs-no-server', 'ipvsadm'],
]);

/**
 * Ends by the name that the packet has when it comes there: an answer that goes to somebody else than who asked, a source that is taken for a foreign one, an address that
 * nobody leads to or no policy knows. Rules that were not captured on the way may have given it another.
 */
const BY_NAME: ReadonlySet<string> = new Set<ActionCode>([
  'answer-from-stranger',
  'answer-elsewhere',
  'martian-source',
  'martian-destination',
  'outside',
  'rp-filter',
  'ct-invalid',
  'no-route',
  'unreachable',
  'blackhole',
  'no-policy',
]);

/**
 * The captures without which a finding reads the absence of a capture as the absence of the thing: what it says is not there must be missing from a whole capture of that very
 * namespace, and the name by which the packet dies must not hang on rules that nobody captured. Empty: it rests on what was captured.
 */
export const lackedBy = (found: Found, context: CauseContext): readonly Missing[] => {
  const ending = endingOf(context);
  const declared = (found.absent ?? []).filter((missing) => isLacking(context, missing));
  if (!ending || !isAtEnd(found, context)) return declared;
  const { step, namespace } = ending;
  const kind = ABSENT.get(step.action.code);
  const cut: readonly Missing[] =
    kind !== undefined && knows(namespace, kind) && !isWhole(namespace, kind)
      ? [{ kind, namespace: namespace.id }]
      : [];
  const unruled = BY_NAME.has(step.action.code) ? hostsWithoutRules(context) : [];
  return [...declared, ...cut, ...unruled.map((ns): Missing => ({ kind: 'iptables-save', namespace: ns.id }))];
};

const isLacking = ({ network }: CauseContext, { kind, namespace }: Missing): boolean => {
  const ns = network.namespaces.get(namespace);
  return ns === undefined || !isWhole(ns, kind);
};

/** The finding is where the walk ends. */
const isAtEnd = (found: Found, context: CauseContext): boolean => {
  const ending = endingOf(context);
  if (!ending || context.branch.outcome === 'delivered') return false;
  if (found.node === null) return true;
  return found.node === ending.step.node && found.namespace === ending.step.namespace && found.at === ending.step.place;
};

/**
 * Hosts that pass the flow on, whose rules were not captured, and of which nothing shows that the packet left them under the name that the walk gives it. An end of the flow seldom
 * translates its own packets, and a host without a single connection in its table translates none (nf_nat_setup_info needs an entry).
 */
const hostsWithoutRules = (context: CauseContext): readonly NetNamespace[] => {
  const { branch, network, evidence } = context;
  // A tunnel's packets and entry, which other flows share, tell nothing of what is inside.
  const own = ownEntries(context);
  const ids = new Set(branch.forward.steps.filter((step) => passesOn(step)).map(namespaceId));
  return [...ids]
    .flatMap((id) => network.namespaces.get(id) ?? [])
    .filter(
      (ns) =>
        ns.name === '' &&
        !rulesCaptured(ns) &&
        !isWithoutConnections(ns) &&
        !own.some((e) => e.namespace === ns.id && e.agrees === true) &&
        !evidence.packets.some(
          (p) => p.namespace === ns.id && p.view.direction === 'out' && p.step !== undefined && p.layer === p.view,
        ),
    );
};

/** The packet itself, not a tunnel's around it, is routed through, or balanced to a server. */
const passesOn = ({ action, before }: Step): boolean =>
  before.inner === undefined && before.spi === undefined && (action.code === 'forward' || action.code === 'ipvs-dnat');

const isWithoutConnections = (ns: NetNamespace): boolean =>
  sysctlNumber(ns, 'net.netfilter.nf_conntrack_count') === 0 ||
  (isWhole(ns, 'conntrack') && ns.conntrack.every((table) => table.count === 0));
