import { counter, type NetNamespace } from '../../network/namespace.ts';
import type { Sysctl } from '../../records/counter.ts';
import { deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, namespaceId, supportingLine } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';
import { failsUnexplained, legsOf, mayEndAt } from '../facts/trace.ts';

/** Kernels count here what they were asked to send on and do not (ip_error, ip6_forward). */
const COUNTER = { 4: 'IpInAddrErrors', 6: 'Ip6InAddrErrors' } as const;

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
    if (!death) return unknownSwitch(context);
    const ns = death.namespace;
    const { family } = death.step.before;
    const device = death.step.device ?? '';
    const off = switchOf(ns, family, device);
    const name = off?.name ?? (family === 6 ? 'net.ipv6.conf.all.forwarding' : 'net.ipv4.ip_forward');
    const counted = counter(ns, COUNTER[family]);
    return deathFound(context, death, {
      values: { sysctl: name, device, counter: counted?.name ?? '', counted: counted?.value ?? 0 },
      words: [name],
      evidence: counted && counted.value > 0 ? supportingLine(counted, [counted.name]) : [],
      fixes: [
        {
          id: 'forward',
          commands: [commandIn(ns, shell`sysctl -w ${name}=1`)],
          changes: [{ namespace: ns.id, op: 'set', what: 'sysctl', name, value: '1' }],
          values: { sysctl: name },
        },
      ],
    });
  },
};

/** The walk took forwarding for granted where no sysctl was captured, and nothing of the failing flow was seen behind that node: the switch would decide. */
const unknownSwitch = (context: CauseContext): readonly Verdict[] => {
  if (!failsUnexplained(context)) return [];
  for (const leg of legsOf(context))
    for (const step of leg.steps) {
      if (step.place !== 'routing' || step.action.code !== 'forward') continue;
      const ns = context.network.namespaces.get(namespaceId(step));
      const guess = context.branch.assumptions.find((a) => a.missing?.namespace === ns?.id && isSwitch(a.values.name));
      if (!ns || !guess || !mayEndAt(context, leg, step)) continue;
      const counted = counter(ns, COUNTER[step.before.family]);
      const values = { sysctl: String(guess.values.name), device: step.device ?? '', counter: counted?.name ?? '' };
      // A node that does not forward counts what it was asked to send on.
      if (counted?.value === 0)
        return [
          { kind: 'ruled-out', because: 'counter-zero', values, evidence: decisiveLine(counted, [counted.name]) },
        ];
      return [undecided([{ kind: 'sysctl', namespace: ns.id }], values)];
    }
  return [];
};

const isSwitch = (name: unknown): boolean => name === 'net.ipv4.ip_forward' || name === 'net.ipv6.conf.all.forwarding';
