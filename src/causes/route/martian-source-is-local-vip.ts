import { counter, deviceSysctl, knows } from '../../network/namespace.ts';
import { virtualHolding } from '../facts/address.ts';
import { confidenceOfEnd, symptomLines, weaker } from '../facts/confidence.ts';
import { decisiveLine, endingOf, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { foundAt, undecided } from '../facts/found.ts';
import { rulesCaptured } from '../facts/rules.ts';
import { shell } from '../facts/shell.ts';
import { translationsOf } from '../facts/translation.ts';

/**
 * A packet arrives under a source that its receiver has itself: a virtual address that every node keeps on a dummy device, or an address
 * that is there twice. __fib_validate_source refuses it whatever rp_filter says, unless accept_local is set.
 */
export const martianSourceIsLocalVip: Cause = {
  id: 'martian-source-is-local-vip',
  group: 'C',
  layer: 'route',
  control: false,
  needs: ['ip-addr', 'ip-route', 'sysctl', 'rt-cache', 'iptables-save', 'tcpdump'],
  references: ['net/ipv4/fib_frontend.c: __fib_validate_source', 'net/ipv4/route.c: ip_handle_martian_source'],
  detect: (context) => {
    const ending = endingOf(context);
    if (ending?.step.action.code !== 'martian-source' || context.evidence.seen === 'ok') return [];
    const { step, namespace: ns } = ending;
    const address = step.before.src;
    // A translated packet kept its source because no rules were captured where it was translated: those would tell whether it did.
    const translating = translationsOf(context).find(
      (t) => t.step.before.src === address && !rulesCaptured(t.namespace),
    );
    if (translating && ending.leg.direction === 'forward') {
      const values = { source: address, dst: step.before.dst };
      return [undecided([{ kind: 'iptables-save', namespace: translating.namespace.id }], values)];
    }
    const virtual = virtualHolding(ns, address);
    const device = virtual?.device ?? textOf(step, 'owner');
    const held = ns.links.get(device)?.addresses.find((a) => a.address === address);
    const counted = counter(ns, 'in_martian_src');
    const message = ns.messages.find((m) => m.text.includes('martian source') && m.text.includes(`from ${address}`));
    const arrived = context.evidence.packets.find(
      (p) => p.namespace === ns.id && p.layer?.src === address && p.view.direction !== 'out',
    );
    const grown = counted !== undefined && counted.value > 0;
    const located = message !== undefined || grown || arrived !== undefined;
    const iif = textOf(step, 'iif');
    const change = {
      namespace: ns.id,
      op: 'set' as const,
      what: 'sysctl' as const,
      name: `net.ipv4.conf.${iif}.accept_local`,
      value: '1',
    };
    return [
      foundAt(step, {
        confidence: located ? confidenceOfEnd(context) : weaker('likely', confidenceOfEnd(context)),
        values: {
          source: address,
          device,
          iif,
          dst: step.before.dst,
          virtual: virtual !== undefined,
          counter: grown ? counted.value : 0,
          counterKnown: knows(ns, 'rt-cache'),
        },
        evidence: [
          ...proofsOf(step, [address, device]),
          ...decisiveLine(message, [address]),
          ...(grown ? supportingLine(counted, ['in_martian_src', String(counted.value)]) : []),
          ...decisiveLine(arrived?.view, [address]),
          ...supportingLine(deviceSysctl(ns, 4, iif, 'accept_local')),
          ...symptomLines(context),
        ],
        fixes: [
          // An address of an ordinary device that somebody else sends from is there twice; a virtual one is meant to be everywhere.
          ...(virtual === undefined && held !== undefined && device !== 'lo'
            ? [
                {
                  id: 'remove-address',
                  commands: [commandIn(ns, shell`ip addr del ${address}/${held.prefixLength} dev ${device}`)],
                  changes: [{ namespace: ns.id, op: 'delete' as const, what: 'address' as const, device, address }],
                  values: { device, source: address },
                },
              ]
            : []),
          // Where nothing shows that the packet came, the walk may have begun in the wrong place: no check is switched off for that.
          ...(located && iif !== ''
            ? [
                {
                  id: 'accept-local',
                  commands: [commandIn(ns, shell`sysctl -w ${change.name}=1`)],
                  changes: [change],
                  values: { iif, source: address },
                },
              ]
            : []),
        ],
      }),
    ];
  },
};
