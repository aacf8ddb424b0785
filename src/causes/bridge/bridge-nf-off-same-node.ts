import { knows, type NetNamespace, sysctl } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import { confidenceOfEnd, isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, endingOf, namespaceId, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, EvidenceLine, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { translationsOf } from '../facts/translation.ts';

const nameOf = (family: 4 | 6): string => `net.bridge.bridge-nf-call-ip${family === 4 ? '' : '6'}tables`;

/**
 * Client and server are ports of one bridge. The request is translated by the host, the answer goes from port to port without meeting netfilter or IPVS, and reaches the
 * client under the server's own address. The client knows no such connection and resets it.
 */
export const bridgeNfOffSameNode: Cause = {
  id: 'bridge-nf-off-same-node',
  group: 'B',
  layer: 'bridge',
  control: false,
  needs: ['sysctl', 'ip-link', 'conntrack', 'tcpdump'],
  references: [
    'net/bridge/br_netfilter_hooks.c: br_nf_pre_routing',
    'kubernetes/kubernetes#21613',
    'kubernetes/kubernetes#87426',
    'flannel-io/flannel#1702',
  ],
  explains: ['return-path-bypasses-nat', 'ct-invalid-drop-or-rst'],
  detect: (context): readonly Verdict[] => {
    if (!isBroken(context)) return [];
    const ending = endingOf(context);
    const bridged = stepsOf(context).findLast(
      (s) => s.action.code === 'bridge-without-iptables' || s.action.code === 'bridge-iptables-assumed',
    );
    const host = bridged && context.network.namespaces.get(namespaceId(bridged));
    const translated = translationsOf(context)[0];
    if (!ending || !bridged || !host || translated?.namespace !== host) return [];
    const name = nameOf(bridged.before.family);
    const values = {
      sysctl: name,
      bridge: textOf(bridged, 'bridge'),
      virtual: translated.virtual,
      port: translated.port,
      server: translated.server,
      loaded: sysctl(host, name) !== undefined,
    };
    const strangers = answersUnderServersName(context, translated.server);
    if (bridged.action.code === 'bridge-iptables-assumed')
      return strangers.length > 0 || context.evidence.seen === 'timeout'
        ? [undecided([{ kind: 'sysctl', namespace: host.id }], values)]
        : [];
    if (ending.leg.direction !== 'reply' || ending.step.action.code !== 'answer-from-stranger') return [];
    const walked = confidenceOfEnd(context);
    return [
      {
        ...foundAt(bridged, {
          confidence: strangers.length > 0 ? 'certain' : walked,
          values,
          evidence: [...settingLines(host, name), ...strangers, ...symptomLines(context)],
          fixes: [
            {
              id: 'call-iptables',
              commands: [commandIn(host, shell`modprobe br_netfilter`), commandIn(host, shell`sysctl -w ${name}=1`)],
              changes: [{ namespace: host.id, op: 'set', what: 'sysctl', name, value: '1' }],
              values: { sysctl: name },
            },
          ],
        }),
      },
    ];
  },
};

/** The sysctl's line; where the module is not loaded there is none, and the dump's first line stands for that. */
const settingLines = (host: NetNamespace, name: string): readonly EvidenceLine[] => {
  const record = sysctl(host, name);
  if (record) return decisiveLine(record, [name]);
  return knows(host, 'sysctl')
    ? (host.captureSources.get('sysctl') ?? []).slice(0, 1).map((source) => ({ source, role: 'supporting' as const }))
    : [];
};

/** Answers that reached the client's own namespace under the server's name. */
const answersUnderServersName = (context: CauseContext, server: string): readonly EvidenceLine[] =>
  context.evidence.packets
    .filter((p) => p.leg === 'reply' && p.namespace === senderOf(context.flow.question) && p.layer?.src === server)
    .slice(0, 2)
    .flatMap((p) => decisiveLine(p.view, [server]));
