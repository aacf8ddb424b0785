import { describe, expect, it } from 'vitest';
import type { NetNamespace } from '../../../src/network/namespace.ts';
import { ownerOfChain } from '../../../src/path/netfilter/owner.ts';
import { policyNameOf, serviceOf } from '../../../src/path/netfilter/subject.ts';
import type { CaptureKind } from '../../../src/records/capture.ts';
import { bundleMembers } from '../../captures/recorded-members.ts';
import { corpus, withCorpus } from '../../captures/shared-material.ts';
import { ask, ct, namespaceOf, packet, short } from './make.ts';

const KINDS: Readonly<Record<string, CaptureKind>> = {
  'iptables-save.txt': 'iptables-save',
  'ipset_list.txt': 'ipset',
  'ip_addr.txt': 'ip-addr',
};
const members = bundleMembers(new Set(Object.keys(KINDS)));

/** The host of one node of one recorded bundle. */
const host = (bundle: string, node: string): NetNamespace =>
  namespaceOf(
    Object.fromEntries(
      Object.entries(KINDS).flatMap(([file, kind]) => {
        const member = members.find(
          (m) =>
            m.name === `${bundle}.tgz:bundle/${node}/${file}` || m.name === `${bundle}.tgz:./bundle/${node}/${file}`,
        );
        return member ? [[kind, member.text]] : [];
      }),
    ),
  );

