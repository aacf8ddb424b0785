import type { Change } from '../../network/change.ts';
import { addressFamily } from '../../tables/address.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, endingOf, namespaceId, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { fdbOf, lastEncapsulation, nextHopBefore, showsDetails, tunnelEndOf } from '../facts/tunnel.ts';

/**
 * The sender wraps frames for the MAC address that the other node's VXLAN device had once. The device has another one now (systemd's MACAddressPolicy, a device made
 * anew), so its stack takes the frame for somebody else's and drops it; tcpdump on the device shows it all the same.
 */
export const vtepMacMismatch: Cause = {
  id: 'vtep-mac-mismatch',
  group: 'B',
  layer: 'vxlan',
  control: false,
  needs: ['ip-link', 'ip-neigh', 'bridge-fdb', 'tcpdump'],
  references: [
    'net/ethernet/eth.c: eth_type_trans (PACKET_OTHERHOST)',
    'net/ipv4/ip_input.c: ip_rcv_core',
    'flannel-io/flannel#1155',
    'flannel-io/flannel PR#1485',
  ],
  detect: (context) => {
    const death = deathBy(context, 'vxlan-other-station');
    if (!death) return unlisted(context);
    const own = textOf(death.step, 'own');
    const mac = textOf(death.step, 'mac');
    const device = textOf(death.step, 'device');
    const sending = lastEncapsulation(death.leg, 'vxlan-encapsulate');
    const sender = sending && context.network.namespaces.get(namespaceId(sending));
    const outDevice = sending ? textOf(sending, 'device') : '';
    const neighbour = sender?.neighbours.find((n) => n.dev === outDevice && n.mac === mac);
    const fdb = sender && fdbOf(sender, outDevice, mac);
    // The frame is another node's: its forwarding entry leads to the wrong node.
    if (isStationElsewhere(context, death.namespace.node, mac)) return [];
    const other = death.namespace.links.get(device)?.stats?.rxOtherhost ?? 0;
    const changes: readonly Change[] =
      sender && neighbour && fdb
        ? [
            { namespace: sender.id, op: 'add', what: 'neighbour', record: { ...neighbour, mac: own } },
            { namespace: sender.id, op: 'add', what: 'fdb', record: { ...fdb, mac: own } },
          ]
        : [];
    const back = changes.length > 0 ? wayBack(context, changes) : undefined;
    return deathFound(context, death, {
      values: { device, mac, own, from: sender?.node ?? '', otherhost: other, address: neighbour?.address ?? '' },
      words: [own],
      evidence: [...decisiveLine(neighbour, [mac]), ...supportingLine(fdb, [mac])],
      fixes:
        sender && neighbour
          ? [
              {
                id: 'new-mac',
                commands: [
                  commandIn(
                    sender,
                    shell`ip neigh replace ${neighbour.address} lladdr ${own} dev ${outDevice} nud permanent`,
                  ),
                  commandIn(
                    sender,
                    shell`bridge fdb replace ${own} dev ${outDevice} dst ${fdb?.dst ?? textOf(death.step, 'dst')}`,
                  ),
                  ...(back?.commands ?? []),
                ],
                changes: [...changes, ...(back?.changes ?? [])],
                values: { own, device, from: sender.node, back: back !== undefined },
              },
            ]
          : [],
    });
  },
};

/**
 * The device that was made anew, or given another address, has also lost what it knew of its peers (neigh_changeaddr flushes the permanent entries too): what the
 * answer then lacks on its way back.
 */
const wayBack = (context: CauseContext, changes: readonly Change[]) => {
  const reply = context.rewalk(changes).branches[0]?.reply;
  const last = reply?.steps.at(-1);
  if (!reply || last?.action.code !== 'vxlan-no-fdb') return undefined;
  const overlay = nextHopBefore(reply, last);
  const peer = tunnelEndOf(context.network, overlay);
  const family = addressFamily(overlay);
  const mac = peer?.link.mac;
  if (peer?.local === undefined || mac === undefined || family === undefined) return undefined;
  const namespace = namespaceId(last);
  const ns = context.network.namespaces.get(namespace);
  if (!ns) return undefined;
  const dev = textOf(last, 'device');
  const neighbour = { family, address: overlay, dev, mac, states: ['PERMANENT'], router: false, proxy: false } as const;
  const fdb = { mac, dev, dst: peer.local, flags: ['self', 'permanent'] } as const;
  return {
    commands: [
      commandIn(ns, shell`ip neigh replace ${overlay} lladdr ${mac} dev ${dev} nud permanent`),
      commandIn(ns, shell`bridge fdb replace ${mac} dev ${dev} dst ${peer.local}`),
    ],
    changes: [
      { namespace, op: 'add', what: 'neighbour', record: neighbour },
      { namespace, op: 'add', what: 'fdb', record: fdb },
    ] as readonly Change[],
  };
};

/** The tunnel's packet comes to a node whose VXLAN devices the captures do not show, and none of the devices they show has the MAC address that it is for. */
const unlisted = (context: CauseContext): readonly Verdict[] => {
  const ending = endingOf(context);
  if (!ending || !isSeenFailing(context)) return [];
  const { step, namespace: ns } = ending;
  const isUnknown =
    step.action.code === 'vxlan-device-unknown' || (step.action.code === 'vxlan-no-port' && !showsDetails(ns));
  const mac = step.before.innerMac;
  if (!isUnknown || mac === undefined || [...ns.links.values()].some((l) => l.mac === mac)) return [];
  return [undecided([{ kind: 'ip-link', namespace: ns.id }], { mac, device: '', own: '' })];
};

const isStationElsewhere = (context: CauseContext, node: string, mac: string): boolean =>
  context.network.nodes.some(
    ({ name, host }) => name !== node && [...host.links.values()].some((l) => l.vxlan !== undefined && l.mac === mac),
  );
