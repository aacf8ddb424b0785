import type { KubeEndpoint, KubeNode, KubePod, KubePort, KubeService } from '../../records/kube.ts';
import type { Source } from '../../records/source.ts';
import { canonicalAddress, canonicalPrefix } from '../../tables/address.ts';
import { list, number, object, text, texts } from '../json-items.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Copies the last applied manifest; everything in it stands in the object itself. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const stringMap = (value: unknown): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(object(value)).flatMap(([key, field]) => {
      const word = text(field);
      return word === undefined || key === LAST_APPLIED ? [] : [[key, word] as const];
    }),
  );

/** Addresses as canonical text; `None`, empty ones and names are left out. */
export const addressList = (values: readonly (string | undefined)[]): string[] =>
  values.flatMap((value) => (value === undefined ? [] : (canonicalAddress(value) ?? [])));

const metadata = (value: Fields) => {
  const meta = object(value.metadata);
  return { namespace: text(meta.namespace) ?? 'default', name: text(meta.name) ?? '', meta };
};

/** The kind of an object that does not tell it, from fields that only that kind has. */
export const kindOf = (value: Fields): string | undefined => {
  const spec = object(value.spec);
  const status = object(value.status);
  if ('subsets' in value) return 'Endpoints';
  if ('addressType' in value) return 'EndpointSlice';
  if ('containers' in spec) return 'Pod';
  if ('clusterIP' in spec || 'clusterIPs' in spec) return 'Service';
  return 'nodeInfo' in status ? 'Node' : undefined;
};

export const serviceOf = (value: Fields, source: Source): KubeService => {
  const { namespace, name, meta } = metadata(value);
  const spec = object(value.spec);
  const ingress = list(object(object(value.status).loadBalancer).ingress).map(object);
  const clusterIPs = texts(spec.clusterIPs);
  return {
    source,
    namespace,
    name,
    type: text(spec.type) ?? 'ClusterIP',
    clusterIPs: addressList(clusterIPs.length > 0 ? clusterIPs : [text(spec.clusterIP)]),
    externalIPs: addressList(texts(spec.externalIPs)),
    loadBalancerIPs: addressList(ingress.map((entry) => text(entry.ip))),
    loadBalancerHostnames: ingress.flatMap((entry) => text(entry.hostname) ?? []),
    loadBalancerSourceRanges: texts(spec.loadBalancerSourceRanges).map((range) => canonicalPrefix(range) ?? range),
    externalTrafficPolicy: text(spec.externalTrafficPolicy),
    internalTrafficPolicy: text(spec.internalTrafficPolicy),
    sessionAffinity: text(spec.sessionAffinity),
    ports: list(spec.ports).flatMap((item) => portOf(object(item))),
    selector: stringMap(spec.selector),
    annotations: stringMap(meta.annotations),
  };
};

const portOf = (port: Fields): KubePort[] => {
  const value = number(port.port);
  if (value === undefined) return [];
  const nodePort = number(port.nodePort);
  return [
    {
      name: text(port.name),
      protocol: text(port.protocol) ?? 'TCP',
      port: value,
      targetPort: text(port.targetPort),
      nodePort: nodePort === 0 ? undefined : nodePort,
    },
  ];
};

/** `Pod/nginx-5d4f`: the object behind an address. */
const targetOf = (value: unknown): string | undefined => {
  const target = object(value);
  const name = text(target.name);
  return name === undefined ? undefined : `${text(target.kind) ?? 'Pod'}/${name}`;
};

interface Place {
  readonly namespace: string;
  readonly service: string;
  readonly source: Source;
}

/** One record for each address and port; a subset without ports still tells its addresses. */
const endpointsAt = (
  place: Place,
  addresses: readonly {
    readonly address: string;
    readonly ready: boolean;
    readonly nodeName: string | undefined;
    readonly targetRef: string | undefined;
  }[],
  ports: readonly Fields[],
): KubeEndpoint[] =>
  addresses.flatMap((address) =>
    (ports.length > 0 ? ports : [{}]).map((port: Fields) => ({
      ...place,
      ...address,
      port: number(port.port),
      portName: text(port.name) || undefined,
      protocol: text(port.protocol) ?? 'TCP',
    })),
  );

