import { counter, type NetNamespace } from '../network/namespace.ts';
import type { Sysctl } from '../records/counter.ts';
import { supportingLine } from './ending.ts';
import { deathBy, deathFound } from './facts/death.ts';
import type { Cause } from './finding.ts';

/** The sysctl that switches forwarding off for packets of the device, as it is written in the bundle. */
const switchOf = (ns: NetNamespace, family: 4 | 6, device: string): Sysctl | undefined => {
  const names =
    family === 6
      ? ['net.ipv6.conf.all.forwarding']
      : [
          'net.ipv4.ip_forward',
          'net.ipv4.conf.all.forwarding',
          `net.ipv4.conf.${device.replaceAll('.', '/')}.forwarding`,
          `net.ipv4.conf.${device}.forwarding`,
        ];
  return names.map((name) => ns.sysctls.get(name)).find((record) => record?.value.trim() === '0');
};

/** The packet needs to be sent on, and the namespace does not forward: it is dropped at the routing decision, and no ICMP error is sent (IPv4). */
export const ipForwardOff: Cause = {
  id: 'ip-forward-off',
  group: 'B',
  layer: 'sysctl',
  control: false,
  needs: ['sysctl', 'counters', 'tcpdump'],
  references: ['net/ipv4/route.c: ip_route_input_slow, ip_error', 'net/ipv6/ip6_output.c: ip6_forward'],
  detect: (context) => {
    const death = deathBy(context, 'no-forwarding');
    if (!death) return [];
    const ns = death.namespace;
    const { family } = death.step.before;
    const device = death.step.device ?? '';
    const off = switchOf(ns, family, device);
    const name = off?.name ?? (family === 6 ? 'net.ipv6.conf.all.forwarding' : 'net.ipv4.ip_forward');
    const counted = counter(ns, family === 6 ? 'Ip6InAddrErrors' : 'IpInAddrErrors');
    return deathFound(context, death, {
      values: { sysctl: name, device, counter: counted?.name ?? '', counted: counted?.value ?? 0 },
      words: [name],
      evidence: counted && counted.value > 0 ? supportingLine(counted, [counted.name]) : [],
      fixes: [
        {
          id: 'forward',
          commands: [{ node: ns.node, command: `sysctl -w ${name}=1` }],
          changes: [{ namespace: ns.id, op: 'set', what: 'sysctl', name, value: '1' }],
          values: { sysctl: name },
        },
      ],
    });
  },
};
