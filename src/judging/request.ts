import type { Network } from '../network/network.ts';
import type { FlowQuestion } from '../path/walk-result.ts';

/** An end of a flow as the user wrote it. */
export type Endpoint =
  | { readonly kind: 'address'; readonly address: string; readonly port?: number | undefined }
  | {
      readonly kind: 'pod' | 'svc' | 'node';
      readonly namespace?: string | undefined;
      readonly name: string;
      readonly port?: number | string | undefined;
    };

/** What the user asked for: a flow, and where it starts. */
export interface FlowRequest {
  readonly src: Endpoint;
  readonly dst: Endpoint;
  readonly proto: string;
  /** `NODE` or `NODE/POD`. */
  readonly from: string | undefined;
}

/** The question cannot be answered with this bundle: `code` and values for one line of words, with the nearest valid names. */
export class RequestError extends Error {
  readonly code: 'unknown-start' | 'unknown-name' | 'unknown-port';
  readonly asked: string;
  readonly valid: readonly string[];

  constructor(code: RequestError['code'], asked: string, valid: readonly string[]) {
    super(`${code}: ${asked}`);
    this.name = 'RequestError';
    this.code = code;
    this.asked = asked;
    this.valid = valid;
  }
}

/** The flow in addresses and ports. Names are looked up in the bundle's nodes, pods' namespaces and Kubernetes objects. */
export const resolveRequest = (network: Network, request: FlowRequest): FlowQuestion => {
  const src = endpoint(network, request.src);
  const dst = endpoint(network, request.dst);
  const start = request.from === undefined ? src.namespace : startOf(network, request.from);
  return { proto: request.proto, src: src.address, sport: src.port, dst: dst.address, dport: dst.port, start };
};

const startOf = (network: Network, from: string): string => {
  if (network.namespaces.has(from)) return from;
  throw new RequestError('unknown-start', from, [...network.namespaces.keys()]);
};

interface Resolved {
  readonly address: string;
  readonly port: number | undefined;
  readonly namespace: string | undefined;
}

const endpoint = (network: Network, end: Endpoint): Resolved => {
  if (end.kind === 'address') return { address: end.address, port: end.port, namespace: undefined };
  const port = typeof end.port === 'number' ? end.port : undefined;
  if (end.kind === 'node') return node(network, end.name, port);
  if (end.kind === 'pod') return pod(network, end.namespace, end.name, port);
  return service(network, end.namespace, end.name, end.port);
};

const firstAddress = (network: Network, id: string): string | undefined => {
  const ns = network.namespaces.get(id);
  const links = ns
    ? [...ns.links.values()].filter((link) => !link.flags.includes('LOOPBACK') && link.kind !== 'dummy')
    : [];
  const all = links.flatMap((link) => link.addresses).filter((a) => a.scope === 'global');
  return (all.find((a) => a.family === 4) ?? all[0])?.address;
};

const node = (network: Network, name: string, port: number | undefined): Resolved => {
  const address = network.nodes.some((n) => n.name === name) ? firstAddress(network, name) : undefined;
  if (address === undefined)
    throw new RequestError(
      'unknown-name',
      name,
      network.nodes.map((n) => n.name),
    );
  return { address, port, namespace: name };
};

const pod = (network: Network, namespace: string | undefined, name: string, port: number | undefined): Resolved => {
  const known = network.kube.pods.find(
    (p) => p.name === name && (namespace === undefined || p.namespace === namespace),
  );
  const ns = [...network.namespaces.values()].find(
    (n) =>
      n.name === name ||
      (namespace !== undefined && n.name === `${namespace}/${name}`) ||
      n.name === `${namespace}_${name}`,
  );
  const address = known?.ips[0] ?? (ns && firstAddress(network, ns.id));
  if (address === undefined) {
    const names = [
      ...network.kube.pods.map((p) => p.name),
      ...[...network.namespaces.values()].flatMap((n) => (n.name === '' ? [] : [n.name])),
    ];
    throw new RequestError('unknown-name', name, [...new Set(names)]);
  }
  return { address, port, namespace: ns?.id ?? network.owners(address)[0]?.namespace.id };
};

const service = (
  network: Network,
  namespace: string | undefined,
  name: string,
  port: number | string | undefined,
): Resolved => {
  const known = network.kube.services.find(
    (s) => s.name === name && (namespace === undefined || s.namespace === namespace),
  );
  const address = known?.clusterIPs.find((ip) => ip !== 'None' && ip !== '') ?? known?.loadBalancerIPs[0];
  if (!known || address === undefined)
    throw new RequestError(
      'unknown-name',
      name,
      network.kube.services.map((s) => s.name),
    );
  const ports = known.ports;
  const chosen = port === undefined ? ports[0] : ports.find((p) => p.port === port || p.name === port);
  if (!chosen && typeof port !== 'number')
    throw new RequestError(
      'unknown-port',
      String(port),
      ports.map((p) => p.name ?? String(p.port)),
    );
  return { address, port: chosen?.port ?? (typeof port === 'number' ? port : undefined), namespace: undefined };
};
