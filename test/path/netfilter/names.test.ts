import { describe, expect, it } from 'vitest';
import type { RuleHit } from '../../../src/path/netfilter/outcome.ts';
import { ownerOfChain } from '../../../src/path/netfilter/owner.ts';
import { policyNameOf, serviceOf } from '../../../src/path/netfilter/subject.ts';

const hit = (chain: string, comment?: string, target?: string): RuleHit => ({
  source: { file: 'f', line: 1 },
  chain,
  position: 1,
  packets: undefined,
  comment,
  target,
});

describe('who wrote it', () => {
  it.each([
    ['KUBE-SERVICES', 'kube-proxy'],
    ['KUBE-SVC-NPX46M4PTMTKRN6Y', 'kube-proxy'],
    ['KUBE-CLUSTER-IP', 'kube-proxy'],
    ['KUBE-KUBELET-CANARY', 'kubelet'],
    ['KUBE-ROUTER-INPUT', 'kube-router'],
    ['KUBE-POD-FW-7636IMOYQY4GFLNA', 'kube-router'],
    ['kube-router-svip-prt', 'kube-router'],
    ['cali-fw-cali9f3a1c0d2e1', 'calico'],
    ['cali40s:frontend', 'calico'],
    ['FLANNEL-POSTRTG', 'flannel'],
    ['CILIUM_FORWARD', 'cilium'],
    ['OLD_CILIUM_FORWARD', 'cilium'],
    ['SUBMARINER-POSTROUTING', 'submariner'],
    ['RAVEN-MARK-CHAIN', 'raven'],
    ['raven-mark-set', 'raven'],
    ['DOCKER-USER', 'docker'],
    ['CNI-HOSTPORT-DNAT', 'cni-portmap'],
    ['CNI-DN-0123456789abcdef01234', 'cni-portmap'],
    ['KUBE-HOSTPORTS', 'cni-portmap'],
    ['ufw-before-input', 'ufw'],
    ['ufw6-user-forward', 'ufw'],
    ['ISTIO_REDIRECT', 'istio'],
    ['ANTREA-POSTROUTING', 'antrea'],
    ['WEAVE-NPC', 'weave'],
    ['LIBVIRT_FWI', 'libvirt'],
    ['IN_public_allow', 'firewalld'],
    ['FORWARD_direct', 'firewalld'],
    ['filter_IN_public', 'firewalld'],
    ['neutron-openvswi-FORWARD', 'openstack'],
    ['INPUT', 'user'],
    ['MYCHAIN', 'user'],
  ])('%s: %s', (name, owner) => expect(ownerOfChain(name)).toBe(owner));

  it.each([
    ['cali:wUHhoiAYhphO9Mso', 'calico'],
    ['kubernetes service portals', 'kube-proxy'],
    ['kube-router netpol - 4IA2OSFRMVNDXBVV', 'kube-router'],
    ['NodeLocal DNS Cache: skip conntrack', 'nodelocaldns'],
    ['flanneld masq', 'flannel'],
    ['my own', 'user'],
  ])('a rule of a built-in chain with the comment %s: %s', (comment, owner) =>
    expect(ownerOfChain('FORWARD', comment)).toBe(owner),
  );
});

describe('whose rule it is', () => {
  it.each([
    [hit('KUBE-SERVICES', 'default/web:http cluster IP'), { namespace: 'default', name: 'web', port: 'http' }],
    [hit('KUBE-SERVICES', 'shop/legacy:http has no endpoints'), { namespace: 'shop', name: 'legacy', port: 'http' }],
    [hit('KUBE-SEP-5IQK2RNCFADRENQX', 'shop/users'), { namespace: 'shop', name: 'users', port: undefined }],
    [hit('KUBE-SVC-X', 'shop/users:http -> 10.0.0.1:80'), { namespace: 'shop', name: 'users', port: 'http' }],
    [hit('KUBE-SEP-X', '"default/web"'), { namespace: 'default', name: 'web', port: undefined }],
    [
      hit('KUBE-EXT-X', 'masquerade traffic for kube-system/traefik:web external destinations'),
      { namespace: 'kube-system', name: 'traefik', port: 'web' },
    ],
    [hit('KUBE-SERVICES', 'kubernetes service nodeports; NOTE: this must be the last rule in this chain'), undefined],
    [hit('FORWARD', 'a/b'), undefined],
    [hit('services', undefined, 'vmap'), undefined],
  ])('%j', (one, service) => expect(serviceOf([hit('PREROUTING'), one])).toEqual(service));

  it('the innermost service counts', () => {
    expect(
      serviceOf([hit('KUBE-SERVICES', 'a/b:c cluster IP'), hit('KUBE-SVC-1', 'a/d:e -> 1.1.1.1:1'), hit('KUBE-SEP-1')]),
    ).toMatchObject({ name: 'd' });
  });

  it.each([
    [
      hit('cali-pi-_web-allow-front', 'cali:Q1tmjkVkX0bS5bCR'),
      { kind: 'policy', namespace: undefined, name: 'web-allow-front' },
    ],
    [
      hit('cali-pi-x', 'cali:Q1; Policy knp.default.shop/deny-all ingress'),
      { kind: 'policy', namespace: 'default', name: 'shop/deny-all' },
    ],
    [hit('cali-pri-kns.shop', 'cali:7Fnh7Pv3_98FtLW7'), { kind: 'profile', namespace: undefined, name: 'shop' }],
    [
      hit(
        'KUBE-NWPLCY-ABC',
        'rule to ACCEPT traffic from source pods to dest pods selected by policy name allow-web namespace shop',
      ),
      { kind: 'policy', namespace: 'shop', name: 'allow-web' },
    ],
    [
      hit('KUBE-POD-FW-7636IMOYQY4GFLNA', 'rule to REJECT traffic destined for POD name:web-1 namespace: shop'),
      { kind: 'pod', namespace: 'shop', name: 'web-1' },
    ],
    [hit('FORWARD', 'x'), undefined],
  ])('%j', (one, policy) => expect(policyNameOf([one])).toEqual(policy));
});
