import type { BundleCheck } from '../facts/finding.ts';

/**
 * A WireGuard peer to which packets were sent and from which none ever came: no handshake was completed, and what is routed into the device for it is
 * kept back (wg_packet_send_staged_packets) until one is. Why is not in the device's listing: a wrong endpoint, a filter on the way, or keys that do not fit.
 */
export const wireguardNoHandshake: BundleCheck = {
  id: 'wireguard-no-handshake',
  needs: ['wireguard'],
  detect: (network) =>
    [...network.namespaces.values()].flatMap((ns) =>
      ns.wireguard.flatMap((device) =>
        device.peers
          .filter((peer) => peer.handshake === undefined && (peer.received ?? 0) === 0 && (peer.sent ?? 0) > 0)
          .slice(0, 1)
          .map((peer) => ({
            confidence: 'certain' as const,
            node: ns.node,
            namespace: ns.name,
            at: 'device' as const,
            values: {
              device: device.name ?? '',
              sent: peer.sent ?? 0,
              endpoint: peer.endpoint ? peer.endpoint.address : '',
              port: peer.endpoint?.port ?? 0,
              own: peer.endpoint !== undefined && network.owners(peer.endpoint.address).some((o) => o.namespace === ns),
            },
            evidence: [
              { source: peer.countedAt ?? peer.source, role: 'decisive' as const, words: ['0 B received'] },
              { source: peer.source, role: 'supporting' as const },
            ],
          })),
      ),
    ),
};
