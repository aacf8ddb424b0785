import { counter } from '../../network/namespace.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, namespaceId, numberOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, Verdict } from '../facts/finding.ts';
import { undecided } from '../facts/found.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { lastEncapsulation, showsDetails } from '../facts/tunnel.ts';

/**
 * The two ends of an overlay were made with different network identifiers or different UDP ports. For another port the receiver has no socket and answers with ICMP
 * port unreachable; for another VNI it finds no device and drops the packet, which no counter shows.
 */
export const vxlanVniOrPortMismatch: Cause = {
  id: 'vxlan-vni-or-port-mismatch',
  group: 'C',
  layer: 'vxlan',
  control: false,
  needs: ['ip-link', 'counters', 'tcpdump'],
  references: ['drivers/net/vxlan/vxlan_core.c: vxlan_rcv, vxlan_vs_find_vni', 'RFC 7348'],
  detect: (context): readonly Verdict[] => {
    const death = deathBy(context, 'vxlan-vni-mismatch', 'vxlan-no-port');
    if (!death) return [];
    const ns = death.namespace;
    // Without its details no device is known to be a VXLAN's: that there is none on this port is not known.
    if (death.code === 'vxlan-no-port' && !showsDetails(ns))
      return isSeenFailing(context)
        ? [undecided([{ kind: 'ip-link', namespace: ns.id }], { port: numberOf(death.step, 'port') ?? 0 })]
        : [];
    const vni = numberOf(death.step, 'vni') ?? 0;
    const port = numberOf(death.step, 'port') ?? 0;
    const sending = lastEncapsulation(death.leg, 'vxlan-encapsulate');
    const sender = sending && context.network.namespaces.get(namespaceId(sending));
    const senderDevice = sending ? textOf(sending, 'device') : '';
    const senderLink = sender?.links.get(senderDevice);
    const devices = [...ns.links.values()].filter((l) => l.vxlan !== undefined);
    const mine =
      devices.find((l) => l.name === senderDevice) ??
      devices.find((l) => (death.code === 'vxlan-no-port' ? l.vxlan?.id === vni : l.vxlan?.port === port)) ??
      devices[0];
    const sameNumbers = mine?.vxlan?.id === vni && mine.vxlan.port === port;
    const noPorts = counter(ns, 'UdpNoPorts');
    return deathFound(context, death, {
      values: {
        what: death.code === 'vxlan-no-port' ? 'port' : sameNumbers ? 'local' : 'vni',
        vni,
        port,
        device: mine?.name ?? '',
        hasDevice: mine !== undefined,
        ownVni: mine?.vxlan?.id ?? 0,
        ownPort: mine?.vxlan?.port ?? 0,
        from: sender?.node ?? '',
        senderDevice,
      },
      evidence: [
        ...decisiveLine(senderLink, [`vxlan id ${vni}`, `dstport ${port}`]),
        ...decisiveLine(mine, [`vxlan id ${mine?.vxlan?.id ?? ''}`, `dstport ${mine?.vxlan?.port ?? ''}`]),
        ...(death.code === 'vxlan-no-port' && noPorts && noPorts.value > 0
          ? supportingLine(noPorts, ['UdpNoPorts'])
          : []),
      ],
      fixes: [
        {
          id: 'make-equal',
          commands: [],
          changes: [],
          values: { vni, port, device: mine?.name ?? senderDevice },
        },
      ],
    });
  },
};
