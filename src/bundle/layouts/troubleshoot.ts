import type { Layout } from './layout.ts';

/** Replicated troubleshoot: host collectors with names of the spec author's choice, objects per namespace as JSON. */
export const TROUBLESHOOT: Layout = {
  id: 'troubleshoot',
  markers: [/^(?<root>(?:.*?\/)?)(?:cluster-resources|host-collectors)\//],
  nodes: 'path',
  root: /(?:^|\/)support-bundle-(?<time>\d{4}-\d\d-\d\dT\d\d_\d\d_\d\d)\/$/,
  entries: [
    { layout: 'troubleshoot', pattern: /-(?:errors|info)\.json$|-stderr\.txt$/, kind: 'skip' },
    {
      layout: 'troubleshoot',
      pattern: /(?:^|\/)cluster-resources\/(?:services|endpoints|endpointslices|pods)\/[^/]+\.json$/,
      kind: 'kubectl',
    },
    { layout: 'troubleshoot', pattern: /(?:^|\/)cluster-resources\/nodes\.json$/, kind: 'kubectl' },
    { layout: 'troubleshoot', pattern: /(?:^|\/)cluster-resources\//, kind: 'skip' },
    {
      layout: 'troubleshoot',
      pattern: /(?:^|\/)host-collectors\/system\/(?<node>[^/]+)\/sysctl\.json$/,
      kind: 'sysctl',
    },
    { layout: 'troubleshoot', pattern: /(?:^|\/)host-collectors\/system\/sysctl\.json$/, kind: 'sysctl' },
    { layout: 'troubleshoot', pattern: /(?:^|\/)host-collectors\/system\//, kind: 'skip' },
    {
      layout: 'troubleshoot',
      pattern: /(?:^|\/)host-collectors\/run-host\/(?<node>[^/]+)\/[^/]+\.txt$/,
      kind: 'named',
    },
    { layout: 'troubleshoot', pattern: /(?:^|\/)host-collectors\/run-host\/[^/]+\.txt$/, kind: 'named' },
    { layout: 'troubleshoot', pattern: /(?:^|\/)sysctl\/(?<node>[^/]+)$/, kind: 'sysctl' },
  ],
};
