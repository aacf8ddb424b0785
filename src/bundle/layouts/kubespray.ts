import type { Layout } from './layout.ts';

/** kubespray's collect-info playbook. */
export const KUBESPRAY: Layout = {
  id: 'kubespray',
  markers: [/^(?<root>(?:.*?\/)?collect-info\/)commands\//],
  nodes: 'path',
  entries: [
    {
      layout: 'kubespray',
      pattern: /(?:^|\/)commands\/(?<node>[^/]+)\/(?:.*\/)?ip_info$/,
      kind: 'ip-addr',
      command: 'ip -4 -o a',
    },
    { layout: 'kubespray', pattern: /(?:^|\/)commands\/(?<node>[^/]+)\/(?:.*\/)?route_info$/, kind: 'ip-route' },
    { layout: 'kubespray', pattern: /(?:^|\/)commands\/(?<node>[^/]+)\/(?:.*\/)?timedate_info$/, kind: 'date' },
    {
      layout: 'kubespray',
      pattern: /(?:^|\/)commands\/(?<node>[^/]+)\/(?:.*\/)?kernel_info$/,
      kind: 'uname',
      command: 'uname -r',
    },
    { layout: 'kubespray', pattern: /(?:^|\/)commands\//, kind: 'skip' },
  ],
};
