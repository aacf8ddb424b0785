import type { Selector, XfrmPolicy, XfrmTemplate } from '../../records/xfrm.ts';

const hex = (value: number): string => `0x${value.toString(16)}`;
const word = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [`${name} ${value}`];

const selector = (s: Selector): string =>
  [
    `src ${s.src} dst ${s.dst}`,
    ...word('proto', s.proto),
    ...word('sport', s.sport),
    ...word('dport', s.dport),
    ...word('type', s.icmpType),
    ...word('code', s.icmpCode),
    ...word('dev', s.dev),
  ].join(' ');

const rule = (policy: XfrmPolicy): string =>
  [
    policy.dir === 'socket' ? `socket ${policy.socketDir ?? 'in'}` : `dir ${policy.dir}`,
    // The action is printed where it is not the usual one, and with the index by -s.
    ...(policy.action === 'block' || policy.index !== undefined ? [`action ${policy.action}`] : []),
    ...word('index', policy.index),
    `priority ${policy.priority}`,
    `ptype ${policy.ptype}`,
    ...(policy.flags ? [`flag ${policy.flags.join(' ')}`] : []),
  ].join(' ');

/** A template of which only the addresses are known was read from a capture that somebody filtered. */
const template = (t: XfrmTemplate): string[] => [
  `\ttmpl src ${t.src} dst ${t.dst}`,
  ...(t.proto === '' ? [] : [`\t\t${transform(t)}`]),
  ...(t.optional ? ['\t\tlevel use'] : []),
];

const transform = (t: XfrmTemplate): string =>
  [
    `proto ${t.proto}`,
    ...(t.spi === undefined ? [] : [`spi 0x${t.spi.toString(16).padStart(8, '0')}`]),
    `reqid ${t.reqid ?? 0}`,
    `mode ${t.mode}`,
  ].join(' ');

/**
 * A policy as `ip xfrm policy` prints it (iproute2 ip/ipxfrm.c, xfrm_policy_info_print), without the blanks at line ends and without what
 * only -s prints: lifetimes, times, algorithm masks. A number that the capture masked is printed as 0.
 */
export const printXfrmPolicy = (policy: XfrmPolicy): string =>
  [
    selector(policy.selector),
    ...word('\tsecurity context', policy.securityContext),
    `\t${rule(policy)}`,
    ...(policy.mark === undefined ? [] : [`\tmark ${hex(policy.mark.value)}/${hex(policy.mark.mask)}`]),
    ...policy.templates.flatMap(template),
    ...word('\tcrypto offload parameters:', policy.offload),
    ...word('\tif_id', policy.ifId === undefined ? undefined : hex(policy.ifId)),
  ].join('\n');
