import type { Source } from '../../records/source.ts';
import type { Missing } from '../step.ts';
import type { Kinds, NamesOf, ValuesOf } from './kinds.ts';

/** A rule's match of which the bundle does not tell whether it fits: what this way takes it to be. */
const DOUBT = { match: 'text', chain: 'text', position: 'number', matched: 'flag' } as const;

/** Why a match cannot be decided. */
const DOUBTS = {
  'cgroup-unknown': DOUBT,
  'conntrack-expiry-unknown': DOUBT,
  'conntrack-status-unknown': DOUBT,
  'cpu-unknown': DOUBT,
  'device-unknown': DOUBT,
  'extension-header-unknown': DOUBT,
  'helper-unknown': DOUBT,
  'icmp-type-unknown': DOUBT,
  'ipvs-method-unknown': DOUBT,
  'listing-without-devices': DOUBT,
  // The routing decision asks for the addresses too.
  'local-addresses-unknown': {
    match: 'text?',
    chain: 'text?',
    position: 'number?',
    matched: 'flag?',
    family: 'number?',
  },
  'mac-unknown': DOUBT,
  'match-unsupported': DOUBT,
  'owner-unknown': DOUBT,
  'payload-unknown': DOUBT,
  'port-unknown': DOUBT,
  'reverse-path-unknown': DOUBT,
  'route-by-device': DOUBT,
  'route-undecided': DOUBT,
  'routes-unknown': DOUBT,
  'set-counters': DOUBT,
  'set-members-not-captured': DOUBT,
  'set-missing': DOUBT,
  'set-not-captured': DOUBT,
  'set-type-unsupported': DOUBT,
  'socket-option-unknown': DOUBT,
  'socket-unknown': DOUBT,
  'spi-unknown': DOUBT,
  'tcp-flags-unknown': DOUBT,
  'time-of-day': DOUBT,
  'type-of-service-unknown': DOUBT,
} as const satisfies Readonly<Record<string, Kinds>>;

export type DoubtCode = keyof typeof DOUBTS;

const RULE = { chain: 'text', position: 'number' } as const;

/** What a rule is taken to be or to do without a way for the contrary. */
const TAKEN = {
  // A match.
  'device-group-default': RULE,
  'recent-not-listed': RULE,
  'within-limit': RULE,
  // A target.
  'clusterip-hash': RULE,
  'mark-by-hash': RULE,
  'mark-expression-unsupported': RULE,
  'nat-target-unreadable': RULE,
  'target-option-unsupported': RULE,
  'target-unsupported': RULE,
  'chain-loop': RULE,
  'chain-missing': RULE,
} as const satisfies Readonly<Record<string, Kinds>>;

export type TakenCode = keyof typeof TAKEN;

const RULE_END = { table: 'text', chain: 'text' } as const;
const VXLAN = { device: 'text', vni: 'number', port: 'number', mac: 'text' } as const;

/** Everything that the walk can take for granted: the code, and the values that it is told with. Words are held against it as they are against the actions. */
export const ASSUMPTIONS = {
  ...DOUBTS,
  ...TAKEN,
  // Rules.
  'backend-order-unknown': { table: 'text', hook: 'text' },
  'branches-cut': {},
  'rules-from-listing': { table: 'text' },
  'rules-not-captured': { table: 'text', hook: 'text' },
  'rule-queue': RULE_END,
  'rule-stolen': RULE_END,
  'rule-tproxy': RULE_END,
  // Routing.
  'local-table-assumed': { family: 'number' },
  'rule-undecided': { priority: 'number', taken: 'flag' },
  'rules-assumed': { family: 'number' },
  'rules-of-family-assumed': { family: 'number' },
  'source-not-local': { src: 'text' },
  'sysctl-assumed': { name: 'text', value: 'number' },
  'table-unknown': { family: 'number', table: 'text' },
  'way-assumed': { way: ['here', 'onward', 'out'], dst: 'text' },
  'origin-assumed': { way: ['sent', 'received'], src: 'text' },
  'address-inferred': { address: 'text', device: 'text' },
  'route-inferred': { prefix: 'text', device: 'text' },
  // Devices and what lies between the nodes.
  'bridge-iptables-assumed': { bridge: 'text' },
  'fdb-unknown': VXLAN,
  'links-unknown': { device: 'text?', vni: 'number?', port: 'number?', src: 'text?' },
  'nat-between': { from: 'text', to: 'text' },
  'neighbour-unknown': { device: 'text', address: 'text?', vni: 'number?', port: 'number?', mac: 'text?' },
  'network-between': { from: 'text', to: 'text' },
  'outer-mark-cleared': VXLAN,
  // IPsec, IPVS, sockets.
  'ipvs-not-captured': { virtual: 'text', port: 'number' },
  'nat-by-entry': { from: 'text', to: 'text' },
  'came-by-tunnel': { src: 'text', dst: 'text' },
  'answer-seen': { src: 'text', dst: 'text' },
  'ipvs-any-server': { server: 'text', port: 'number', of: 'number' },
  'ipvs-conntrack-on': {},
  'listener-assumed': { dst: 'text', port: 'number', proto: 'text' },
  'xfrm-policy-unknown': { dir: ['in', 'fwd'] },
  'xfrm-state-unknown': { src: 'text', dst: 'text', proto: 'text?', spi: 'number?' },
} as const satisfies Readonly<Record<string, Kinds>>;

export type AssumptionCode = keyof typeof ASSUMPTIONS;
export type AssumptionValues<Code extends AssumptionCode> = ValuesOf<
  (typeof ASSUMPTIONS)[Code],
  NamesOf<typeof ASSUMPTIONS>
>;

/** Something the walk took for granted because the bundle does not tell; the capture that would. */
export type Assumption = {
  [Code in AssumptionCode]: {
    readonly code: Code;
    readonly values: AssumptionValues<Code>;
    readonly missing: Missing | undefined;
    readonly source: Source | undefined;
  };
}[AssumptionCode];

/** An assumption whose code is one of several that are told with the same values. */
export const assumption = <Code extends AssumptionCode>(
  code: Code,
  values: AssumptionValues<Code>,
  by: { readonly missing?: Missing | undefined; readonly source?: Source | undefined },
): Assumption => ({ code, values, missing: by.missing, source: by.source }) as Assumption;
