import { counter, type NetNamespace } from '../../network/namespace.ts';
import type { FlowQuestion } from '../../path/walk-result.ts';
import type { KernelVersion } from '../../records/host.ts';
import type { PacketView } from '../../records/packet.ts';
import { addressFamily } from '../../tables/address.ts';
import { symptomLines } from '../facts/confidence.ts';
import { decisiveLine, namespaceId, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, ToldContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { failsUnexplained, seenBehind } from '../facts/trace.ts';

const COUNTER = 'UdpInCsumErrors';
/** Stable series that got the fix, and the patch level with it; 5.7 and later have it from the start. */
const FIXED: ReadonlyMap<string, number> = new Map([
  ['4.14', 181],
  ['4.19', 123],
  ['5.4', 41],
  ['5.6', 13],
]);

/** Whether a kernel has the fix for the outer checksum after a second source NAT; undefined where its version is not known. */
export const hasChecksumFix = (kernel: KernelVersion | undefined): boolean | undefined => {
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(kernel?.release ?? '');
  if (!parts) return undefined;
  const [major = 0, minor = 0, patch = 0] = parts.slice(1).map((p) => Number(p ?? 0));
  if (major > 5 || (major === 5 && minor >= 7)) return true;
  const fixed = FIXED.get(`${major}.${minor}`);
  return fixed !== undefined && patch >= fixed;
};

/**
 * The sender's kernel leaves a wrong checksum in the outer UDP header of packets that were masqueraded twice and whose checksum the card was to compute. The receiver
 * drops them, until after some retransmissions one goes another way (63 seconds is the number that people search for).
 */
export const vxlanCsumOffloadDoubleNat: Cause = {
  id: 'vxlan-csum-offload-double-nat',
  group: 'B',
  layer: 'vxlan',
  control: false,
  needs: ['tcpdump', 'counters', 'uname', 'iptables-save'],
  references: [
    'net/ipv4/udp_offload.c: skb_udp_tunnel_segment',
    'kubernetes/kubernetes#88986',
    'kubernetes/kubernetes PR#92035',
    'flannel-io/flannel#1279',
  ],
  versions: 'Linux < 5.6.13, < 5.4.41, < 4.19.123, < 4.14.181',
  explains: ['vxlan-udp-blocked'],
  detect: (context): readonly Verdict[] => {
    if (context.evidence.seen === 'ok') return [];
    const sending = context.branch.forward.steps.find((s) => s.action.code === 'vxlan-encapsulate');
    const sender = sending && context.network.namespaces.get(namespaceId(sending));
    if (!sending || !sender) return [];
    const receiver = receiverOf(context, textOf(sending, 'remote'));
    if (!receiver) return [];
    // The sender's own capture always shows wrong checksums where the card computes them: only the receiver's tells.
    const bad = context.evidence.packets.filter(
      (p) => p.namespace === receiver.id && p.wrapping === 'vxlan' && p.view.checksumBad && p.view.direction !== 'out',
    );
    const counted = counter(receiver, COUNTER);
    const errors = counted?.value ?? 0;
    const nats = context.branch.forward.steps.filter(
      (s) => namespaceId(s) === sender.id && s.action.code === 'masquerade',
    );
    const kernel = context.network.nodes.find((n) => n.name === sender.node)?.kernel;
    const fixed = hasChecksumFix(kernel);
    if (
      bad.length === 0 &&
      !(errors > 0 && fixed === false && nats.length > 0 && context.evidence.seen !== 'unknown')
    ) {
      if (nats.length === 0 || !failsUnexplained(context) || seenBehind(context, context.branch.forward, sending))
        return [];
      const values = { counter: COUNTER, errors, kernel: kernel?.release ?? '', from: sender.node };
      // What the receiver makes of the sums, and whether the sender's kernel makes them wrong.
      if (fixed === false && !counted && receiver.packets.length === 0)
        return [undecided([{ kind: 'counters', namespace: receiver.id }], values)];
      return errors > 0 && fixed === undefined ? [undecided([{ kind: 'uname', namespace: sender.id }], values)] : [];
    }
    const device = textOf(sending, 'device');
    const decapsulation = context.branch.forward.steps.find((s) => namespaceId(s) === receiver.id) ?? sending;
    return [
      foundAt(decapsulation, {
        confidence: bad.length > 0 && errors > 0 ? 'certain' : bad.length > 0 ? 'likely' : 'possible',
        values: {
          device,
          bad: bad.length,
          errors,
          counter: COUNTER,
          kernel: kernel?.release ?? '',
          old: fixed === false,
          nats: nats.length,
          from: sender.node,
          told: false,
        },
        evidence: [
          ...bad.slice(0, 3).flatMap((p) => decisiveLine(p.view, ['bad udp cksum'])),
          ...(errors > 0 ? decisiveLine(counted, [COUNTER]) : []),
          ...supportingLine(kernel, [kernel?.release ?? '']),
          ...nats.flatMap((s) => proofsOf(s, ['MASQUERADE'])),
          ...symptomLines(context),
        ],
        fixes: [
          {
            id: 'offload-off',
            commands: [commandIn(sender, shell`ethtool -K ${device} tx-checksum-ip-generic off`)],
            changes: [],
            values: { device },
          },
        ],
      }),
    ];
  },
  told: (context) => (context.evidence.seen === 'ok' ? [] : wrongSums(context)),
};

const ROWS = 2000;
/** One packet may be damaged. */
const LEAST = 2;

const innermost = (view: PacketView): PacketView => (view.inner ? innermost(view.inner) : view);

/** The flow's own packet: under its source's address, or where tcpdump printed a name in its place, by both of its ports. */
const isOfFlow = (view: PacketView, { proto, src, sport, dst, dport }: FlowQuestion): boolean =>
  view.proto === proto &&
  view.dst === dst &&
  (dport === undefined || view.dport === dport) &&
  (sport === undefined || view.sport === sport) &&
  (view.src === src || (sport !== undefined && view.src !== undefined && addressFamily(view.src) === undefined));

/**
 * Every encapsulated packet of the flow bears a wrong outer checksum, and none is answered. On the receiver that is the fault; elsewhere the card may still have to compute the sum, and
 * only the receiver's capture tells.
 */
const wrongSums = ({ network, question }: ToldContext): readonly Found[] =>
  [...network.namespaces.values()].flatMap((ns): readonly Found[] => {
    const outers: PacketView[] = [];
    for (const table of ns.packets)
      for (const row of table.rowsWithAddress(question.dst).slice(0, ROWS)) {
        const outer = table.packet(row);
        const view = innermost(outer);
        if (view.src === question.dst) return [];
        if (isOfFlow(view, question) && outer !== view && outer.proto === 'vxlan') outers.push(outer);
      }
    const bad = outers.filter((outer) => outer.checksumBad);
    if (bad.length < LEAST || bad.length < outers.length) return [];
    const kernel = network.nodes.find((n) => n.name === ns.node)?.kernel;
    const arrived = bad.every((outer) => outer.direction === 'in');
    if (!arrived && hasChecksumFix(kernel) === true) return [];
    return [
      {
        kind: 'found',
        confidence: arrived ? 'likely' : 'possible',
        node: ns.node,
        namespace: ns.name,
        at: 'decapsulation',
        values: {
          device: '',
          bad: bad.length,
          errors: 0,
          counter: COUNTER,
          kernel: kernel?.release ?? '',
          old: hasChecksumFix(kernel) === false,
          nats: 0,
          from: '',
          told: true,
        },
        evidence: bad.slice(0, 3).flatMap((view) => decisiveLine(view, ['bad udp cksum'])),
        fixes: [],
      },
    ];
  });

const receiverOf = (context: CauseContext, remote: string): NetNamespace | undefined =>
  context.network.owners(remote).find((o) => o.link.kind !== 'dummy')?.namespace;
