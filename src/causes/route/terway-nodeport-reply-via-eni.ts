import { knows } from '../../network/namespace.ts';
import { prefixContains } from '../../tables/address.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { namespaceId, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { serverIsHere, translationsOf } from '../facts/translation.ts';

/**
 * The pod has an interface card of its own. A node port's request comes in by the node's first card; the pod's answer is routed by the
 * pod's address, by a rule of its own table, and leaves by the other card, past whoever expects it on the first.
 */
export const terwayNodeportReplyViaEni: Cause = {
  id: 'terway-nodeport-reply-via-eni',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-rule', 'ip-route', 'conntrack', 'tcpdump'],
  references: [
    'AliyunContainerService/terway: policy_router, symmetric routing',
    'net/ipv4/fib_rules.c: fib4_rule_match',
  ],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const { reply } = context.branch;
    const t = translationsOf(context).at(-1);
    if (!reply || !t || t.ownClient || !serverIsHere(context, t)) return [];
    const { namespace: ns } = t;
    const arrived = context.branch.forward.steps.findLast(
      (s, i) => i < t.index && namespaceId(s) === ns.id && s.place === 'routing' && s.device !== undefined,
    );
    const left = reply.steps.find((s) => namespaceId(s) === ns.id && s.action.code === 'forward');
    if (!arrived || !left) return [];
    const from = arrived.device ?? '';
    const by = textOf(left, 'device');
    const table = textOf(left, 'table');
    if (by === '' || (knows(ns, 'ip-rule') && (by === from || table === '' || table === 'main'))) return [];
    const values = {
      virtual: t.virtual,
      port: t.port,
      server: t.server,
      arrived: from,
      left: by,
      table,
      client: t.step.before.src,
      symmetric: hasSymmetricRule(ns.rules),
    };
    // Another table leads to the client by another card; whether a rule sends the pod's answers there was not captured.
    if (!knows(ns, 'ip-rule')) {
      const tables = ns.routes.filter((r) => !MAIN.has(r.table) && prefixContains(r.prefix, t.step.before.src));
      const isOpen = tables.some((r) => r.nextHops.some((hop) => hop.dev !== undefined && hop.dev !== from));
      return isOpen && isSeenFailing(context) ? [undecided([{ kind: 'ip-rule', namespace: ns.id }], values)] : [];
    }
    const rule = ns.rules.find((r) => r.from?.split('/')[0] === t.server);
    const entry = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.unreplied);
    const found = foundAt(left, {
      confidence: context.evidence.seen === 'unknown' ? 'possible' : 'likely',
      values,
      evidence: [
        ...proofsOf(left, [by]),
        ...supportingLine(rule, [t.server]),
        ...proofsOf(arrived),
        ...proofsOf(t.step),
        ...supportingLine(entry?.entry, ['[UNREPLIED]']),
        ...symptomLines(context),
      ],
      fixes: [
        {
          id: 'symmetric-routing',
          commands: [
            commandIn(
              ns,
              shell`iptables -t mangle -A PREROUTING -i ${from} -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x10/0x10`,
            ),
            commandIn(
              ns,
              shell`iptables -t mangle -A PREROUTING -m connmark --mark 0x10/0x10 -j CONNMARK --restore-mark --nfmask 0x10 --ctmask 0x10`,
            ),
            commandIn(ns, shell`ip rule add fwmark 0x10/0x10 lookup main priority 600`),
          ],
          changes: [],
          values: { arrived: from, left: by },
        },
      ],
    });
    return [found];
  },
};

const MAIN: ReadonlySet<string> = new Set(['main', 'local', 'default']);

/** Terway's own remedy: a mark of the connection that leads answers back by the main table. */
const hasSymmetricRule = (rules: readonly { readonly fwmark: { readonly value: number } | undefined }[]): boolean =>
  rules.some((r) => r.fwmark?.value === 0x10);
