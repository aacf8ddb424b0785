import type { KubeEndpoint, KubeNode, KubePod, KubePort, KubeService } from '../../records/kube.ts';
import type { Source } from '../../records/source.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { addressList, serviceOfSlice } from './kube-objects.ts';

/** A row's cells by column name; `<none>` and its like are left out. */
export type Cells = ReadonlyMap<string, string>;

const EMPTY = new Set(['', '<none>', '<unknown>', '<unset>', '<pending>', '<nodes>']);

/** Column names and where each begins: kubectl (text/tabwriter) aligns cells under their heads. */
export class KubeColumns {
  readonly #columns: readonly { readonly name: string; readonly start: number }[];

  constructor(header: string) {
    this.#columns = [...header.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], start: match.index }));
  }

  /** The cells of a row; undefined where the text does not fit under the heads. */
  cells(row: string): Cells | undefined {
    const texts = this.#byPosition(row) ?? this.#byGaps(row);
    if (!texts) return undefined;
    return new Map(
      this.#columns.flatMap(({ name }, i) => {
        const text = texts[i] ?? '';
        return EMPTY.has(text) ? [] : [[name, flatten(text)] as const];
      }),
    );
  }

  #byPosition(row: string): string[] | undefined {
    const columns = this.#columns;
    const straddles = columns.some(({ start }) => start > 0 && start < row.length && row[start - 1] !== ' ');
    if (straddles || row.length <= (columns[1]?.start ?? 0)) return undefined;
    return columns.map(({ start }, i) => row.slice(start, columns[i + 1]?.start ?? row.length).trim());
  }

  /** Pasted tables lose their alignment but keep wide gaps. */
  #byGaps(row: string): string[] | undefined {
    const texts = row.trim().split(/ {2,}|\t+/);
    return texts.length === this.#columns.length ? texts : undefined;
  }
}

export type TableRow =
  | { readonly kind: 'Service'; readonly record: KubeService }
  | { readonly kind: 'Pod'; readonly record: KubePod }
  | { readonly kind: 'Node'; readonly record: KubeNode }
  | { readonly kind: 'Endpoints'; readonly records: readonly KubeEndpoint[] };

/** What a row of `kubectl get` tells; undefined for resources that are not read. The columns tell the resource. */
export const tableRow = (cells: Cells, namespace: string, source: Source): TableRow | undefined => {
  const printed = cells.get('NAME');
  if (printed === undefined) return undefined;
  // kubectl get all: `service/nginx`, `pod/nginx-5d4f`.
  const name = printed.slice(printed.lastIndexOf('/') + 1);
  const place = { source, namespace: cells.get('NAMESPACE') ?? namespace, name };
  if (cells.has('CLUSTER-IP') || cells.has('PORT(S)')) return { kind: 'Service', record: serviceRow(cells, place) };
  if (cells.has('RESTARTS') && cells.has('READY')) return { kind: 'Pod', record: podRow(cells, place) };
  if (cells.has('ADDRESSTYPE')) return { kind: 'Endpoints', records: sliceRow(cells, place) };
  if (cells.has('ENDPOINTS')) return { kind: 'Endpoints', records: endpointsRow(cells, place) };
  if (cells.has('VERSION') && cells.has('STATUS') && !cells.has('READY'))
    return { kind: 'Node', record: nodeRow(cells, { source, name }) };
  return undefined;
};

interface Place {
  readonly source: Source;
  readonly namespace: string;
  readonly name: string;
}

/** `a,b,c + 2 more...` */
const listed = (cell: string | undefined): string[] =>
  (cell ?? '')
    .replace(/ ?\+ ?\d+ more\.*$/, '')
    .split(',')
    .filter((text) => !EMPTY.has(text));

