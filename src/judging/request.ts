import { knows } from '../network/namespace.ts';
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

/** The user's words for what became of the attempt. */
export const SAW = {
  timeout: 'timeout',
  refused: 'refused',
  reset: 'reset',
  unreachable: 'unreachable',
  slow: 'stalled',
  ok: 'ok',
} as const;

/** What the user asked for: a flow, and where it begins. */
export interface FlowRequest {
  readonly src: Endpoint;
  readonly dst: Endpoint;
  readonly proto: string;
  /** `NODE` or `NODE/POD`: who sends it, or, where the source is not an address of theirs, who receives it. */
  readonly from: string | undefined;
  /** `NODE`, `NODE/POD` or either with `/DEV` behind it: where it is received. */
  readonly in?: string | undefined;
  /** What the client saw, in the user's word (`--saw`). */
  readonly saw?: keyof typeof SAW | undefined;
}

/** The question cannot be answered with this bundle: `code` and values for one line of words, with the nearest valid names. */
export class RequestError extends Error {
  readonly code: 'unknown-start' | 'unknown-arrival' | 'unknown-device' | 'unknown-name' | 'unknown-port';
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
  const saw = request.saw === undefined ? {} : { saw: SAW[request.saw] };
  const flow = { proto: request.proto, src: src.address, sport: src.port, dst: dst.address, dport: dst.port, ...saw };
  const asked = { code: 'asked' as const, sources: [] };
  if (request.in !== undefined) return { ...flow, ...arrivalAt(network, request.in), entry: asked };
  if (request.from !== undefined) return { ...flow, start: startOf(network, request.from), entry: asked };
  return { ...flow, start: src.namespace };
};

const startOf = (network: Network, from: string): string => {
  if (network.namespaces.has(from)) return from;
  // Upper and lower case are one in a host's name (RFC 4343); where two differ by it alone, neither is meant.
  const same = [...network.namespaces.keys()].filter((id) => id.toLowerCase() === from.toLowerCase());
  if (same.length === 1 && same[0] !== undefined) return same[0];
  throw new RequestError('unknown-start', from, [...network.namespaces.keys()]);
};

/** `NODE/POD` is a namespace before it is a device; of a namespace whose devices were not captured any device may be named. */
const arrivalAt = (network: Network, at: string): Pick<FlowQuestion, 'start' | 'arrival'> => {
  if (network.namespaces.has(at)) return { start: at, arrival: { device: undefined } };
  const slash = at.lastIndexOf('/');
  const device = at.slice(slash + 1);
  const namespace = slash < 0 ? undefined : network.namespaces.get(at.slice(0, slash));
  if (!namespace || device === '') throw new RequestError('unknown-arrival', at, [...network.namespaces.keys()]);
  if (!namespace.links.has(device) && (knows(namespace, 'ip-link') || knows(namespace, 'ip-addr')))
    throw new RequestError(
      'unknown-device',
      at,
      [...namespace.links.keys()].map((name) => `${namespace.id}/${name}`),
    );
  return { start: namespace.id, arrival: { device } };
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
