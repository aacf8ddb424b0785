import type { Change } from '../../network/change.ts';
import { knows, type NetNamespace } from '../../network/namespace.ts';
import { senderOf } from '../../path/walk-result.ts';
import { isBroken } from '../facts/confidence.ts';
import { type Death, deathBy, deathFound } from '../facts/death.ts';
import { decisiveLine, proofsOf, supportingLine, textOf } from '../facts/ending.ts';
import type { Cause, CauseContext, Found, Verdict } from '../facts/finding.ts';
import { commandIn } from '../facts/fix-command.ts';
import { undecided } from '../facts/found.ts';
import { restartProxy } from '../facts/kube-command.ts';
import { ruleChange } from '../facts/rule-change.ts';
import { memberAdded } from '../facts/set-member.ts';
import { proxySet, setNamed } from '../facts/sets.ts';
import { shell } from '../facts/shell.ts';
import { type Translation, translationsOf } from '../facts/translation.ts';

/**
 * A pod asks a service whose chosen server is the pod itself. Without source NAT the packet comes back under the pod's own address and is a martian there; with it,
 * the bridge must send the frame out of the port that it came in by, which it does only in hairpin mode.
 */
export const hairpinSelfService: Cause = {
  id: 'hairpin-self-service',
  group: 'B',
  layer: 'bridge',
  control: false,
  needs: ['conntrack', 'iptables-save', 'ipset', 'bridge-link', 'ip-link'],
  references: [
    'net/bridge/br_forward.c: should_deliver',
    'net/ipv4/fib_frontend.c: __fib_validate_source (-EINVAL)',
    'kubernetes.io: Debug Services, hairpin',
    'cloudnativelabs/kube-router#637',
  ],
  explains: ['martian-source-is-local-vip'],
  detect: (context): readonly Verdict[] => {
    const self = selfTranslation(context);
    if (!self) return [];
    const death = deathBy(context, 'hairpin-off', 'martian-source');
    if (!death) return [];
    return death.code === 'hairpin-off' ? hairpinOff(context, death, self) : withoutSourceNat(context, death, self);
  },
};

/** The translation that turns a pod's request back to the pod. */
const selfTranslation = (context: CauseContext): Translation | undefined => {
  const client = senderOf(context.flow.question);
  return translationsOf(context).find(
    (t) =>
      t.server === context.flow.question.src ||
      (client !== undefined &&
        context.network.owners(t.server).some((o) => o.namespace.id === client && o.namespace.name !== '')),
  );
};

const valuesOf = (self: Translation) => ({
  virtual: self.virtual,
  port: self.port,
  server: self.server,
  serverPort: self.serverPort,
});

const hairpinOff = (context: CauseContext, death: Death, self: Translation): readonly Verdict[] => {
  const ns = death.namespace;
  const port = textOf(death.step, 'port');
  const bridge = textOf(death.step, 'bridge');
  const values = { ...valuesOf(self), variant: 'hairpin', bridgePort: port, bridge };
  // `ip addr` without -d does not print the mode: whether the port is in it is open.
  if (death.step.action.values.known !== true)
    return isBroken(context) ? [undecided([{ kind: 'bridge-link', namespace: ns.id }], values)] : [];
  return deathFound(context, death, {
    values,
    words: ['hairpin off'],
    evidence: proofsOf(self.step, [self.server]),
    fixes: [
      {
        id: 'hairpin-on',
        commands: [commandIn(ns, shell`bridge link set dev ${port} hairpin on`)],
        changes: [{ namespace: ns.id, op: 'set', what: 'link', device: port, hairpin: true }],
        values: { bridgePort: port },
      },
    ],
  });
};

const withoutSourceNat = (context: CauseContext, death: Death, self: Translation): readonly Found[] => {
  const { before } = death.step;
  if (before.src !== before.dst || before.src !== self.server) return [];
  const ns = self.namespace;
  const entry = context.evidence.entries.find((e) => e.namespace === ns.id && e.entry.original.dst === self.virtual);
  const set = setNamed(ns, proxySet(before.family, 'KUBE-LOOP-BACK'));
  return deathFound(context, death, {
    values: { ...valuesOf(self), variant: 'no-snat', bridgePort: '', bridge: '' },
    evidence: [
      ...proofsOf(self.step, [self.server]),
      ...decisiveLine(entry?.entry, [`src=${self.server}`]),
      ...supportingLine(set, [set?.name ?? '']),
    ],
    fixes: [masquerade(ns, self, before.family, before.proto)],
  });
};

const masquerade = (ns: NetNamespace, self: Translation, family: 4 | 6, proto: string): Found['fixes'][number] => {
  const set = setNamed(ns, proxySet(family, 'KUBE-LOOP-BACK'));
  if (set && knows(ns, 'ipset')) {
    const parts = [self.server, `${proto}:${self.serverPort}`, self.server];
    const change: Change = memberAdded(ns, set.name, parts);
    return {
      id: 'masquerade-self',
      commands: [restartProxy(ns.node)],
      changes: [change],
      values: { server: self.server },
    };
  }
  const { change, command } = ruleChange(ns, {
    family,
    table: 'nat',
    chain: 'POSTROUTING',
    position: 1,
    src: self.server,
    dst: self.server,
    target: 'MASQUERADE',
  });
  return { id: 'masquerade-self', commands: [command], changes: [change], values: { server: self.server } };
};
