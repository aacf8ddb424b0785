import { type BundleTexts, kindOf } from '../causes/bundle.ts';
import type { Variant } from './taken-away.ts';

export const OLD_COUNTERS = 'with old counters';

/** Noise that every cluster has and that is about no flow in question. */
export const withNoise = (bundle: BundleTexts, donor: BundleTexts): readonly Variant[] => [
  { name: OLD_COUNTERS, bundle: bundle.mapped(oldCounters) },
  { name: 'with unrelated entries', bundle: bundle.mapped(strangersEntries(bundle)) },
  { name: 'with nodes of another cluster', bundle: bundle.beside(donor.renamed((node) => `other-${node}`)) },
];

/** Drops that a host has counted since it started, long ago. */
const COUNTED: ReadonlySet<string> = new Set([
  ...['XfrmInNoStates', 'XfrmInNoPols', 'XfrmInTmplMismatch', 'XfrmInStateSeqError', 'XfrmInStateProtoError'],
  ...['XfrmOutNoStates', 'XfrmInStateMismatch', 'XfrmInError', 'XfrmOutPolBlock'],
  ...['TcpExtListenOverflows', 'TcpExtListenDrops', 'TcpExtIPReversePathFilter', 'TcpExtTCPReqQFullDrop'],
  ...['IpInAddrErrors', 'IpOutNoRoutes', 'UdpNoPorts', 'TcpOutRsts', 'IcmpOutDestUnreachs', 'IpReasmFails'],
]);

const oldCounters = (path: string, text: string): string => {
  const kind = kindOf(path);
  if (kind !== 'xfrm-stat' && kind !== 'counters') return text;
  return text.replace(/^([A-Z]\w+)(\s+)(\d+)/gm, (line, name: string, gap: string, value: string) =>
    COUNTED.has(name) ? `${name}${gap}${Number(value) + 10 + (name.length % 7)}` : line,
  );
};

const STRANGERS = 30;

/** Attempts from nobody to nobody of the bundle, and to the nodes themselves: scans, dead monitors, logs that nobody answers. */
const strangersEntries =
  (bundle: BundleTexts): ((path: string, text: string) => string) =>
  (path, text) => {
    if (!path.endsWith('/conntrack_-L.txt') || path.includes('/netns/')) return text;
    const own = uplinkAddress(bundle, path.split('/')[0] ?? '');
    const lines = Array.from({ length: STRANGERS }, (_, i) => {
      const src = `100.64.${i % 5}.${10 + i}`;
      const isScan = own !== undefined && i % 3 === 1;
      const dst = isScan ? own : `100.72.${i % 3}.${200 - i}`;
      const [sport, dport] = [40000 + 17 * i, (isScan ? [23, 445, 6379] : [443, 10250, 3306, 161])[i % 3] ?? 443];
      const back = `[UNREPLIED] src=${dst} dst=${src} sport=${dport} dport=${sport} mark=0 use=1`;
      const asked = `src=${src} dst=${dst} sport=${sport} dport=${dport}`;
      return i % 3 === 0 ? `udp      17 ${i} ${asked} ${back}` : `tcp      6 ${20 + i} SYN_SENT ${asked} ${back}`;
    });
    return `${lines.join('\n')}\n${text}`;
  };

/** The address that a node is reached by from outside. */
const uplinkAddress = (bundle: BundleTexts, node: string): string | undefined => {
  const host = bundle.network().namespaces.get(node);
  return host?.links.get('eth0')?.addresses.find((a) => a.family === 4)?.address;
};
