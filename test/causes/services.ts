import type { FlowQuestion } from '../../src/path/walk-result.ts';
import { type BundleTexts, bundleOf } from './bundle.ts';

/**
 * A healthy cluster (kube-proxy ipvs, flannel) without any trace of its flows: three nodes fn-1 to fn-3, the pod ui on fn-1, and
 * 10.161.5.1:80 with a server on each of the other two. What a test adds to it is all that differs.
 */
export const quietCluster = (): BundleTexts =>
  bundleOf('ok-ipvs-cross-node-flannel')
    .without('tcpdump')
    .without('conntrack')
    .withoutFile('nf_conntrack.txt')
    .withoutFile('ipvsadm_-Ln_--stats.txt')
    .edited('ipvsadm_-Lnc.txt', /^(TCP|UDP) .*\n/gm, '');

/** ui asks the service. */
export const ASKED: FlowQuestion = {
  proto: 'tcp',
  src: '10.160.0.9',
  sport: 40001,
  dst: '10.161.5.1',
  dport: 80,
  start: 'fn-1/ui',
};

/** The client's own connection table still waits for the first answer. */
export const waiting = (bundle: BundleTexts, flow: FlowQuestion = ASKED): BundleTexts => {
  const [node, pod] = (flow.start ?? '').split('/');
  const path = pod === undefined ? `${node}/conntrack_-L.txt` : `${node}/netns/${pod}/conntrack_-L.txt`;
  return bundle.appended(path, unreplied(flow, flow.dst, flow.dport ?? 0, flow.src));
};

/** A line of conntrack: SYN sent, nothing came back. */
export const unreplied = (flow: FlowQuestion, server: string, port: number, seenAs: string): string =>
  flow.proto === 'tcp'
    ? `tcp      6 110 SYN_SENT src=${flow.src} dst=${flow.dst} sport=${flow.sport} dport=${flow.dport} [UNREPLIED] src=${server} dst=${seenAs} sport=${port} dport=${flow.sport} mark=0 use=1\n`
    : `udp      17 25 src=${flow.src} dst=${flow.dst} sport=${flow.sport} dport=${flow.dport} [UNREPLIED] src=${server} dst=${seenAs} sport=${port} dport=${flow.sport} mark=0 use=1\n`;

/** A line of conntrack: the connection is up. */
export const established = (flow: FlowQuestion, server: string, port: number, seenAs: string): string =>
  `tcp      6 86390 ESTABLISHED src=${flow.src} dst=${flow.dst} sport=${flow.sport} dport=${flow.dport} src=${server} dst=${seenAs} sport=${port} dport=${flow.sport} [ASSURED] mark=0 use=1\n`;

/** A line of `ipvsadm -Lnc`. */
export const connection = (state: string, client: string, virtual: string, server: string): string =>
  `TCP 14:40  ${state.padEnd(11)} ${client} ${virtual} ${server}\n`;

/** fn-1's file with rules before or after others of the same table; a rule is as iptables-save prints it. */
export const withRules = (
  bundle: BundleTexts,
  node: string,
  table: string,
  chains: readonly string[],
  rules: readonly string[],
) => {
  const heads = chains.map((name) => `:${name} - [0:0]\n`).join('');
  const lines = rules.map((rule) => `[5:300] ${rule}\n`).join('');
  return bundle.edited(
    `${node}/iptables-save.txt`,
    new RegExp(`(\\*${table}\n(?::.*\n)*)`),
    (_, head: string) => `${head}${heads}${lines}`,
  );
};

/** A set as `ipset list` prints it. */
export const ipset = (name: string, type: string, members: readonly string[], family = 'inet'): string =>
  `\nName: ${name}\nType: ${type}\nRevision: 6\nHeader: ${type.startsWith('bitmap') ? 'range 0-65535' : `family ${family} hashsize 1024 maxelem 65536`}\nSize in memory: 200\nReferences: 1\nNumber of entries: ${members.length}\nMembers:\n${members.map((m) => `${m}\n`).join('')}`;

/** Objects as `kubectl get -o yaml` prints them. */
export interface ServiceObject {
  readonly namespace?: string;
  readonly name: string;
  readonly type?: string;
  readonly clusterIP: string;
  readonly ports: readonly { readonly port: number; readonly targetPort: number; readonly nodePort?: number }[];
  readonly spec?: readonly string[];
  readonly status?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}
export const serviceYaml = (service: ServiceObject): string =>
  [
    'apiVersion: v1',
    'kind: Service',
    'metadata:',
    `  name: ${service.name}`,
    `  namespace: ${service.namespace ?? 'shop'}`,
    ...(service.annotations
      ? ['  annotations:', ...Object.entries(service.annotations).map(([k, v]) => `    ${k}: "${v}"`)]
      : []),
    'spec:',
    `  type: ${service.type ?? 'ClusterIP'}`,
    `  clusterIP: ${service.clusterIP}`,
    '  clusterIPs:',
    `  - ${service.clusterIP}`,
    ...(service.spec ?? []).map((line) => `  ${line}`),
    '  ports:',
    ...service.ports.flatMap((p) => [
      '  - protocol: TCP',
      `    port: ${p.port}`,
      `    targetPort: ${p.targetPort}`,
      ...(p.nodePort === undefined ? [] : [`    nodePort: ${p.nodePort}`]),
    ]),
    ...(service.status ? ['status:', ...service.status.map((line) => `  ${line}`)] : []),
    '---',
    '',
  ].join('\n');

export const endpointsYaml = (
  name: string,
  port: number,
  ready: readonly string[],
  namespace = 'shop',
  notReady: readonly string[] = [],
): string =>
  [
    'apiVersion: discovery.k8s.io/v1',
    'kind: EndpointSlice',
    'metadata:',
    `  name: ${name}-abc12`,
    `  namespace: ${namespace}`,
    '  labels:',
    `    kubernetes.io/service-name: ${name}`,
    'addressType: IPv4',
    'ports:',
    '- name: ""',
    `  port: ${port}`,
    '  protocol: TCP',
    'endpoints:',
    ...[...ready, ...notReady].flatMap((address, i) => [
      '- addresses:',
      `  - ${address}`,
      '  conditions:',
      `    ready: ${i < ready.length}`,
    ]),
    '---',
    '',
  ].join('\n');

export const podYaml = (name: string, node: string, ip: string, phase = 'Running', namespace = 'shop'): string =>
  [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    'spec:',
    `  nodeName: ${node}`,
    'status:',
    `  phase: ${phase}`,
    `  podIP: ${ip}`,
    '  podIPs:',
    `  - ip: ${ip}`,
    '---',
    '',
  ].join('\n');
