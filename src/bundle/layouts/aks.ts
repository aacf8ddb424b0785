import type { Layout } from './layout.ts';

/** The node log collector of Azure AKS. */
export const AKS: Layout = {
  id: 'aks',
  markers: [/^(?<root>(?:.*?\/)?)collect\/(?:proc\/|ip_[46]_[a-z]+\.json$|ip_netns_commands\.txt$|ip_rule\.json$)/],
  nodes: 'one',
  entries: [
    { layout: 'aks', pattern: /(?:^|\/)collect\/ip_netns_commands\.txt$/, kind: 'many' },
    { layout: 'aks', pattern: /(?:^|\/)collect\/[^/]+$/, kind: 'named' },
    { layout: 'aks', pattern: /(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\//, kind: 'named' },
    { layout: 'aks', pattern: /(?:^|\/)proc\/sys\/kernel\/hostname$/, kind: 'hostname' },
    { layout: 'aks', pattern: /(?:^|\/)(?:etc|usr|lib|sys|boot|run|opt|var|home|root|proc)\//, kind: 'skip' },
  ],
};
