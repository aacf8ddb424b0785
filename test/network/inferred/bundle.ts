import { buildNetwork } from '../../../src/network/build.ts';
import type { NetNamespace } from '../../../src/network/namespace.ts';
import type { Network } from '../../../src/network/network.ts';
import type { Capture, CaptureKind } from '../../../src/records/capture.ts';
import { read } from '../../captures/fixture.ts';

/** A capture's text; packets are those of `-i any` unless they name a device. */
export const text = (kind: CaptureKind, body: string, device?: string): Capture =>
  read(kind, body, { file: `${kind}.txt`, ...(kind === 'tcpdump' ? { device: device ?? 'any' } : {}) });

/** Packets with a time before each. */
export const packets = (lines: readonly string[], device?: string): Capture =>
  text('tcpdump', lines.map((line, i) => `10:00:00.${String(100_000 + i)} ${line}\n`).join(''), device);

/** A network of nodes by `name` or `name/namespace`. */
export const networkOf = (namespaces: Readonly<Record<string, readonly Capture[]>>): Network => {
  const nodes = Object.entries(namespaces).map(([id, captures]) => {
    const [name = '', ...rest] = id.split('/');
    return { name, namespaces: [{ name: rest.join('/'), captures }] };
  });
  return buildNetwork({ nodes });
};

/** What was inferred of a namespace: its addresses as `device address/length`, its routes as `prefix device`. */
export const inferredOf = (network: Network, id: string) => {
  const ns = network.namespaces.get(id) as NetNamespace;
  return {
    addresses: [...ns.links.values()]
      .flatMap((link) =>
        link.addresses.filter((a) => a.origin).map((a) => `${link.name} ${a.address}/${a.prefixLength}`),
      )
      .sort(),
    routes: ns.routes
      .filter((r) => r.origin)
      .map((r) => `${r.prefix} ${r.nextHops[0]?.dev}`)
      .sort(),
    neighbours: ns.neighbours.filter((n) => n.origin).map((n) => `${n.address} ${n.dev} ${n.mac}`),
  };
};
