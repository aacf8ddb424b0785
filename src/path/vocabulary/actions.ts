import type { Kinds, NamesOf, ValuesOf } from './kinds.ts';

/** A route that was found, or why none was. */
const ROUTED = {
  dst: 'text',
  src: 'text',
  table: 'text',
  device: 'text',
  via: 'text',
  mark: 'number?',
  iif: 'text?',
  icmpCode: 'number?',
  sysctl: 'text?',
  owner: 'text?',
  rpFilter: 'number?',
  reverseDevice: 'text?',
} as const;
/** A martian is also found before any route is asked for. */
const MARTIAN = { ...ROUTED, dst: 'text?', src: 'text?', table: 'text?', device: 'text?', via: 'text?' } as const;

/** A rule, or a chain's policy. */
const RULE = {
  table: 'text',
  chain: 'text',
  hook: 'text?',
  position: 'number?',
  target: 'text?',
  comment: 'text?',
  packets: 'number?',
  path: 'texts?',
} as const;

const ENDPOINTS = { from: 'text', fromPort: 'number', to: 'text', toPort: 'number' } as const;
const SOURCE = {
  ...ENDPOINTS,
  changed: 'flag?',
  firstPort: 'number?',
  lastPort: 'number?',
  part: 'text?',
} as const;
const DESTINATION = { ...ENDPOINTS, part: 'text?' } as const;
const NETMAPPED = { ...SOURCE } as const;

const IPVS_SERVICE = { virtual: 'text', port: 'number', proto: 'text', hook: 'text', servers: 'number' } as const;
const IPVS_SERVER = { ...ENDPOINTS, hook: 'text', method: 'text', scheduler: 'text' } as const;

const SOCKET = { dst: 'text', port: 'number', proto: 'text' } as const;
const ANSWER = {
  src: 'text',
  sport: 'number',
  dst: 'text',
  dport: 'number',
  expectedSrc: 'text',
  expectedPort: 'number',
} as const;

/** The flow as XFRM decodes it, and the header that it was decoded from. */
const XFRM_CHECK = {
  dir: ['in', 'fwd', 'out'],
  src: 'text',
  dst: 'text',
  proto: 'text',
  sport: 'number?',
  dport: 'number?',
  headerSrc: 'text?',
  headerDst: 'text?',
  counter: 'text?',
} as const;

const VXLAN_OUT = { device: 'text', vni: 'number', port: 'number', mac: 'text' } as const;
const VXLAN_IN = { vni: 'number', port: 'number', src: 'text' } as const;
const LOOP = { namespaces: 'number' } as const;

/**
 * Everything that a step of the walk can say: the code, and the values that it is told with. Steps and ends of the walk, the causes that read them and the words that tell them
 * are held against this table by the compiler: a code that is not here cannot be said, and one without words in every language does not build.
 */
