import type { RuleHit } from './outcome.ts';
import { ownerOfChain } from './owner.ts';

/** A Kubernetes service as rules name it. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
  /** The port's name; undefined for a service with one unnamed port. */
  readonly port: string | undefined;
}

/** A network policy or a pod's firewall as rules name it. */
export interface PolicyName {
  readonly kind: 'policy' | 'profile' | 'pod';
  readonly namespace: string | undefined;
  readonly name: string;
}

const LABEL = '[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?';
/** `ns/name:port`, alone, quoted, or before what kube-proxy says of it. */
const SERVICE = new RegExp(
  `(?:^|"|\\bfor )(${LABEL})/(${LABEL})(?::([a-zA-Z0-9][-a-zA-Z0-9]*))?(?=$|"| (?:cluster IP|has no|external|loadbalancer|LB|health|nodePort|->|local))`,
);
/** Chains of kube-proxy's nftables mode: `service-HASH-ns/name/tcp/port`, `endpoint-HASH-ns/name/tcp/port__address/port`. */
const NFT_CHAIN = new RegExp(
  `^(?:service|endpoint|external|firewall|local)-[A-Z0-9]+-(${LABEL})/(${LABEL})/[a-z]+/([^_]*)`,
);

const isKubeProxys = (hit: RuleHit): boolean =>
  ownerOfChain(hit.chain) === 'kube-proxy' || (hit.target !== undefined && ownerOfChain(hit.target) === 'kube-proxy');

const named = (parts: RegExpExecArray | null): ServiceName | undefined =>
  parts ? { namespace: parts[1] ?? '', name: parts[2] ?? '', port: parts[3] || undefined } : undefined;

/** The service that the rules on the way belong to; the innermost that names one. */
export const serviceOf = (hits: readonly RuleHit[]): ServiceName | undefined => {
  for (const hit of hits.toReversed()) {
    const service =
      named(NFT_CHAIN.exec(hit.chain)) ??
      named(NFT_CHAIN.exec(hit.target ?? '')) ??
      (hit.comment !== undefined && isKubeProxys(hit) ? named(SERVICE.exec(hit.comment)) : undefined);
    if (service) return service;
  }
  return undefined;
};

const KUBE_ROUTER_POLICY = /policy name:? ?(\S+) namespace:? ?(\S+)/;
const KUBE_ROUTER_RUN = /^run through nw policy (\S+)/;
const KUBE_ROUTER_POD = /POD name: ?(\S+) namespace: ?(\S+)/;
/** What Calico adds to its hash: `Policy knp.default.deny-all ingress`, `Profile kns.shop ingress`. */
const CALICO = /\b(Policy|Profile) (\S+) (?:ingress|egress)\b/;
const CALICO_CHAIN = /^cali-(pi|po|pri|pro)-(.+)$/;

const calicoName = (kind: 'policy' | 'profile', text: string): PolicyName => {
  const bare = text.replace(/^(?:knp|default|kns|ksa|gnp)[./]/, '').replace(/^_/, '');
  const dot = bare.search(/[./]/);
  if (kind === 'policy' && dot > 0) return { kind, namespace: bare.slice(0, dot), name: bare.slice(dot + 1) };
  return { kind, namespace: undefined, name: bare };
};

const policyOfHit = ({ chain, comment }: RuleHit): PolicyName | undefined => {
  const text = comment ?? '';
  const policy = KUBE_ROUTER_POLICY.exec(text);
  if (policy) return { kind: 'policy', namespace: policy[2], name: policy[1] ?? '' };
  const run = KUBE_ROUTER_RUN.exec(text);
  if (run) return { kind: 'policy', namespace: undefined, name: run[1] ?? '' };
  const pod = KUBE_ROUTER_POD.exec(text);
  if (pod) return { kind: 'pod', namespace: pod[2], name: pod[1] ?? '' };
  const calico = CALICO.exec(text);
  if (calico) return calicoName(calico[1] === 'Policy' ? 'policy' : 'profile', calico[2] ?? '');
  const named = CALICO_CHAIN.exec(chain);
  return named ? calicoName(named[1] === 'pi' || named[1] === 'po' ? 'policy' : 'profile', named[2] ?? '') : undefined;
};

/** The network policy, profile or pod firewall that the rules on the way belong to; the innermost that names one. */
export const policyNameOf = (hits: readonly RuleHit[]): PolicyName | undefined => {
  for (const hit of hits.toReversed()) {
    const policy = policyOfHit(hit);
    if (policy) return policy;
  }
  return undefined;
};
