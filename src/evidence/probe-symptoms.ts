import type { NetNamespace } from '../network/namespace.ts';
import type { Sighting } from './symptom.ts';

/** Attempts of which a client's own tool printed that they failed: somebody misses this flow. The tool does not say from which address it asked. */
export const fromProbes = (ns: NetNamespace): readonly Sighting[] =>
  ns.probes.flatMap((probe): Sighting[] =>
    probe.outcome === 'ok' || probe.proto === 'arp' || probe.dst === undefined
      ? []
      : [
          {
            namespace: ns,
            proto: probe.proto,
            src: '',
            sport: undefined,
            dst: probe.dst,
            dport: probe.dport,
            start: ns.id,
            symptom: 'probe-failed',
            source: probe.source,
            order: probe.source.line,
          },
        ],
  );
