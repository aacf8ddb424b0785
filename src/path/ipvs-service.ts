import type { VirtualService } from '../records/ipvs.ts';
import type { Packet } from './packet.ts';

/** ip_vs_service_find: the firewall mark first, then address and port, then the catch-all port 0 of a persistent service. */
export const findService = (services: readonly VirtualService[], p: Packet): VirtualService | undefined => {
  const sameKind = (s: VirtualService) => s.proto === p.proto && s.address === p.dst;
  return (
    (p.mark !== 0
      ? services.find((s) => s.proto === 'fwmark' && s.fwmark === p.mark && s.family === p.family)
      : undefined) ??
    services.find((s) => sameKind(s) && s.port === p.dport) ??
    services.find((s) => sameKind(s) && s.port === 0 && s.persistent !== undefined)
  );
};
