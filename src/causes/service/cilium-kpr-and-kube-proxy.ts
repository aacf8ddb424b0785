import type { NetNamespace } from '../../network/namespace.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandOn } from '../facts/fix-command.ts';
import { foundAt } from '../facts/found.ts';
import { chainsLike } from '../facts/rules.ts';
import { shell } from '../facts/shell.ts';
import { firstTranslation } from '../facts/translation.ts';

/**
 * Cilium and kube-proxy both serve the node's services. Where Cilium's socket load balancing translates, neither IPVS nor iptables sees
 * the service's address, and what their tables say of the flow may not hold.
 */
export const ciliumKprAndKubeProxy: Cause = {
  id: 'cilium-kpr-and-kube-proxy',
  group: 'C',
  layer: 'service',
  control: false,
  needs: ['ip-link', 'iptables-save', 'ipvsadm', 'kubectl'],
  references: ['https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/', 'cilium/cilium#28260'],
  detect: (context) => {
    const { seen } = context.evidence;
    const t = firstTranslation(context);
    if (!t || seen === 'ok' || seen === 'unknown') return [];
    // Only where what was seen and what the tables say part: the translation must have been made elsewhere.
    const { namespace: ns } = t;
    const tracked = context.evidence.entries.some((e) => e.namespace === ns.id && e.agrees === true);
    if (context.branch.outcome !== 'delivered' || tracked) return [];
    const cilium = ciliumDevice(ns);
    const chain = chainsLike(ns, 'nat', t.step.before.family, /^KUBE-SVC-/)[0];
    const proxied = chain ?? ns.services[0];
    if (!cilium || !proxied) return [];
    const pods = context.network.kube.pods.filter((p) => p.nodeName === ns.node && p.phase === 'Running');
    const agent = pods.find((p) => p.name.startsWith('cilium-') && !p.name.startsWith('cilium-operator'));
    const proxy = pods.find((p) => p.name.startsWith('kube-proxy'));
    return [
      foundAt(t.step, {
        confidence: agent && proxy ? 'likely' : 'possible',
        values: {
          virtual: t.virtual,
          port: t.port,
          device: cilium.name,
          by: t.by,
          agent: agent?.name ?? '',
          proxy: proxy?.name ?? '',
        },
        evidence: [
          ...decisiveLine(cilium, [cilium.name]),
          ...decisiveLine(proxied),
          ...supportingLine(agent),
          ...supportingLine(proxy),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'one-proxy',
            commands: [
              commandOn(ns.node, shell`cilium-dbg status --verbose | grep -A12 KubeProxyReplacement`),
              commandOn(ns.node, shell`cilium-dbg service list`),
            ],
            changes: [],
            values: { virtual: t.virtual },
          },
        ],
      }),
    ];
  },
};

const ciliumDevice = (ns: NetNamespace) => ns.links.get('cilium_host') ?? ns.links.get('cilium_net');
