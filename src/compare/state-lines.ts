import type { NetNamespace } from '../network/namespace.ts';
import type { VirtualService } from '../records/ipvs.ts';
import type { Link } from '../records/link.ts';
import type { Route } from '../records/route.ts';
import type { Source } from '../records/source.ts';
import type { Selector, XfrmMark } from '../records/xfrm.ts';
import { filterLines } from './filter-lines.ts';
import type { StateLine } from './state-line.ts';

export interface LineOptions {
  /** Whether SAs are told apart by their SPI: rekeying changes it everywhere, so only where the ways part inside IPsec. */
  readonly spis: boolean;
  /** Whose hardware address it is, as text that both bundles share; undefined where the bundle does not show it. */
  readonly holderOf: (mac: string) => string | undefined;
}

/** Content of a neighbour that does not answer. */
export const UNRESOLVED = 'unresolved';

/** The whole state of a namespace as lines. Counters, ages, handles and indexes are left out: they differ between any two dumps. */
export const stateLines = (ns: NetNamespace, options: LineOptions): readonly StateLine[] => [
  ...filterLines(ns),
  ...ns.routes.map(routeLine),
  ...ns.rules.map((rule): StateLine => {
    const { source, ...rest } = rule;
    return line({
      kind: 'route-rule',
      captures: ['ip-rule'],
      within: `IPv${rule.family}`,
      id: JSON.stringify(rest),
      source,
      addresses: [rule.from, rule.to],
      device: rule.iif ?? rule.oif,
    });
  }),
  ...xfrmLines(ns, options),
  ...ns.services.flatMap(serviceLines),
  ...[...ns.sysctls.values()].map((sysctl) =>
    line({
      kind: 'sysctl',
      captures: ['sysctl'],
      id: sysctl.name,
      content: sysctl.value.trim(),
      source: sysctl.source,
      device: /^net\.ipv[46]\.(?:conf|neigh)\.(.+)\.\w+$/.exec(sysctl.name)?.[1]?.replaceAll('/', '.'),
    }),
  ),
  ...[...ns.links.values()].flatMap(linkLines),
  ...ns.neighbours.map((neighbour) =>
    line({
      kind: 'neighbour',
      captures: ['ip-neigh'],
      within: neighbour.dev,
      id: `${neighbour.dev} ${neighbour.address}`,
      content: neighbour.states.some((state) => state === 'FAILED' || state === 'INCOMPLETE')
        ? UNRESOLVED
        : (options.holderOf(neighbour.mac ?? '') ?? neighbour.mac ?? ''),
      source: neighbour.source,
      addresses: [neighbour.address],
      device: neighbour.dev,
    }),
  ),
  ...ns.fdb.map((entry) =>
    line({
      kind: 'fdb',
      captures: ['bridge-fdb'],
      within: entry.dev,
      id: `${entry.dev} ${options.holderOf(entry.mac) ?? entry.mac}`,
      content: entry.dst ?? '',
      source: entry.source,
      addresses: [entry.dst],
      device: entry.dev,
    }),
  ),
  ...ns.sockets
    .filter((socket) => socket.state === 'LISTEN' || socket.state === 'UNCONN')
    .map((socket) =>
      line({
        kind: 'socket',
        captures: ['sockets'],
        within: socket.proto,
        id: `${socket.proto} ${socket.local} ${socket.localPort ?? ''}`,
        source: socket.source,
        ports: socket.localPort === undefined ? [] : [socket.localPort],
      }),
    ),
];

interface Parts {
  readonly kind: StateLine['kind'];
  readonly captures: StateLine['captures'];
  readonly within?: string;
  readonly id: string;
  readonly content?: string;
  readonly source: Source;
  readonly addresses?: readonly (string | undefined)[];
  readonly ports?: readonly number[];
  readonly device?: string | undefined;
}

