import type { Layout } from './layout.ts';

/** support-bundle-kit (Harvester, Longhorn): objects as YAML, a zip per node. */
export const SUPPORT_BUNDLE_KIT: Layout = {
  id: 'support-bundle-kit',
  markers: [/^(?<root>(?:.*?\/)?)yamls\/(?:cluster|namespaced)\//],
  nodes: 'path',
  entries: [
    { layout: 'support-bundle-kit', pattern: /^metadata\.yaml$/, kind: 'clock' },
    {
      layout: 'support-bundle-kit',
      pattern: /(?:^|\/)yamls\/.*(?:^|\/)(?:services|endpoints|endpointslices|pods|nodes)\.yaml$/,
      kind: 'kubectl',
    },
    { layout: 'support-bundle-kit', pattern: /(?:^|\/)(?:yamls|logs)\//, kind: 'skip' },
    {
      layout: 'support-bundle-kit',
      pattern: /(?:^|\/)nodes\/(?<node>[^/]+?)(?:\.zip!\/[^/]+)?\/hostinfos\/[^/]+$/,
      kind: 'named',
    },
    { layout: 'support-bundle-kit', pattern: /(?:^|\/)nodes\/[^/]+\.zip!\/(?<node>[^/]+)\/[^/]+$/, kind: 'named' },
  ],
};
