import type { FlowQuestion } from '../../src/path/walk-result.ts';
import type { BundleTexts } from './bundle.ts';
import { quietCluster } from './services.ts';

/** In the quiet cluster: fn-1's own client asks a program of fn-2, by the nodes' own addresses. */
export const nodeAddress = (bundle: BundleTexts, node: string): string =>
  [...(bundle.network().namespaces.get(node)?.links.values() ?? [])]
    .filter((link) => link.name.startsWith('eth') || link.name.startsWith('en'))
    .flatMap((link) => link.addresses)
    .find((a) => a.family === 4)?.address ?? '';

export const hostFlow = (bundle: BundleTexts): FlowQuestion => ({
  proto: 'tcp',
  src: nodeAddress(bundle, 'fn-1'),
  sport: 40003,
  dst: nodeAddress(bundle, 'fn-2'),
  dport: 9100,
  start: 'fn-1',
});

/** The quiet cluster with a program that listens on fn-2's port 9100. */
export const listening = (): BundleTexts =>
  quietCluster().appended(
    'fn-2/ss_-antp.txt',
    'LISTEN 0      4096         0.0.0.0:9100       0.0.0.0:*    users:(("exporter",pid=811,fd=3))\n',
  );

/** A kernel log line that a LOG rule writes of the flow's packet. */
export const logLine = (
  flow: Pick<FlowQuestion, 'src' | 'sport' | 'dst' | 'dport'>,
  prefix: string,
  iif: string,
  oif: string,
): string =>
  `[ 8211.400${flow.sport}] ${prefix}IN=${iif} OUT=${oif} MAC=02:00:5e:10:00:01:02:00:5e:10:00:02:08:00 SRC=${flow.src} DST=${flow.dst} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=311 DF PROTO=TCP SPT=${flow.sport} DPT=${flow.dport} WINDOW=64240 RES=0x00 SYN URGP=0 \n`;

/** Without any capture of a node's rules. */
export const withoutRules = (bundle: BundleTexts, node: string): BundleTexts =>
  bundle
    .kinds()
    .filter((kind) => kind === 'iptables-save' || kind === 'iptables-list' || kind === 'nft-ruleset')
    .reduce((left, kind) => left.without(kind, `${node}/`), bundle);