describe('recorded chains', () => {
  it('kube-proxy in iptables mode reaches the endpoint, and marks what comes from outside the pods', () => {
    const node = host('gen-backend-not-listening', 'n201');
    const [pod] = ask(node, 'nat', 'PREROUTING', 'tcp 100.64.9.3:3333 > 10.110.5.61:7000');
    expect(pod).toMatchObject({ verdict: 'nat', mark: 0, share: 1, assumptions: [] });
    expect(pod?.nat).toMatchObject({
      kind: 'dnat',
      addresses: [{ from: '100.64.10.76', to: '100.64.10.76' }],
      ports: [7000, 7000],
    });
    expect(pod?.hits.map((h) => h.target)).toEqual([
      'KUBE-SERVICES',
      'KUBE-SVC-RM6UR7GJLYPN5C5M',
      'KUBE-SEP-5IQK2RNCFADRENQX',
      'DNAT',
    ]);
    expect(serviceOf(pod?.hits ?? [])).toEqual({ namespace: 'shop', name: 'users', port: 'http' });
    expect(short(ask(node, 'nat', 'PREROUTING', 'tcp 192.0.2.4:3333 > 10.110.5.61:7000'))).toEqual([
      'dnat 100.64.10.76:7000 mark 0x4000',
    ]);
    expect(short(ask(node, 'nat', 'PREROUTING', 'tcp 100.64.10.76:3333 > 10.110.5.61:7000'))).toEqual([
      'dnat 100.64.10.76:7000 mark 0x4000',
    ]);
    const reject = ask(node, 'filter', 'FORWARD', 'tcp 100.64.9.3:3333 > 10.110.5.99:80');
    expect(short(reject)).toEqual(['reject icmp-port-unreachable']);
    expect(serviceOf(reject[0]?.hits ?? [])).toEqual({ namespace: 'shop', name: 'legacy', port: 'http' });
  });

  it('KUBE-POSTROUTING masquerades marked packets and unmarks them', () => {
    const node = host('gen-backend-not-listening', 'n201');
    const [marked] = ask(
      node,
      'nat',
      'POSTROUTING',
      packet('tcp 192.0.2.4:3333 > 100.64.10.76:7000', { mark: 0x4000 }),
    );
    expect(marked).toMatchObject({ verdict: 'nat', nat: { kind: 'masquerade', random: true }, mark: 0 });
    const [plain] = ask(node, 'nat', 'POSTROUTING', 'tcp 192.0.2.4:3333 > 100.64.10.76:7000');
    expect(plain?.verdict).toBe('accept');
    expect(plain?.hits.at(-1)).toMatchObject({ chain: 'KUBE-POSTROUTING', target: 'RETURN' });
  });

  it('kube-proxy in IPVS mode marks by its sets', () => {
    const node = host('openyurt-ipvs-ipsec', 'cloud-gw');
    const out = (from: string) => short(ask(node, 'nat', 'OUTPUT', `tcp ${from}:40000 > 10.255.31.243:80`));
    expect(out('10.255.31.243')).toEqual(['accept mark 0x4000']);
    expect(out('10.233.64.5')).toEqual(['accept']);
    expect(short(ask(node, 'nat', 'POSTROUTING', 'tcp 10.233.68.67:5 > 10.233.68.67:80'))).toEqual(['masquerade']);
    expect(short(ask(node, 'nat', 'POSTROUTING', 'tcp 10.233.68.66:5 > 10.233.68.67:80'))).toEqual(['accept']);
  });

  it('Calico drops what no policy or profile accepts, at the interface it came from or goes to', () => {
    const node = members.filter(
      (m) => m.name.startsWith('gen-netpol-drop.tgz') && /cali-pi-_web-allow-front/.test(m.text),
    )[0];
    const save = node?.text ?? '';
    const dispatch = /-A cali-to-wl-dispatch -o (\S+)/.exec(save)?.[1] ?? '';
    expect(dispatch).not.toBe('');
    const forward = (oif: string, over = {}) =>
      ask(namespaceOf({ 'iptables-save': save }), 'filter', 'FORWARD', 'tcp 10.48.20.9:999 > 10.48.17.3:8080', {
        iif: 'eth0',
        oif,
        ...over,
      });
    const unknownPort = forward('cali00000000000');
    expect(short(unknownPort)).toEqual(['drop']);
    expect(unknownPort[0]?.hits.at(-1)?.comment).toContain('Unknown interface');
    expect(ownerOfChain(unknownPort[0]?.hits.at(-1)?.chain ?? '')).toBe('calico');
    expect(short(forward('eth1'))).toEqual(['accept mark 0x10000']);
    const p = packet('tcp 10.48.20.9:999 > 10.48.17.3:8080');
    expect(short(forward(dispatch, { ct: ct(p, { state: 'ESTABLISHED' }) }))).toEqual(['accept']);
    expect(short(forward(dispatch, { ct: ct(p, { state: 'INVALID', entry: undefined }) }))).toEqual(['drop']);
  });

  it('kube-router rejects at an address whose port is not served', () => {
    const node = host('kube-router-svip-healthy', 'worker-1');
    const served = ask(node, 'filter', 'INPUT', 'tcp 203.0.113.9:999 > 10.96.14.20:80');
    expect(short(served)).toEqual(['accept']);
    expect(served[0]?.hits.at(-1)).toMatchObject({ chain: 'KUBE-ROUTER-SERVICES', position: 4 });
    const other = ask(node, 'filter', 'INPUT', 'tcp 203.0.113.9:999 > 10.96.14.20:81');
    expect(short(other)).toEqual(['reject icmp-port-unreachable']);
    expect(other[0]?.hits.map((h) => ownerOfChain(h.chain, h.comment))).toEqual([
      'kube-router',
      'kube-router',
      'kube-router',
      'kube-router',
    ]);
    expect(short(ask(node, 'filter', 'INPUT', 'tcp 203.0.113.9:999 > 192.168.10.11:81'))).toEqual(['accept']);
  });

  it("kube-router's pod firewall sets its marks on the way", () => {
    const node = host('kube-router-svip-healthy', 'worker-1');
    const [outcome] = ask(node, 'filter', 'FORWARD', 'tcp 203.0.113.9:999 > 10.244.1.15:80');
    expect(outcome).toMatchObject({ verdict: 'accept', mark: 0x20000 });
    expect(policyNameOf(outcome?.hits ?? [])).toEqual({ kind: 'pod', namespace: 'shop', name: 'web-6d5f8c9b7-x2lqv' });
    expect(outcome?.hits.map((h) => h.chain)).toContain('KUBE-POD-FW-7636IMOYQY4GFLNA');
  });

  it('every recorded save is decided for a plain packet of every hook, given its sets and addresses', () => {
    const undecided = new Set<string>();
    for (const { name } of members.filter(
      (m) => m.name.endsWith('/iptables-save.txt') && !m.name.includes('/netns/'),
    )) {
      const [, bundle = '', node = ''] = /^(.*)\.tgz:(?:\.\/)?bundle\/([^/]+)\//.exec(name) ?? [];
      const namespace = host(bundle, node);
      for (const [table, hook] of [
        ['nat', 'PREROUTING'],
        ['filter', 'INPUT'],
        ['filter', 'FORWARD'],
        ['filter', 'OUTPUT'],
        ['nat', 'POSTROUTING'],
        ['mangle', 'POSTROUTING'],
      ] as const)
        for (const outcome of ask(namespace, table, hook, 'tcp 10.0.0.1:1024 > 10.0.0.2:80'))
          for (const { code, values } of outcome.assumptions)
            if (code !== 'within-limit') undecided.add(`${bundle} ${node} ${code} ${values.match}`);
    }
    expect([...undecided]).toEqual([]);
  });
});

describe('rules of all sorts', withCorpus, () => {
  it('every match and target of real saves is known by name', () => {
    const unknown = new Map<string, number>();
    for (const file of corpus('iptables-save')) {
      const namespace = namespaceOf({ 'iptables-save': file.text });
      for (const table of namespace.tables) {
        const hooks = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
        const p =
          table.family === 6 ? 'tcp [2001:db8::1]:1024 > [2001:db8::2]:80' : 'tcp 192.0.2.1:1024 > 192.0.2.2:80';
        for (const hook of hooks)
          for (const outcome of ask(namespace, table.name, hook, p))
            for (const { code, source } of outcome.assumptions)
              if (/unsupported|unreadable|missing$/.test(code)) {
                const line = file.text.split('\n')[(source?.line ?? 0) - 1] ?? '';
                unknown.set(`${code}: ${line}`, 1);
              }
      }
    }
    expect([...unknown.keys()]).toEqual([]);
  });
});
