import { counter, deviceSysctlNumber, knows, type NetNamespace } from '../../network/namespace.ts';
import { isBroken } from '../facts/confidence.ts';
import { confidenceOfDeath, type Death, deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, namespaceId, numberOf, stepsOf, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { shell } from '../facts/shell.ts';

const COUNTER = 'TcpExtIPReversePathFilter';

/**
 * A packet comes in by another device than the one that leads back to its source, and the larger of `all` and the device's `rp_filter` is 1: it is dropped at
 * the routing decision, without an error.
 */
export const rpFilterStrictDrop: Cause = {
  id: 'rp-filter-strict-drop',
  group: 'B',
  layer: 'route',
  control: false,
  needs: ['sysctl', 'ip-route', 'ip-rule', 'counters', 'tcpdump'],
  references: [
    'net/ipv4/fib_frontend.c: __fib_validate_source (-EXDEV)',
    'RFC 3704',
    'cilium/cilium#13130',
    'submariner-io/submariner#2541',
  ],
  detect: (context) => {
    const death = deathBy(context, 'rp-filter');
    if (!death) return unknownFilter(context);
    const ns = death.namespace;
    const counted = counter(ns, COUNTER);
    const device = textOf(death.step, 'iif') || (death.step.device ?? '');
    const reverse = textOf(death.step, 'reverseDevice');
    const values = {
      device,
      reverse,
      mode: numberOf(death.step, 'rpFilter') ?? 1,
      counter: COUNTER,
      counted: counted?.value ?? 0,
    };
    // The counter stands at 0: no packet was refused by this check since boot.
    if (counted?.value === 0)
      return [
        {
          kind: 'ruled-out',
          because: 'counter-flat',
          values: { ...values, node: ns.node },
          evidence: decisiveLine(counted, [COUNTER]),
        },
      ];
    const walked = confidenceOfDeath(context, death);
    return deathFound(context, death, {
      confidence: walked === 'likely' && counted && context.evidence.seen !== 'unknown' ? 'certain' : walked,
      values,
      words: ['rp_filter', `dev ${reverse}`, death.step.before.src],
      evidence: decisiveLine(counted, [COUNTER, String(counted?.value ?? '')]),
      fixes: [loose(ns, device, death)],
    });
  },
};

const loose = (ns: NetNamespace, device: string, death: Death) => {
  const name = `net.ipv4.conf.${device.replaceAll('.', '/')}.rp_filter`;
  return {
    id: 'loose',
    commands: [commandIn(ns, shell`sysctl -w ${name}=2`)],
    changes: [{ namespace: ns.id, op: 'set' as const, what: 'sysctl' as const, name, value: '2' }],
    values: { sysctl: name, src: death.step.before.src },
  };
};

/**
 * The walk took the filter to be off because no sysctl was captured, the node counts refused packets, and a packet that came in is seen nowhere behind: the
 * setting would decide.
 */
const unknownFilter = (context: CauseContext): readonly Verdict[] => {
  if (!isBroken(context) || context.evidence.seen === 'unknown') return [];
  for (const step of stepsOf(context)) {
    if (step.place !== 'routing' || (step.action.code !== 'forward' && step.action.code !== 'local')) continue;
    const ns = context.network.namespaces.get(namespaceId(step));
    const iif = textOf(step, 'iif');
    if (ns?.name !== '' || iif === '' || iif === 'lo' || step.before.family === 6 || step.before.inner) continue;
    if (knows(ns, 'sysctl') || deviceSysctlNumber(ns, 4, 'all', 'rp_filter') !== undefined) continue;
    const refused = counter(ns, COUNTER);
    if (!refused || refused.value === 0) continue;
    const here = context.evidence.packets.filter((p) => p.namespace === ns.id && p.layer?.dst === step.before.dst);
    if (here.length === 0 || here.some((p) => p.view.direction === 'out')) continue;
    return [
      undecided([{ kind: 'sysctl', namespace: ns.id }], { device: iif, counter: COUNTER, counted: refused.value }),
    ];
  }
  return [];
};