const line = (parts: Parts): StateLine => ({
  kind: parts.kind,
  captures: parts.captures,
  within: parts.within ?? '',
  id: parts.id,
  content: parts.content ?? '',
  source: parts.source,
  addresses: (parts.addresses ?? []).filter((address) => address !== undefined),
  ports: parts.ports ?? [],
  device: parts.device,
});

const routeLine = (route: Route): StateLine =>
  line({
    kind: 'route',
    captures: ['ip-route'],
    within: `table ${route.table}`,
    id: `${route.table} ${route.prefix} ${route.tos ?? ''} ${route.metric} ${route.from ?? ''}`,
    content: JSON.stringify([
      route.type,
      route.scope,
      route.src,
      route.mtu,
      route.nextHops.map((hop) => [hop.via, hop.dev, hop.weight, hop.onlink, hop.encap, hop.flags]),
    ]),
    source: route.source,
    addresses: [route.prefix],
    device: route.nextHops[0]?.dev,
  });

const selectorText = (selector: Selector | undefined): string =>
  selector
    ? JSON.stringify([selector.src, selector.dst, selector.proto, selector.sport, selector.dport, selector.dev])
    : '';
const markText = (mark: XfrmMark | undefined): string => (mark ? `${mark.value}/${mark.mask}` : '');

const xfrmLines = (ns: NetNamespace, { spis }: LineOptions): StateLine[] => [
  ...ns.policies.map((policy) =>
    line({
      kind: 'xfrm-policy',
      captures: ['xfrm-policy'],
      within: `dir ${policy.dir}`,
      id: `${policy.dir} ${policy.ptype} ${selectorText(policy.selector)} ${markText(policy.mark)} ${policy.ifId ?? ''}`,
      content: JSON.stringify([
        policy.action,
        policy.priority,
        policy.templates.map((t) => ({ ...t, spi: undefined })),
      ]),
      source: policy.source,
      addresses: [policy.selector.src, policy.selector.dst],
    }),
  ),
  ...ns.states.map((state) => {
    const what = [state.reqid, state.mode, selectorText(state.selector), markText(state.mark), state.ifId, state.encap];
    return line({
      kind: 'xfrm-state',
      captures: ['xfrm-state'],
      within: state.proto,
      id: JSON.stringify([state.src, state.dst, state.proto, ...(spis ? [state.spi] : what)]),
      content: JSON.stringify([...what, state.algorithms.map(({ name }) => name), state.flags]),
      source: state.source,
      addresses: [state.src, state.dst],
    });
  }),
];

const serviceLines = (service: VirtualService): StateLine[] => {
  const name = `${service.proto} ${service.address ?? service.fwmark ?? ''}${service.port === undefined ? '' : `:${service.port}`}`;
  const about = [service.address];
  return [
    line({
      kind: 'ipvs-service',
      captures: ['ipvsadm'],
      within: name,
      id: name,
      content: `${service.scheduler ?? ''} ${service.persistent ?? ''} ${service.onePacket}`,
      source: service.source,
      addresses: about,
    }),
    ...service.servers.map((server) =>
      line({
        kind: 'ipvs-server',
        captures: ['ipvsadm'],
        within: name,
        id: `${name} ${server.address}:${server.port}`,
        content: `${server.method} ${server.weight ?? ''}`,
        source: server.source,
        addresses: about,
      }),
    ),
  ];
};

const linkLines = (link: Link): StateLine[] => [
  line({
    kind: 'link',
    captures: ['ip-addr', 'ip-link'],
    within: link.name,
    id: link.name,
    content: JSON.stringify([
      link.flags.includes('UP'),
      link.flags.includes('LOWER_UP'),
      link.mtu,
      link.master,
      link.vxlan,
      link.tunnel,
      link.hairpin,
    ]),
    source: link.source,
    device: link.name,
  }),
  ...link.addresses.map((address) =>
    line({
      kind: 'address',
      captures: ['ip-addr'],
      within: link.name,
      id: `${link.name} ${address.address}`,
      content: `${address.prefixLength} ${address.peer ?? ''}`,
      source: address.source,
      addresses: [address.address],
      device: link.name,
    }),
  ),
];