export const endpointsOf = (value: Fields, source: Source): KubeEndpoint[] => {
  const { namespace, name } = metadata(value);
  return list(value.subsets)
    .map(object)
    .flatMap((subset) => {
      const take = (field: unknown, ready: boolean) =>
        list(field)
          .map(object)
          .flatMap((entry) =>
            addressList([text(entry.ip)]).map((address) => ({
              address,
              ready,
              nodeName: text(entry.nodeName),
              targetRef: targetOf(entry.targetRef),
            })),
          );
      const addresses = [...take(subset.addresses, true), ...take(subset.notReadyAddresses, false)];
      return endpointsAt({ namespace, service: name, source }, addresses, list(subset.ports).map(object));
    });
};

/** The label that ties a slice to its service (discovery.k8s.io). */
const SERVICE_LABEL = 'kubernetes.io/service-name';

/** A slice's name is its service's with a random tail. */
export const serviceOfSlice = (name: string): string => name.replace(/-[a-z0-9]{5}$/, '');

export const endpointSliceOf = (value: Fields, source: Source): KubeEndpoint[] => {
  const { namespace, name, meta } = metadata(value);
  const owner = list(meta.ownerReferences)
    .map(object)
    .find((reference) => reference.kind === 'Service');
  const service = text(object(meta.labels)[SERVICE_LABEL]) ?? text(owner?.name) ?? serviceOfSlice(name);
  const addresses = list(value.endpoints)
    .map(object)
    .flatMap((endpoint) =>
      addressList(texts(endpoint.addresses)).map((address) => ({
        address,
        // An unknown condition counts as ready (API reference of EndpointConditions).
        ready: object(endpoint.conditions).ready !== false,
        nodeName:
          text(endpoint.nodeName) ??
          text(object(endpoint.deprecatedTopology ?? endpoint.topology)['kubernetes.io/hostname']),
        targetRef: targetOf(endpoint.targetRef),
      })),
    );
  return endpointsAt({ namespace, service, source }, addresses, list(value.ports).map(object));
};

export const podOf = (value: Fields, source: Source): KubePod => {
  const { namespace, name } = metadata(value);
  const spec = object(value.spec);
  const status = object(value.status);
  const ips = list(status.podIPs).map((entry) => text(object(entry).ip));
  const ready = list(status.conditions)
    .map(object)
    .find((condition) => condition.type === 'Ready')?.status;
  return {
    source,
    namespace,
    name,
    nodeName: text(spec.nodeName),
    ips: addressList(ips.length > 0 ? ips : [text(status.podIP)]),
    hostNetwork: spec.hostNetwork === true,
    phase: text(status.phase),
    ready: ready === undefined ? undefined : ready === 'True',
  };
};

export const nodeOf = (value: Fields, source: Source): KubeNode => {
  const { name, meta } = metadata(value);
  const spec = object(value.spec);
  const status = object(value.status);
  const info = object(status.nodeInfo);
  const ranges = texts(spec.podCIDRs);
  const single = text(spec.podCIDR);
  return {
    source,
    name,
    addresses: list(status.addresses).flatMap((entry) => {
      const { type, address } = object(entry);
      return typeof type === 'string' && typeof address === 'string'
        ? [{ type, address: canonicalAddress(address) ?? address }]
        : [];
    }),
    podCIDRs: (ranges.length > 0 ? ranges : single ? [single] : []).map((range) => canonicalPrefix(range) ?? range),
    kubeletVersion: text(info.kubeletVersion),
    kernelVersion: text(info.kernelVersion),
    annotations: stringMap(meta.annotations),
  };
};
