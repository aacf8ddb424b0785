import type { SeenPacket } from '../../evidence/observation.ts';
import type { Change } from '../../network/change.ts';
import { knows } from '../../network/namespace.ts';
import { watches } from '../../path/sightings.ts';
import type { ActionCode } from '../../path/vocabulary/actions.ts';
import type { CaptureKind } from '../../records/capture.ts';
import type { Link } from '../../records/link.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { type Death, deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, type Ending, endingOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { isSeenFailing } from '../facts/trace.ts';
import { neighbourOf, nextHopBefore, type TunnelEnd, tunnelEndOf } from '../facts/tunnel.ts';

/**
 * The route leads into the VXLAN device, and the device does not know where to: no forwarding entry for the MAC of the other node's end, or no neighbour entry for
 * the end itself on a device that does not learn. vxlan_xmit drops the frame and counts it as TX dropped.
 */
export const vxlanFdbOrNeighMissing: Cause = {
  id: 'vxlan-fdb-or-neigh-missing',
  group: 'B',
  layer: 'vxlan',
  control: false,
  needs: ['bridge-fdb', 'ip-neigh', 'ip-link', 'tcpdump'],
  references: ['drivers/net/vxlan/vxlan_core.c: vxlan_xmit', 'flannel-io/flannel: pkg/backend/vxlan'],
  detect: (context): readonly Verdict[] => {
    const death = deathBy(context, 'vxlan-no-fdb', 'neighbour-failed', ...UNTOLD.keys());
    if (!death) return unknownTable(context);
    const ns = death.namespace;
    const device = textOf(death.step, 'device');
    const link = ns.links.get(device);
    if (!link?.vxlan) return [];
    if (UNTOLD.has(death.code)) return unknownTable(context);
    const hop = nextHopBefore(death.leg, death.step);
    const neighbour = neighbourOf(ns, device, hop);
    const unresolved = death.code === 'neighbour-failed';
    // A device that learns or floods asks its peers; where these do not answer the tunnel itself is to be looked at.
    if (
      unresolved &&
      floods(
        ns.fdb.some((e) => e.dev === device && e.mac === '00:00:00:00:00:00'),
        link,
      )
    )
      return [];
    const end = tunnelEndOf(context.network, hop);
    const missing = unresolved || neighbour?.mac === undefined ? 'neighbour' : 'fdb';
    const dropped = link.stats?.txDropped ?? 0;
    return deathFound(context, death, {
      values: {
        device,
        missing,
        hop,
        mac: textOf(death.step, 'mac') || (end?.link.mac ?? ''),
        peer: end?.namespace.node ?? '',
        remote: end?.local ?? '',
        dropped,
        answer: death.leg.direction === 'reply',
      },
      words: [device],
      evidence: [
        ...decisiveLine(neighbour, [hop, neighbour?.mac ?? '']),
        ...(dropped > 0 ? supportingLine(link, [String(dropped)]) : []),
        ...supportingLine(end?.link, [end?.link.mac ?? '']),
      ],
      fixes: end ? [enter(death, device, hop, end)] : [],
    });
  },
};

const floods = (hasDefault: boolean, link: Link): boolean =>
  hasDefault || link.vxlan?.group !== undefined || link.vxlan?.remote !== undefined;

/** Ends of the walk at a table that was not captured. */
const UNTOLD: ReadonlyMap<ActionCode, CaptureKind> = new Map([
  ['vxlan-fdb-unknown', 'bridge-fdb'],
  ['vxlan-neighbour-unknown', 'ip-neigh'],
]);

/** A table was not captured: whether the frame finds its way is open. */
const unknownTable = (context: CauseContext): readonly Verdict[] => {
  const ending = endingOf(context);
  const kind = ending && UNTOLD.get(ending.step.action.code);
  if (!kind) return takenNeighbour(context);
  if (!isBroken(context)) return [];
  const ns = ending.namespace;
  if (knows(ns, kind)) return [];
  const unwrapped = neverWrapped(context, ending);
  if (unwrapped.length > 0) return [endedAtDevice(context, ending, unwrapped)];
  return [undecided([{ kind, namespace: ns.id }], { device: textOf(ending.step, 'device') })];
};

/**
 * The packets that were seen at the VXLAN device on their way out where a capture of every device, which shows what the device wraps, has none of them inside another
 * packet: vxlan_xmit dropped them.
 */
const neverWrapped = (context: CauseContext, { leg, step, namespace: ns }: Ending): readonly SeenPacket[] => {
  const device = textOf(step, 'device');
  const here = context.evidence.packets.filter((p) => p.namespace === ns.id && p.leg === leg.direction);
  if (!watches(ns, undefined) || here.some((p) => p.wrapping === 'vxlan' && p.view.direction === 'out')) return [];
  const isWrappingSeen = ns.packets.some((table) => {
    for (let row = 0; row < Math.min(table.count, LOOKED_AT); row += 1) {
      const view = table.packet(row);
      if (view.proto === 'vxlan' && view.inner) return true;
    }
    return false;
  });
  return isWrappingSeen ? here.filter((p) => p.view.direction === 'out' && p.view.device === device) : [];
};

/** Packets of a capture that are looked at for one that a VXLAN device wrapped. */
const LOOKED_AT = 5000;

const endedAtDevice = (
  context: CauseContext,
  { leg, step, namespace: ns }: Ending,
  seen: readonly SeenPacket[],
): Found => {
  const hop = step.before.dst;
  return foundAt(step, {
    confidence: 'likely',
    values: {
      device: textOf(step, 'device'),
      missing: 'either',
      hop,
      mac: '',
      peer: context.network.owners(hop)[0]?.namespace.node ?? '',
      remote: '',
      dropped: 0,
      answer: leg.direction === 'reply',
      seen: seen.length,
    },
    evidence: [
      ...seen.slice(0, 3).flatMap((p) => decisiveLine(p.view, [hop])),
      ...(ns.links.get(textOf(step, 'device')) ? supportingLine(ns.links.get(textOf(step, 'device'))) : []),
      ...symptomLines(context),
    ],
  });
};

/** The walk took the neighbour's entry for granted, and the flow fails. */
const takenNeighbour = (context: CauseContext): readonly Verdict[] => {
  if (!isSeenFailing(context)) return [];
  const taken = context.branch.assumptions.find((a) => a.code === 'neighbour-unknown' && a.missing);
  return taken?.missing ? [undecided([taken.missing], { device: String(taken.values.device ?? '') })] : [];
};

const enter = (death: Death, device: string, hop: string, end: TunnelEnd): Found['fixes'][number] => {
  const ns = death.namespace;
  const mac = end.link.mac ?? '';
  const remote = end.local ?? '';
  const family = hop.includes(':') ? 6 : 4;
  const changes: readonly Change[] = [
    {
      namespace: ns.id,
      op: 'add',
      what: 'neighbour',
      record: { family, address: hop, dev: device, mac, states: ['PERMANENT'], router: false, proxy: false },
    },
    {
      namespace: ns.id,
      op: 'add',
      what: 'fdb',
      record: {
        mac,
        dev: device,
        dst: remote,
        port: undefined,
        vni: undefined,
        via: undefined,
        vlan: undefined,
        master: undefined,
        flags: ['self', 'permanent'],
      },
    },
  ];
  return {
    id: 'enter-peer',
    commands: [
      commandIn(ns, shell`ip neigh replace ${hop} lladdr ${mac} dev ${device} nud permanent`),
      commandIn(ns, shell`bridge fdb append ${mac} dev ${device} dst ${remote}`),
    ],
    changes,
    values: { device, mac, remote, hop },
  };
};
