/**
 * What a service with and without `externalTrafficPolicy: Local` does under kube-proxy's ipvs mode, by who asks which address of it from
 * where: kube-proxy's pkg/proxy/ipvs/proxier.go (syncProxyRules, syncEndpoint) and pkg/proxy/topology.go (CategorizeEndpoints); that a node without an endpoint balances over
 * every other's since 1.24, is kubernetes/kubernetes#97081. `undefined` in a condition stands for any.
 */
export interface MatrixRow {
  readonly row: string;
  /** kube-proxy's way with nodes that have no endpoint: nothing (before 1.24), or every endpoint. */
  readonly generation: 'before-1.24' | 'since-1.24' | undefined;
  readonly policy: 'Local' | 'Cluster' | undefined;
  readonly front: readonly ('node-port' | 'balancer' | 'cluster-ip')[];
  /** `self`: a process of the very node that is asked; `node`: of another node of the cluster. */
  readonly client: readonly ('external' | 'self' | 'node' | 'pod')[];
  readonly endpoint: 'here' | 'elsewhere' | 'none' | undefined;
  /** Whether the entry node changes the source. */
  readonly masqueraded: boolean | undefined;
  readonly works: boolean;
  readonly source: 'kept' | 'lost' | 'none';
}

const row = (
  id: string,
  generation: MatrixRow['generation'],
  policy: MatrixRow['policy'],
  front: MatrixRow['front'],
  client: MatrixRow['client'],
  endpoint: MatrixRow['endpoint'],
  masqueraded: boolean | undefined,
  source: MatrixRow['source'],
): MatrixRow => ({
  row: id,
  generation,
  policy,
  front,
  client,
  endpoint,
  masqueraded,
  works: source !== 'none',
  source,
});

const OLD = 'before-1.24';
const NEW = 'since-1.24';
const NP = ['node-port'] as const;
const V = ['balancer'] as const;

/** In the order in which they are tried: the first whose conditions hold is the row. */
export const MATRIX: readonly MatrixRow[] = [
  row('M10', undefined, undefined, V, ['self', 'pod'], 'none', undefined, 'none'),
  row('M02', OLD, 'Local', NP, ['external'], 'elsewhere', undefined, 'none'),
  row('M08', OLD, 'Local', NP, ['self'], 'elsewhere', undefined, 'none'),
  row('M09', OLD, 'Local', V, ['self'], 'elsewhere', undefined, 'none'),
  row('M01', OLD, 'Local', NP, ['external'], 'here', false, 'kept'),
  row('M06', OLD, 'Local', NP, ['self', 'node'], 'here', false, 'kept'),
  row('M07', OLD, 'Local', V, ['self'], 'here', false, 'kept'),
  row('M03', NEW, 'Local', NP, ['external'], 'here', false, 'kept'),
  row('M11', NEW, 'Local', ['node-port', 'balancer'], ['self', 'node'], 'here', false, 'kept'),
  row('M04', NEW, 'Local', NP, ['external'], 'elsewhere', false, 'none'),
  row('M05', NEW, 'Local', NP, ['external'], 'elsewhere', true, 'lost'),
  row('M12', NEW, 'Local', NP, ['self'], 'elsewhere', false, 'kept'),
  row('M13', NEW, 'Local', NP, ['node'], 'elsewhere', false, 'none'),
  row('M14', NEW, 'Local', V, ['self'], 'elsewhere', false, 'none'),
  row('M15', NEW, 'Local', V, ['self'], 'elsewhere', true, 'lost'),
  row('M16', NEW, 'Local', V, ['pod'], 'elsewhere', false, 'kept'),
  row('M19', undefined, 'Local', V, ['external'], 'here', false, 'kept'),
  row('M17', undefined, 'Cluster', NP, ['external'], undefined, true, 'lost'),
  row('M18', undefined, 'Cluster', V, ['self', 'node', 'pod'], undefined, true, 'lost'),
  row('M20', undefined, undefined, ['cluster-ip'], ['external', 'self', 'node', 'pod'], undefined, undefined, 'kept'),
];
