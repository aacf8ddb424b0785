import type { SeenSign } from '../../evidence/observation.ts';
import { tellsRefusal } from '../../evidence/refusal-prefix.ts';
import type { RuleTable } from '../../records/iptables.ts';
import type { Source } from '../../records/source.ts';
import type { EvidenceLine, Found, ToldContext, Values } from './finding.ts';

/** A hook at which a firewall's rules stand. */
export type RefusingHook = 'FORWARD' | 'INPUT' | 'OUTPUT';

/** The hook that a logged packet's devices tell: only what is forwarded has both, what the host itself sends has no way in. PREROUTING shows as INPUT, POSTROUTING as OUTPUT. */
export const hookOf = ({ packet: { iif, oif } }: SeenSign): RefusingHook | undefined => {
  if (iif !== undefined) return oif === undefined ? 'INPUT' : 'FORWARD';
  return oif === undefined ? undefined : 'OUTPUT';
};

/** Whether the rule's author calls the packet INVALID, which is conntrack's word for it and no policy about the flow. */
export const tellsInvalid = (sign: SeenSign): boolean => /invalid/i.test(sign.packet.prefix);

/** Lines of one node's log in which a firewall says that it refuses packets of the flow. */
interface Refusal {
  readonly node: string;
  readonly first: SeenSign;
  readonly lines: readonly SeenSign[];
  readonly rule: Source | undefined;
}

const refusalsOf = (
  { evidence }: ToldContext,
  isMine: (sign: SeenSign) => boolean,
  network: ToldContext['network'],
): readonly Refusal[] => {
  const byNode = new Map<string, SeenSign[]>();
  for (const sign of evidence.signs) {
    if (!tellsRefusal(sign) || !isMine(sign)) continue;
    const node = sign.namespace.split('/')[0] ?? sign.namespace;
    byNode.set(node, [...(byNode.get(node) ?? []), sign]);
  }
  return [...byNode].flatMap(([node, lines]): Refusal[] => {
    const [first] = lines;
    const ns = network.namespaces.get(first?.namespace ?? '');
    return first ? [{ node, first, lines, rule: ns && loggingRule(ns.tables, first.packet.prefix) }] : [];
  });
};

/** The LOG rule that writes this prefix; undefined where the rules were not captured, or two write it. */
const loggingRule = (tables: readonly RuleTable[], prefix: string): Source | undefined => {
  const rules = tables.flatMap((table) =>
    [...table.chains.values()].flatMap((chain) =>
      chain.rules.filter((rule) =>
        rule.target?.options.some(
          (o) => o.flag === '--log-prefix' && o.values.join(' ').trim() === prefix && prefix !== '',
        ),
      ),
    ),
  );
  return rules.length === 1 ? rules[0]?.source : undefined;
};

/**
 * What a firewall's own log lines prove: which packet of the flow, at which hook, on which node. A LOG rule does not refuse by itself; that its author's words are true
 * makes it likely, unless the walk finds the rule behind it too.
 */
export const loggedRefusals = (
  context: ToldContext,
  isMine: (sign: SeenSign) => boolean,
  values: (sign: SeenSign) => Values = () => ({}),
): readonly Found[] =>
  context.evidence.seen === 'ok'
    ? []
    : refusalsOf(context, isMine, context.network).map(({ node, first, lines, rule }): Found => {
        const { packet } = first;
        const evidence: readonly EvidenceLine[] = [
          ...lines.slice(0, 3).map(
            ({ message }, i): EvidenceLine => ({
              source: message.source,
              role: i === 0 ? 'decisive' : 'supporting',
              words: [packet.prefix, `SRC=${packet.src}`, `DST=${packet.dst}`].filter((word) => word !== ''),
            }),
          ),
          ...(rule ? [{ source: rule, role: 'supporting' as const, words: [packet.prefix] }] : []),
        ];
        return {
          kind: 'found',
          confidence: 'likely',
          node,
          namespace: '',
          at: hookOf(first) ?? 'INPUT',
          values: {
            src: packet.src,
            dst: packet.dst,
            proto: packet.proto ?? context.question.proto,
            port: packet.dport ?? 0,
            iif: packet.iif ?? '',
            oif: packet.oif ?? '',
            logged: lines.length,
            prefix: packet.prefix,
            chain: '',
            policy: false,
            rejected: /reject/i.test(packet.prefix),
            owner: 'user',
            comment: '',
            counted: 0,
            seenArriving: 0,
            ...values(first),
          },
          evidence,
          fixes: [],
        };
      });
