import type { CaptureData } from '../../records/capture.ts';
import type { KubeEndpoint, KubeNode, KubePod, KubeService } from '../../records/kube.ts';
import { type CaptureInput, LineSink } from '../module.ts';
import type { KubeObject } from './kube-documents.ts';
import { endpointSliceOf, endpointsOf, kindOf, nodeOf, podOf, serviceOf } from './kube-objects.ts';
import { type Cells, KubeColumns, tableRow } from './kube-table.ts';

/** Collects the objects of a capture. `kubectl get -w` prints an object again when it changes: the last word counts. */
export class KubeSink extends LineSink {
  readonly #services = new Map<string, KubeService>();
  readonly #endpoints: KubeEndpoint[] = [];
  readonly #pods = new Map<string, KubePod>();
  readonly #nodes = new Map<string, KubeNode>();
  readonly #namespace: string;
  #columns: KubeColumns | undefined;

  constructor(input: CaptureInput) {
    super(input);
    this.#namespace = /(?:^|[\s_])(?:-n|--namespace)[ _=]+([a-z0-9-]+)/.exec(input.command ?? '')?.[1] ?? 'default';
  }

  object({ kind, value, line }: KubeObject): void {
    this.line = line;
    const source = this.source();
    const known = kind ?? kindOf(value);
    if (known === 'Service') this.#service(serviceOf(value, source));
    else if (known === 'Endpoints') this.#addEndpoints(endpointsOf(value, source));
    else if (known === 'EndpointSlice') this.#addEndpoints(endpointSliceOf(value, source));
    else if (known === 'Pod') this.#pod(podOf(value, source));
    else if (known === 'Node') this.#node(nodeOf(value, source));
    else this.ignore();
  }

  header(text: string): void {
    this.#columns = new KubeColumns(text);
    this.ignore();
  }

  fits(text: string): boolean {
    return this.#columns?.cells(text) !== undefined;
  }

  row(text: string): void {
    const cells: Cells = this.#columns?.cells(text) ?? new Map();
    const row = tableRow(cells, this.#namespace, this.source());
    if (row === undefined) this.ignore();
    else if (row.kind === 'Service') this.#service(row.record);
    else if (row.kind === 'Pod') this.#pod(row.record);
    else if (row.kind === 'Node') this.#node(row.record);
    else this.#addEndpoints(row.records);
  }

  #service(service: KubeService): void {
    this.records += 1;
    this.#services.set(`${service.namespace}/${service.name}`, service);
  }

  #pod(pod: KubePod): void {
    this.records += 1;
    this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
  }

  #node(node: KubeNode): void {
    this.records += 1;
    this.#nodes.set(node.name, node);
  }

  #addEndpoints(endpoints: readonly KubeEndpoint[]): void {
    this.records += 1;
    this.#endpoints.push(...endpoints);
  }

  finish(): CaptureData {
    return {
      kube: {
        services: [...this.#services.values()],
        endpoints: [...this.#endpoints],
        pods: [...this.#pods.values()],
        nodes: [...this.#nodes.values()],
      },
    };
  }
}
