import type { Layout } from './layout.ts';

/** Alibaba ACK diagnose_k8s.sh: a few files, each with many outputs between `run` and `End of` lines. The folder is the moment, in UTC. */
export const ACK: Layout = {
  id: 'ack',
  markers: [/^(?<root>(?:.*?\/)?diagnose_\d{10}\/)/],
  nodes: 'one',
  root: /(?:^|\/)diagnose_(?<time>\d{10})\/$/,
  entries: [
    { layout: 'ack', pattern: /(?:^|\/)(?:network_info|system_info|system_status)$/, kind: 'many' },
    { layout: 'ack', pattern: /(?:^|\/)cluster_dump\.log$/, kind: 'kubectl' },
    { layout: 'ack', pattern: /./, kind: 'skip' },
  ],
};
