import type { Layout } from './layout.ts';

/** cilium-bugtool, alone or in a cilium sysdump: one folder of command outputs per agent. */
export const CILIUM: Layout = {
  id: 'cilium',
  markers: [/^(?<root>(?:.*?\/)?)cmd\/[^/]+\.md$/],
  nodes: 'one',
  root: /(?:^|\/)cilium-bugtool-(?<name>[^/]+?)(?:-(?<time>\d{8}-\d{6})[^/]*)?\/$/,
  entries: [
    {
      layout: 'cilium',
      pattern: /(?:^|\/)cmd\/(?:cilium|bpftool|tc|kubectl|gops|ethtool|find|ls|cat--(?:var|sys|etc|run))-[^/]*$/,
      kind: 'skip',
    },
    { layout: 'cilium', pattern: /(?:^|\/)cmd\/[^/]+\.md$/, kind: 'named' },
  ],
};
