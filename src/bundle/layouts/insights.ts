import type { Layout } from './layout.ts';

/** insights-client archives, in the old and the core3 form. */
export const INSIGHTS: Layout = {
  id: 'insights',
  markers: [/^(?<root>(?:.*?\/)?)(?:data\/)?insights_commands\//],
  nodes: 'one',
  root: /(?:^|\/)insights-(?<name>[^/]+?)-(?<time>\d{14})\/$/,
  entries: [
    { layout: 'insights', pattern: /(?:^|\/)insights_commands\/[^/]+$/, kind: 'named' },
    { layout: 'insights', pattern: /(?:^|\/)meta_data\//, kind: 'skip' },
    { layout: 'insights', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\//, kind: 'named' },
    { layout: 'insights', pattern: /(?:^|\/)proc\/sys\/kernel\/hostname$/, kind: 'hostname' },
    {
      layout: 'insights',
      pattern: /(?:^|\/)(?:etc|usr|lib|lib64|sys|boot|run|opt|var|home|root|proc|dev)\//,
      kind: 'skip',
    },
  ],
};
