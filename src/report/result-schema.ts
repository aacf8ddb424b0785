import { z } from 'zod';

/**
 * The shape of `--format json`, schemaVersion 1. Fields are only ever added. `null` stands for what the bundle does not tell; lists are in
 * the order of the analysis (the most likely cause first), maps in the order of their keys, so that the same bundle gives the same bytes.
 */

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const values = z
  .record(z.string(), value)
  .describe('Typed values of the finding or step; their names belong to the code.');
/** Of a binary capture, whose unit is the packet, `line` is the packet's number. */
const line = z.object({ file: z.string(), line: z.int(), unit: z.literal('packet').optional() });
const evidence = line.extend({
  text: z.string().describe('The line, as far as the bundle shows it; keys are masked.'),
  role: z.enum(['decisive', 'supporting']),
});

/** One layer of a packet; what a tunnel carries hangs below as `inner`. */
const packet = z
  .object({
    family: z.union([z.literal(4), z.literal(6)]),
    proto: z.string(),
    src: z.string(),
    dst: z.string(),
    sport: z.int().nullable(),
    dport: z.int().nullable(),
    tcp: z.enum(['syn', 'syn-ack', 'ack', 'rst']).nullable(),
    icmp: z.object({ type: z.int(), code: z.int(), id: z.int().nullable() }).nullable(),
    mark: z.int(),
    ttl: z.int(),
    length: z.int(),
    spi: z.int().nullable(),
    vni: z.int().nullable(),
    get inner() {
      return packet.nullable();
    },
  })
  .meta({ id: 'packet' });

const step = z
  .object({
    node: z.string(),
    namespace: z.string().describe("'' for the host's own namespace."),
    hook: z.string().describe('Place in the kernel: send, PREROUTING, routing, xfrm-in, FORWARD, device …'),
    stage: z.string().describe('Table or subsystem within the hook: raw, mangle, nat, filter, conntrack, ipvs, esp …'),
    device: z.string().nullable(),
    action: z.string().describe('Code of what happened: route, snat, ipvs-dnat, no-policy …'),
    values,
    packetBefore: packet,
    packetAfter: packet,
    verdict: z.enum(['continue', 'drop', 'reject', 'reset', 'deliver', 'lost', 'unknown']),
    evidence: z.array(evidence),
  })
  .meta({ id: 'step' });

const outcome = z.enum(['delivered', 'dropped', 'rejected', 'reset', 'lost', 'unknown']);
const between = z.tuple([z.string(), z.string()]).nullable();

const legEnd = z.object({
  outcome,
  node: z.string().nullable(),
  namespace: z.string(),
  between,
  reason: z.string(),
});

const tuple = z.object({
  src: z.string(),
  dst: z.string(),
  sport: z.int().nullable(),
  dport: z.int().nullable(),
});

/** What the bundle shows of a flow. */
const observed = z.object({
  seen: z.enum(['ok', 'refused', 'reset', 'timeout', 'unreachable', 'stalled', 'unknown']),
  seenBy: z
    .enum(['captures', 'probe', 'user'])
    .describe("Who says so: the captures, what a client's tool printed, --saw."),
  stopped: z
    .object({ lastAnswer: line, inVain: z.array(line) })
    .nullable()
    .describe('The flow was answered and then no more: the last answer, and what was sent in vain after it.'),
  log: z
    .array(line.extend({ namespace: z.string(), leg: z.enum(['forward', 'reply']), prefix: z.string() }))
    .describe("Lines of the kernel's log about packets of the flow."),
  probes: z
    .array(line.extend({ namespace: z.string(), outcome: z.string() }))
    .describe("What a client's tool printed."),
  conntrack: z.array(
    line.extend({
      namespace: z.string(),
      proto: z.string(),
      state: z.string().nullable(),
      original: tuple,
      reply: tuple,
      unreplied: z.boolean(),
      assured: z.boolean(),
      agrees: z.boolean().nullable().describe('Whether the walk predicts these tuples; null where it makes no entry.'),
    }),
  ),
  ipvs: z.array(
    line.extend({
      namespace: z.string(),
      proto: z.string(),
      state: z.string(),
      client: z.string(),
      clientPort: z.int(),
      virtual: z.string(),
      virtualPort: z.int(),
      server: z.string(),
      serverPort: z.int(),
    }),
  ),
  packets: z.array(
    line.extend({
      namespace: z.string(),
      device: z.string().nullable(),
      time: z.number().nullable(),
      leg: z.enum(['forward', 'reply', 'error']),
      step: z.int().nullable().describe('Index of the step of that leg at which the packet was seen.'),
      wrapping: z.enum(['plain', 'esp', 'vxlan', 'geneve', 'ipip', 'gre']),
      proto: z.string(),
      src: z.string().nullable(),
      dst: z.string().nullable(),
      sport: z.int().nullable(),
      dport: z.int().nullable(),
      tcpFlags: z.string().nullable(),
    }),
  ),
  packetsCut: z.int(),
  clockOffsets: z
    .record(z.string(), z.number())
    .describe("Seconds to add to a node's clock to match the first node's."),
  counters: z.array(line.extend({ namespace: z.string(), name: z.string(), value: z.number() })),
});

