import type { Layout } from './layout.ts';

/** SUSE supportconfig: big text files of many outputs, each under a header of its own. */
export const SUPPORTCONFIG: Layout = {
  id: 'supportconfig',
  markers: [/^(?<root>(?:.*?\/)?(?:scc|nts)_[^/]+\/)[^/]+$/],
  nodes: 'one',
  root: /(?:^|\/)(?:scc|nts)_(?<name>[^/]+?)_(?<time>\d{6}_\d{4})[^/]*\/$/,
  entries: [
    { layout: 'supportconfig', pattern: /(?:^|\/)network-(?<namespace>[^/]+)\.txt$/, kind: 'many' },
    { layout: 'supportconfig', pattern: /(?:^|\/)(?:network|basic-environment|env|systemd|ntp)\.txt$/, kind: 'many' },
    { layout: 'supportconfig', pattern: /\.txt$/, kind: 'skip' },
  ],
};
