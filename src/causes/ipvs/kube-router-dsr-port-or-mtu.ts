import { deviceSysctl, deviceSysctlNumber, knows, type NetNamespace } from '../../network/namespace.ts';
import { findService } from '../../path/ipvs-service.ts';
import { ownAddress } from '../../path/routing/local.ts';
import type { Source } from '../../records/source.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, proofsOf, supportingLine } from '../facts/ending.ts';
import type { Cause, EvidenceLine } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { type Shell, shell } from '../facts/shell.ts';

/**
 * Direct server return: IPVS tunnels the request to the pod, and the pod answers the client itself as the virtual address. For that the pod
 * needs the address and a tunnel device, no reverse path filter, and the service's own port.
 */
export const kubeRouterDsrPortOrMtu: Cause = {
  id: 'kube-router-dsr-port-or-mtu',
  group: 'C',
  layer: 'ipvs',
  control: false,
  needs: ['ipvsadm', 'ip-addr', 'sysctl', 'iptables-save'],
  references: ['cloudnativelabs/kube-router docs/dsr.md', 'net/netfilter/ipvs/ip_vs_xmit.c: ip_vs_tunnel_xmit'],
  explains: ['targetport-no-listener-rst', 'rp-filter-strict-drop', 'return-path-bypasses-nat'],
  detect: (context) => {
    if (!isBroken(context)) return [];
    const step = context.branch.forward.steps.find((s) => s.action.code === 'ipvs-tunnel');
    const ns = step && context.network.namespaces.get(step.node);
    if (!step || !ns) return [];
    const server = String(step.action.values.to ?? '');
    const virtual = step.before.dst;
    const port = step.before.dport ?? 0;
    const pod = context.network.owners(server).find((o) => o.link.kind !== 'dummy')?.namespace;
    const values = { virtual, port, server, missing: '', device: '', listens: '' };
    if (!pod || pod.imagined || !knows(pod, 'ip-addr'))
      return [undecided([{ kind: 'ip-addr', namespace: pod?.id ?? server }], values)];
    const service = findService(ns.services, step.before);
    const lines: readonly EvidenceLine[] = [...proofsOf(step, [server]), ...(service ? decisiveLine(service) : [])];
    const fault = faultIn(pod, virtual, port, step.before.proto);
    if (!fault) return [];
    return [
      foundAt(step, {
        confidence: context.evidence.seen === 'unknown' ? 'likely' : 'certain',
        values: { ...values, missing: fault.code, device: fault.device, listens: fault.listens },
        evidence: [
          ...lines,
          ...fault.sources.map((source) => ({ source, role: 'decisive' as const })),
          ...supportingLine(pod.links.get('kube-tunnel-if')),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: `mend-${fault.code}`,
            commands: [commandIn(pod, fault.command)],
            changes: [],
            values: { virtual, port, device: fault.device, server },
          },
        ],
      }),
    ];
  },
};

interface Fault {
  readonly code: 'address' | 'rp-filter' | 'port';
  readonly device: string;
  readonly listens: string;
  readonly command: Shell;
  readonly sources: readonly Source[];
}

const faultIn = (pod: NetNamespace, virtual: string, port: number, proto: string): Fault | undefined => {
  const own = ownAddress(pod, virtual);
  const sourcesOf = (kind: 'ip-addr' | 'sockets') => (pod.captureSources.get(kind) ?? []).slice(0, 1);
  if (!own)
    return {
      code: 'address',
      device: '',
      listens: '',
      command: shell`ip address add ${virtual}/${virtual.includes(':') ? 128 : 32} dev kube-tunnel-if`,
      sources: sourcesOf('ip-addr'),
    };
  const tunnel =
    [...pod.links.values()].find((l) => l.kind === 'ipip' && l.flags.includes('UP') && l.name !== 'tunl0') ??
    pod.links.get('kube-tunnel-if');
  const device = tunnel?.name ?? own.link.name;
  const filter = Math.max(
    deviceSysctlNumber(pod, 4, 'all', 'rp_filter') ?? 0,
    deviceSysctlNumber(pod, 4, device, 'rp_filter') ?? 0,
  );
  if (filter === 1)
    return {
      code: 'rp-filter',
      device,
      listens: '',
      command: shell`sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.${device.replaceAll('.', '/')}.rp_filter=0`,
      sources: [deviceSysctl(pod, 4, 'all', 'rp_filter'), deviceSysctl(pod, 4, device, 'rp_filter')].flatMap((s) =>
        s ? [s.source] : [],
      ),
    };
  if (!knows(pod, 'sockets')) return undefined;
  const listeners = pod.sockets.filter(
    (s) => s.proto.startsWith(proto) && (s.state === 'LISTEN' || s.state === 'UNCONN'),
  );
  if (listeners.length > 0 && !listeners.some((s) => s.localPort === port))
    return {
      code: 'port',
      device,
      listens: String(listeners[0]?.localPort ?? ''),
      command: shell`ss -lntu ${`sport = :${port}`}`,
      sources: listeners.slice(0, 2).map((s) => s.source),
    };
  return undefined;
};