const serviceRow = (cells: Cells, place: Place): KubeService => {
  const type = cells.get('TYPE') ?? 'ClusterIP';
  const external = listed(cells.get('EXTERNAL-IP'));
  const balanced = type === 'LoadBalancer';
  const selector = listed(cells.get('SELECTOR')).map((pair) => pair.split('=', 2));
  return {
    ...place,
    type,
    clusterIPs: addressList(listed(cells.get('CLUSTER-IP'))),
    externalIPs: balanced ? [] : addressList(external),
    loadBalancerIPs: balanced ? addressList(external) : [],
    loadBalancerHostnames: balanced ? external.filter((text) => canonicalAddress(text) === undefined) : [],
    loadBalancerSourceRanges: [],
    externalTrafficPolicy: undefined,
    internalTrafficPolicy: undefined,
    sessionAffinity: undefined,
    ports: listed(cells.get('PORT(S)')).flatMap(portCell),
    selector: new Map(selector.map(([key = '', value = '']) => [key, value])),
    annotations: new Map(),
  };
};

/** `80/TCP`, `80:30080/TCP`. */
const portCell = (cell: string): KubePort[] => {
  const match = /^(\d+)(?::(\d+))?\/(\w+)$/.exec(cell);
  if (!match) return [];
  const nodePort = match[2] === undefined ? undefined : Number(match[2]);
  return [{ name: undefined, protocol: match[3] ?? 'TCP', port: Number(match[1]), targetPort: undefined, nodePort }];
};

/** STATUS is the phase only where no container has a reason of its own to show. */
const PHASES = new Map([
  ['Pending', 'Pending'],
  ['Running', 'Running'],
  ['Succeeded', 'Succeeded'],
  ['Completed', 'Succeeded'],
  ['Failed', 'Failed'],
  ['Unknown', 'Unknown'],
]);

/** A table does not tell `hostNetwork`; who knows the node's addresses can. */
const podRow = (cells: Cells, place: Place): KubePod => {
  const ready = /^(\d+)\/(\d+)$/.exec(cells.get('READY') ?? '');
  return {
    ...place,
    nodeName: cells.get('NODE'),
    ips: addressList(listed(cells.get('IP'))),
    hostNetwork: false,
    phase: PHASES.get(cells.get('STATUS') ?? ''),
    ready: ready ? ready[1] === ready[2] && ready[2] !== '0' : undefined,
  };
};

const endpoint = (
  { source, namespace }: Place,
  service: string,
  address: string,
  port: number | undefined,
): KubeEndpoint => ({
  source,
  namespace,
  service,
  address,
  port,
  portName: undefined,
  protocol: 'TCP',
  ready: true,
  nodeName: undefined,
  targetRef: undefined,
});

/** `10.0.0.1:80,[fd00::1]:80`: ready addresses only. */
const endpointsRow = (cells: Cells, place: Place): KubeEndpoint[] =>
  listed(cells.get('ENDPOINTS')).flatMap((text) => {
    const match = /^\[?([0-9a-fA-F.:]+?)\]?(?::(\d+))?$/.exec(text);
    const address = canonicalAddress(match?.[1] ?? '');
    return address === undefined
      ? []
      : [endpoint(place, place.name, address, match?.[2] ? Number(match[2]) : undefined)];
  });

const sliceRow = (cells: Cells, place: Place): KubeEndpoint[] => {
  const ports = listed(cells.get('PORTS')).map(Number).filter(Number.isInteger);
  const service = serviceOfSlice(place.name);
  return addressList(listed(cells.get('ENDPOINTS'))).flatMap((address) =>
    ports.length > 0
      ? ports.map((port) => endpoint(place, service, address, port))
      : [endpoint(place, service, address, undefined)],
  );
};

const nodeRow = (cells: Cells, { source, name }: Omit<Place, 'namespace'>): KubeNode => {
  const addresses = (type: string, column: string) =>
    addressList(listed(cells.get(column))).map((address) => ({ type, address }));
  return {
    source,
    name,
    addresses: [...addresses('InternalIP', 'INTERNAL-IP'), ...addresses('ExternalIP', 'EXTERNAL-IP')],
    podCIDRs: [],
    kubeletVersion: cells.get('VERSION'),
    kernelVersion: cells.get('KERNEL-VERSION'),
    annotations: new Map(),
  };
};
