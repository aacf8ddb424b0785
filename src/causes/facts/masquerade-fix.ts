import type { Found } from './finding.ts';
import { ruleChange } from './rule-change.ts';
import { virtualService } from './service.ts';
import type { Translation } from './translation.ts';

/** Masquerades what the translating node sends on to the service's servers: one rule for each, from one source only where it is given. */
export const masqueradeServers = (t: Translation, src?: string): Found['fixes'][number] => {
  const { proto, family } = t.step.before;
  const service =
    t.by === 'ipvs' ? virtualService(t.namespace, { proto, address: t.virtual, port: t.port }) : undefined;
  const servers = new Map([[`${t.server}:${t.serverPort}`, { address: t.server, port: t.serverPort }]]);
  for (const s of service?.servers ?? []) servers.set(`${s.address}:${s.port}`, { address: s.address, port: s.port });
  const rules = [...servers.values()].map(({ address, port }) =>
    ruleChange(t.namespace, {
      family,
      table: 'nat',
      chain: 'POSTROUTING',
      position: 1,
      ...(src === undefined ? {} : { src }),
      dst: address,
      ...(proto === 'tcp' || proto === 'udp' ? { proto, dport: port } : {}),
      target: 'MASQUERADE',
    }),
  );
  return {
    id: 'masquerade',
    commands: rules.map((rule) => rule.command),
    changes: rules.map((rule) => rule.change),
    values: { virtual: t.virtual, server: t.server },
  };
};
