import type { Change } from '../../network/change.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, namespaceId, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { fdbOf, lastEncapsulation, nextHopBefore, type TunnelEnd, tunnelEndOf } from '../facts/tunnel.ts';

/**
 * The forwarding entry for the other node's VXLAN end leads to an address that the end does not have (any more): the node got another address, or the agent took
 * another network card's.
 */
export const vxlanStaleFdbRemote: Cause = {
  id: 'vxlan-stale-fdb-remote',
  group: 'C',
  layer: 'vxlan',
  control: false,
  needs: ['bridge-fdb', 'ip-link', 'ip-addr', 'tcpdump'],
  references: ['drivers/net/vxlan/vxlan_core.c: vxlan_find_mac', 'flannel-io/flannel: --iface'],
  explains: [
    'vtep-mac-mismatch',
    'vxlan-udp-blocked',
    'vxlan-vni-or-port-mismatch',
    'underlay-antispoof',
    'podcidr-route-missing',
    'neigh-failed-next-hop',
  ],
  detect: (context) => {
    const death = deathBy(context);
    if (death?.code === 'vxlan-fdb-unknown')
      return isSeenFailing(context)
        ? [undecided([{ kind: 'bridge-fdb', namespace: death.namespace.id }], { device: textOf(death.step, 'device') })]
        : [];
    const sending = death && lastEncapsulation(death.leg, 'vxlan-encapsulate');
    const sender = sending && context.network.namespaces.get(namespaceId(sending));
    if (!death || !sending || !sender) return [];
    // Once it came out of the tunnel at the right end, the tunnel is not to blame.
    const after = death.leg.steps.slice(death.leg.steps.indexOf(sending) + 1);
    if (after.some((s) => s.action.code === 'vxlan-decapsulate')) return [];
    const remote = textOf(sending, 'remote');
    const end = meantFor(context, nextHopBefore(death.leg, sending), textOf(sending, 'mac'));
    if (end?.local === undefined || end.local === remote) return [];
    // The end may listen on every address of its node; an entry for one of those still reaches it.
    const fixed = end.link.vxlan?.local;
    const own = [...end.namespace.links.values()].some(
      (l) => l.kind !== 'dummy' && l.addresses.some((a) => a.address === remote),
    );
    if (own && (fixed === undefined || fixed === remote)) return [];
    const device = textOf(sending, 'device');
    const entry =
      fdbOf(sender, device, textOf(sending, 'mac')) ?? sender.fdb.find((e) => e.dev === device && e.dst === remote);
    const owner = context.network.owners(remote)[0]?.namespace;
    const changes: readonly Change[] = entry
      ? [
          { namespace: sender.id, op: 'delete', what: 'fdb', source: entry.source },
          { namespace: sender.id, op: 'add', what: 'fdb', record: { ...entry, dst: end.local } },
        ]
      : [];
    const local = end.local;
    return deathFound(context, death, {
      values: {
        device,
        remote,
        local,
        peer: end.namespace.node,
        mac: entry?.mac ?? '',
        owner: owner?.node ?? '',
        from: sender.node,
      },
      evidence: [
        ...decisiveLine(entry, [remote]),
        ...decisiveLine(end.link, [local]),
        ...supportingLine(end.link, [local]),
      ],
      fixes: entry
        ? [
            {
              id: 'right-remote',
              commands: [commandIn(sender, shell`bridge fdb replace ${entry.mac} dev ${device} dst ${local}`)],
              changes,
              values: { remote, local, device },
            },
          ]
        : [],
    }).map((found) => {
      if (found.node !== null && found.node !== sender.node && owner) return found;
      const { between: _, ...rest } = found;
      return { ...rest, node: sender.node, namespace: sender.name, at: 'device' };
    });
  },
};

/** The tunnel end that the frame was for: who has the next hop on the overlay, else whose device has the MAC. */
const meantFor = (context: CauseContext, hop: string, mac: string): TunnelEnd | undefined => {
  const byAddress = tunnelEndOf(context.network, hop);
  if (byAddress) return byAddress;
  for (const { host } of context.network.nodes)
    for (const link of host.links.values())
      if (link.vxlan && link.mac === mac && mac !== '') return { namespace: host, link, local: link.vxlan.local };
  return undefined;
};
