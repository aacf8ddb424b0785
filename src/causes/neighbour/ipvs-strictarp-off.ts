import { deviceSysctl, deviceSysctlNumber, knows, type NetNamespace } from '../../network/namespace.ts';
import type { Network } from '../../network/network.ts';
import { senderOf } from '../../path/walk-result.ts';
import type { PacketView } from '../../records/packet.ts';
import type { Neighbour } from '../../records/route.ts';
import { virtualHolding } from '../facts/address.ts';
import { isBroken, symptomLines } from '../facts/confidence.ts';
import { decisiveLine, supportingLine } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

/**
 * A load balancer's address is on a dummy device of every node, and with arp_ignore 0 the kernel answers ARP for it on every other device:
 * several nodes claim it, and the network sends its traffic to whichever answered last.
 */
export const ipvsStrictarpOff: Cause = {
  id: 'ipvs-strictarp-off',
  group: 'B',
  layer: 'neighbour',
  control: false,
  needs: ['sysctl', 'ip-addr', 'ip-neigh', 'tcpdump'],
  references: [
    'net/ipv4/arp.c: arp_ignore',
    'https://metallb.universe.tf/installation/#preparation',
    'kubernetes/kubernetes#59976',
  ],
  explains: ['duplicate-ip-or-arp-conflict'],
  detect: (context) => {
    const { dst } = context.flow.question;
    if (!isBroken(context) || dst.includes(':')) return [];
    const client = context.network.namespaces.get(senderOf(context.flow.question) ?? '');
    const host = client && context.network.namespaces.get(client.node);
    // A node that has the address itself asks nobody for it.
    if (host && virtualHolding(host, dst)) return [];
    const holders = context.network.nodes.flatMap(({ host: ns }) => {
      const holding = virtualHolding(ns, dst);
      return holding ? [{ ns, holding, ...answering(ns) }] : [];
    });
    if (holders.length < 2) return [];
    const unknown = holders.filter((h) => !knows(h.ns, 'sysctl'));
    const loose = holders.filter((h) => knows(h.ns, 'sysctl') && h.ignore === 0);
    const learnt = neighboursOf(context.network, dst);
    const answers = repliesFor(context.network, dst);
    const macs = new Set(
      [...answers.map((view) => view.arp?.mac ?? ''), ...learnt.map((n) => n.mac ?? '')].filter((mac) => mac !== ''),
    );
    // In an order of the machines' own, by their hardware addresses: a name says nothing of who answered.
    const claimants = holders
      .flatMap((h) => {
        const own = [...h.ns.links.values()].flatMap((link) => link.mac ?? []).filter((mac) => macs.has(mac));
        const first = own.sort()[0];
        return first === undefined ? [] : [{ ...h, first }];
      })
      .sort((a, b) => (a.first < b.first ? -1 : 1));
    const wrong = claimants.find((h) => loose.some((l) => l.ns === h.ns));
    const values = {
      address: dst,
      nodes: holders.map((h) => h.ns.node),
      loose: loose.map((h) => h.ns.node),
      claimants: claimants.map((h) => h.ns.node),
      macs: [...macs],
      device: holders[0]?.holding.device ?? '',
    };
    if (unknown.length === holders.length)
      return learnt.length + answers.length > 0
        ? [
            undecided(
              unknown.map((h) => ({ kind: 'sysctl', namespace: h.ns.id })),
              values,
            ),
          ]
        : [];
    if (loose.length === 0) {
      return learnt.length + answers.length > 0
        ? [
            {
              kind: 'ruled-out',
              because: 'strict',
              values,
              evidence: holders.slice(0, 2).flatMap((h) => decisiveLine(h.line)),
            },
          ]
        : [];
    }
    // Without anybody who learnt the address from ARP, the setting alone accuses nobody.
    if (!wrong || context.evidence.seen === 'unknown') return [];
    const several = claimants.length > 1;
    return [
      {
        kind: 'found',
        confidence: several && answers.length > 0 ? 'certain' : several ? 'likely' : 'possible',
        node: wrong.ns.node,
        namespace: '',
        at: 'neighbour',
        values,
        evidence: [
          ...loose.slice(0, 3).flatMap((h) => decisiveLine(h.line, ['arp_ignore'])),
          ...answers.slice(0, 4).flatMap((view) => decisiveLine(view, [dst, view.arp?.mac ?? ''])),
          ...learnt.slice(0, 3).flatMap((n) => decisiveLine(n, [dst, n.mac ?? ''])),
          ...holders.slice(0, 3).flatMap((h) => supportingLine(h.holding, [dst])),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'strict-arp',
            commands: loose.map((h) =>
              commandIn(h.ns, shell`sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2`),
            ),
            changes: loose.flatMap((h) => [
              {
                namespace: h.ns.id,
                op: 'set' as const,
                what: 'sysctl' as const,
                name: 'net.ipv4.conf.all.arp_ignore',
                value: '1',
              },
              {
                namespace: h.ns.id,
                op: 'set' as const,
                what: 'sysctl' as const,
                name: 'net.ipv4.conf.all.arp_announce',
                value: '2',
              },
            ]),
            values: { address: dst },
          },
        ],
      },
    ];
  },
};

/** IN_DEV_ARP_IGNORE is the larger of `all` and the device's; the loosest device that is no dummy answers. */
const answering = (ns: NetNamespace) => {
  const all = deviceSysctlNumber(ns, 4, 'all', 'arp_ignore') ?? 0;
  const devices = [...ns.links.values()].filter(
    (link) => link.kind !== 'dummy' && !link.flags.includes('LOOPBACK') && link.addresses.some((a) => a.family === 4),
  );
  const own = devices.map((link) => deviceSysctlNumber(ns, 4, link.name, 'arp_ignore') ?? 0);
  return {
    ignore: Math.max(all, own.length === 0 ? 0 : Math.min(...own)),
    line: deviceSysctl(ns, 4, 'all', 'arp_ignore'),
  };
};

const neighboursOf = (network: Network, address: string): readonly Neighbour[] =>
  [...network.namespaces.values()].flatMap((ns) =>
    ns.neighbours.filter((n) => n.address === address && n.mac !== undefined),
  );

const repliesFor = (network: Network, address: string): readonly PacketView[] => {
  const found = new Map<string, PacketView>();
  for (const ns of network.namespaces.values())
    for (const table of ns.packets)
      for (const row of table.rowsWithAddress(address).slice(0, 5000)) {
        const view = table.packet(row);
        if (
          view.arp?.op === 'reply' &&
          view.arp.mac !== undefined &&
          view.arp.target === address &&
          !found.has(view.arp.mac)
        )
          found.set(view.arp.mac, view);
      }
  return [...found.values()];
};