export const ACTIONS = {
  // Routing.
  route: ROUTED,
  reroute: ROUTED,
  local: ROUTED,
  forward: ROUTED,
  broadcast: ROUTED,
  multicast: ROUTED,
  'no-route': ROUTED,
  blackhole: ROUTED,
  unreachable: ROUTED,
  prohibit: ROUTED,
  'routes-unknown': ROUTED,
  'way-assumed': { way: ['here', 'onward', 'out'], dst: 'text' },
  'no-forwarding': ROUTED,
  'rp-filter': ROUTED,
  'martian-source': MARTIAN,
  'martian-destination': MARTIAN,
  'mtu-exceeded': { device: 'text', mtu: 'number', length: 'number' },
  loop: LOOP,
  'ttl-expired': { ttl: 'number' },
  // Conntrack.
  'ct-established': { direction: 'text' },
  'ct-invalid': {},
  'ct-full': { count: 'number', max: 'number' },
  notrack: RULE,
  // NAT.
  dnat: DESTINATION,
  redirect: DESTINATION,
  netmap: NETMAPPED,
  snat: SOURCE,
  masquerade: SOURCE,
  'nat-undo': DESTINATION,
  'masquerade-no-address': { device: 'text' },
  'masquerade-moved': { before: 'text', device: 'text' },
  'redirect-no-address': { device: 'text' },
  // Rules.
  mark: { mark: 'number', before: 'number?', path: 'texts' },
  'ttl-changed': { ...RULE, ttl: 'number', before: 'number' },
  'rule-drop': RULE,
  'rule-reject': { ...RULE, with: 'text' },
  'policy-drop': RULE,
  'tproxy-no-listener': { address: 'text', port: 'number', proto: 'text' },
  'tproxy-own-connection': RULE,
  'tproxy-not-local': { port: 'number', mark: 'number', device: 'text' },
  // IPVS.
  'ipvs-dnat': { ...IPVS_SERVER, conntrack: 'flag', local: 'flag' },
  'ipvs-route': IPVS_SERVER,
  'ipvs-tunnel': IPVS_SERVER,
  'ipvs-loopback-source': IPVS_SERVER,
  'ipvs-undo': { ...ENDPOINTS, hook: 'text' },
  'ipvs-no-server': IPVS_SERVICE,
  'ipvs-all-weight-zero': IPVS_SERVICE,
  // IPsec.
  'policy-ok': XFRM_CHECK,
  'policy-block': XFRM_CHECK,
  'policy-check-off': { device: 'text' },
  'no-policy': XFRM_CHECK,
  'tmpl-mismatch': XFRM_CHECK,
  'no-state': {
    dir: ['in', 'out'],
    src: 'text',
    dst: 'text',
    counter: 'text',
    spi: 'number?',
    proto: 'text?',
    tunnelSrc: 'text?',
    tunnelDst: 'text?',
    reqid: 'number?',
  },
  'encap-mismatch': { dir: ['in', 'out'], src: 'text', dst: 'text', spi: 'number', counter: 'text' },
  'xfrm-after-snat': { src: 'text', dst: 'text', encrypted: 'flag', wasEncrypted: 'flag' },
  'esp-encapsulate': { spi: 'number', tunnelSrc: 'text', tunnelDst: 'text', reqid: 'number', mode: 'text' },
  'esp-decapsulate': { spi: 'number', src: 'text', dst: 'text', reqid: 'number', mode: 'text' },
  // Tunnels.
  'vxlan-encapsulate': { ...VXLAN_OUT, remote: 'text', local: 'text' },
  'vxlan-circular': { ...VXLAN_OUT, remote: 'text', mark: 'number' },
  'vxlan-circular-route': { device: 'text', dst: 'text', table: 'text' },
  'vxlan-no-fdb': VXLAN_OUT,
  'vxlan-fdb-unknown': VXLAN_OUT,
  'vxlan-neighbour-unknown': VXLAN_OUT,
  'vxlan-decapsulate': { ...VXLAN_IN, device: 'text' },
  'vxlan-other-station': { ...VXLAN_IN, device: 'text', mac: 'text', own: 'text' },
  'vxlan-no-port': VXLAN_IN,
  'vxlan-vni-mismatch': VXLAN_IN,
  'vxlan-device-unknown': VXLAN_IN,
  'ipip-encapsulate': { device: 'text', kind: 'text', remote: 'text' },
  'ipip-decapsulate': { device: 'text', kind: 'text' },
  'no-tunnel-device': { kind: 'text', src: 'text' },
  // Devices.
  'device-down': { device: 'text', state: 'text', vni: 'number?', port: 'number?', src: 'text?' },
  'dummy-device': { device: 'text' },
  'frame-too-long': { device: 'text', mtu: 'number', length: 'number' },
  'neighbour-failed': { address: 'text', device: 'text' },
  veth: { device: 'text', peer: 'text', to: 'text' },
  'bridge-forward': { bridge: 'text', port: 'text' },
  'bridge-no-port': { bridge: 'text', address: 'text' },
  'bridge-without-iptables': { bridge: 'text' },
  'bridge-iptables-assumed': { bridge: 'text' },
  'hairpin-off': { bridge: 'text', port: 'text', known: 'flag' },
  // Between the nodes.
  lost: { from: 'text', to: 'text', sent: 'number', device: 'text', out: 'text', nextHop: 'text' },
  outside: { nextHop: 'text', dst: 'text' },
  // The bundle does not tell the way on: by what is not there, or because of what a device hides.
  'not-followed': {
    why: ['routes', 'address', 'nat', 'ipvs', 'wireguard', 'switch', 'sender'],
    dst: 'text',
    device: 'text',
    nextHop: 'text?',
  },
  // Sockets.
  socket: {
    dst: 'text',
    port: 'number?',
    proto: 'text?',
    process: 'text?',
    src: 'text?',
    sport: 'number?',
    dport: 'number?',
    expectedSrc: 'text?',
    expectedPort: 'number?',
  },
  'socket-assumed': SOCKET,
  'no-listener': SOCKET,
  'no-connection': ANSWER,
  'answer-from-stranger': ANSWER,
  'answer-elsewhere': ANSWER,
} as const satisfies Readonly<Record<string, Kinds>>;

export type ActionCode = keyof typeof ACTIONS;

/** Names of the values that actions are told with. */
export type ActionValue = NamesOf<typeof ACTIONS>;
export type ActionValues<Code extends ActionCode> = ValuesOf<(typeof ACTIONS)[Code], ActionValue>;

/** What happened at a step: the kernel's decision, and what it is told with. */
export type Action = { [Code in ActionCode]: { readonly code: Code; readonly values: ActionValues<Code> } }[ActionCode];
