import type { Layout } from './layout.ts';

/** `microk8s inspect` and `k8s inspect`. */
export const MICROK8S: Layout = {
  id: 'microk8s',
  markers: [/^(?<root>(?:.*?\/)?inspection-report\/)/],
  nodes: 'one',
  entries: [
    { layout: 'microk8s', pattern: /(?:^|\/)k8s\/(?:cluster-info-dump|get-all)$/, kind: 'kubectl' },
    { layout: 'microk8s', pattern: /^(?:network\/)?[^/]+$/, kind: 'named' },
    {
      layout: 'microk8s',
      pattern: /(?:^|\/)cluster-info\/(?:[^/]+\/)?(?:services|pods|nodes)\.json$/,
      kind: 'kubectl',
    },
    { layout: 'microk8s', pattern: /./, kind: 'skip' },
  ],
};
