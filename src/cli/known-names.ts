import type { OpenedBundle } from '../judging/analyze.ts';
import type { RedactedName } from '../report/redact.ts';

/** Namespaces and objects that every cluster has tell nothing. */
const COMMON: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kubernetes', 'kube-dns']);

/** Every name that the bundle gives to somebody: nodes, their hosts, pods, services and namespaces, as far as captures tell. */
export const knownNames = ({ bundle, network }: OpenedBundle): readonly RedactedName[] => {
  const names: RedactedName[] = [];
  const add = (kind: RedactedName['kind'], name: string | undefined) => {
    if (name !== undefined && name !== '' && !COMMON.has(name)) names.push({ kind, name });
  };
  const { kube } = network;
  for (const node of kube.nodes) add('node', node.name);
  for (const endpoint of kube.endpoints) add('node', endpoint.nodeName);
  for (const node of bundle.nodes)
    for (const namespace of node.namespaces) {
      add('pod', namespace.name.split('/').at(-1));
      for (const { data } of namespace.captures) {
        add('host', data.hostname);
        add('host', data.kernel?.hostname);
        for (const { name, value } of data.sysctls ?? [])
          if (name === 'kernel.hostname' || name === 'kernel.domainname') add('host', unlessNone(value));
      }
    }
  for (const pod of kube.pods) {
    add('pod', pod.name);
    add('node', pod.nodeName);
    add('namespace', pod.namespace);
  }
  for (const service of kube.services) {
    add('service', service.name);
    add('namespace', service.namespace);
    for (const host of service.loadBalancerHostnames) add('host', host);
  }
  for (const endpoint of kube.endpoints) {
    add('service', endpoint.service);
    add('pod', endpoint.targetRef?.split('/').at(-1));
  }
  return names;
};

/** What Linux has where nobody set a name. */
const unlessNone = (name: string): string | undefined => (/^\(none\)$|^localhost/.test(name) ? undefined : name);