const flow = z.object({
  id: z.string(),
  proto: z.string(),
  src: z.string(),
  sport: z.int().nullable(),
  dst: z.string(),
  dport: z.int().nullable(),
  startNode: z.string().nullable(),
  entry: z
    .object({
      namespace: z.string(),
      received: z
        .boolean()
        .nullable()
        .describe(
          'Received there by a device, and sent by nobody in the bundle; null where nothing tells, and both were walked.',
        ),
      device: z.string().nullable(),
      reason: z.string(),
      evidence: z.array(line),
    })
    .nullable()
    .describe('Where the walk begins, and why there; null where it begins nowhere.'),
  outcome,
  forward: z.array(step).describe('The most telling way; the others are in `branches`.'),
  reply: z.array(step),
  ack: z
    .array(step)
    .describe("The packet that ends TCP's handshake, where it does not arrive though the answer did; empty otherwise."),
  refusal: z
    .array(step)
    .describe(
      'The way of the RST or ICMP error that answers what is refused: a request, an ACK, or an answer that no socket waits for.',
    ),
  forwardEnd: legEnd.nullable(),
  replyEnd: legEnd.nullable(),
  ackEnd: legEnd.nullable(),
  refusalEnd: legEnd.nullable(),
  branches: z.array(
    z.object({
      outcome,
      share: z.number().describe('Part of the traffic that goes this way, 0 to 1.'),
      forwardEnd: legEnd,
      replyEnd: legEnd.nullable(),
      ackEnd: legEnd.nullable(),
      assumptions: z.array(z.object({ code: z.string(), values, missing: z.string().nullable() })),
    }),
  ),
  branchesCut: z.boolean(),
  observed,
});

const finding = z
  .object({
    id: z.string(),
    flow: z.string().nullable(),
    node: z.string().nullable().describe('Null where the packet is lost between two nodes; `between` names them.'),
    namespace: z.string(),
    between,
    at: z.string(),
    confidence: z.enum(['certain', 'likely', 'possible']),
    values,
    evidence: z.array(evidence),
    fixes: z.array(
      z.object({
        id: z.string(),
        commands: z.array(z.object({ node: z.string(), command: z.string() })),
        provenByWalk: z.boolean(),
        values,
      }),
    ),
    get consequences() {
      return z.array(finding);
    },
  })
  .meta({ id: 'finding' });

const capture = z.object({
  kind: z.string(),
  file: z.string(),
  namespace: z.string(),
  records: z.int(),
  unread: z.int(),
  partial: z.boolean(),
  toolMessage: z.string().nullable(),
});

const verdictCode = z.enum(['cause', 'possible', 'undecided', 'no-failure-seen', 'not-enough', 'healthy']);

/** What it all comes to. Only `healthy` says that something works. */
const verdict = z.object({
  code: verdictCode.describe(
    'cause: one holds, certain or likely. possible: only possible ones. undecided: a flow fails or its walk ends, and no known cause says by what. no-failure-seen: nothing captured stops it, and nothing shows that it works. not-enough: the bundle does not hold what it takes. healthy: seen answered to its end, or walked there and back on captured facts alone.',
  ),
  evidence: z.array(evidence).describe('What the bundle shows of the flow where no cause holds: a few lines.'),
  by: z.enum(['seen', 'walked']).nullable().describe('How a healthy flow is known to be so.'),
  examined: z.object({
    asked: z.boolean().describe('Whether a flow was asked about.'),
    flows: z.array(z.object({ id: z.string(), code: verdictCode })),
    nodes: z.array(z.object({ name: z.string(), kinds: z.array(z.string()) })),
    lookedAt: z.array(
      z.object({
        kind: z.string().describe('A kind of capture in which a failing flow shows.'),
        nodes: z.array(z.string()),
        without: z.array(z.string()).describe('Nodes of which it was not captured.'),
      }),
    ),
  }),
  askable: z
    .array(line.extend({ flow: z.string(), from: z.string().nullable(), command: z.string() }))
    .describe('Flows that the bundle can be asked about, where none was.'),
});

export const resultDocument = z
  .object({
    schemaVersion: z.literal(1),
    bundle: z.object({
      name: z.string(),
      layout: z.string(),
      nodes: z.array(
        z.object({
          name: z.string(),
          kernel: z.string().nullable(),
          time: z.string().nullable(),
          namespaces: z.array(z.string()).describe("'' is the host's own."),
          captures: z.array(capture),
        }),
      ),
      unreadTotal: z.int(),
      ignoredMembers: z.array(z.object({ file: z.string(), why: z.string() })),
    }),
    verdict,
    collect: z
      .array(
        z.object({
          node: z.string().nullable().describe('Null for a machine outside of the bundle and for kubectl.'),
          namespace: z.string().describe("'' for the host's own."),
          address: z.string().nullable().describe('Of a machine that the bundle does not hold.'),
          kind: z.string(),
          command: z.string().describe('Read-only, complete, to be pasted into a shell there.'),
          decides: z.array(z.string()).describe('Causes that it would decide; empty: the walk lacks it on its way.'),
          flows: z.array(z.string()),
        }),
      )
      .describe('Everything that would decide what is open, at once; the most decisive first.'),
    flows: z.array(flow),
    rootCauses: z.array(finding).describe('The most likely first; empty for a healthy bundle.'),
    observations: z.array(finding).describe('True and worth knowing, but not the cause.'),
    ruledOut: z.array(
      z.object({
        id: z.string(),
        flow: z.string().nullable(),
        because: z.string(),
        values,
        evidence: z.array(evidence),
      }),
    ),
    undecided: z.array(
      z.object({
        id: z.string(),
        flow: z.string().nullable(),
        missing: z.array(z.string()).describe('Kinds of capture that would decide.'),
        collect: z.array(z.object({ namespace: z.string(), kind: z.string(), command: z.string().nullable() })),
        values,
      }),
    ),
    notes: z.array(z.object({ code: z.string(), values, sources: z.array(line) })),
    unread: z.array(line.extend({ text: z.string() })),
  })
  .meta({ id: 'netautopsy-result', title: 'netautopsy result' });

export type ResultDocument = z.infer<typeof resultDocument>;

/** The published JSON Schema (draft 2020-12) of the result. */
export const resultSchema = (): object => z.toJSONSchema(resultDocument, { target: 'draft-2020-12', io: 'input' });
