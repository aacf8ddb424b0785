import { expect, test } from 'vitest';
import type { NetNamespace } from '../../../src/network/namespace.ts';
import type { Network } from '../../../src/network/network.ts';
import { inputRoute } from '../../../src/path/routing/input.ts';
import { isLocalAddress } from '../../../src/path/routing/local.ts';
import { resolveNeighbour } from '../../../src/path/routing/neighbour.ts';
import { outputRoute } from '../../../src/path/routing/output.ts';
import { selectAddress } from '../../../src/path/routing/select-address.ts';
import { recorded, recordedBundles } from '../../network/recorded.ts';
import { ask } from './ask.ts';

/* What the recorded bundles' captures show to have happened, asked of their tables. */

const namespace = (network: Network, id: string): NetNamespace => {
  const ns = network.namespaces.get(id);
  if (!ns) throw new Error(`no ${id}`);
  return ns;
};
const fileOf = (sources: readonly { readonly file: string }[]) => sources.map((s) => s.file);

test('a strict reverse path, and the two lines that make it one', () => {
  const network = recorded('gen-rp-filter-strict');
  const node = namespace(network, 'bm-02');
  const [dropped] = inputRoute(node, ask('172.30.2.20', '172.30.1.5'), 'eth1');
  expect(dropped).toMatchObject({
    decision: 'drop',
    reason: 'rp-filter',
    icmp: undefined,
    values: { rpFilter: 1, reverseDevice: 'eth0' },
  });
  expect(fileOf(dropped?.proofs ?? [])).toEqual(['bm-02/sysctl_-a.txt', 'bm-02/ip_route.txt']);
  expect(inputRoute(node, ask('172.30.2.20', '172.30.1.5'), 'eth0')[0]).toMatchObject({
    decision: 'forward',
    answer: { dev: 'cali93bd' },
  });
  expect(inputRoute(node, ask('172.30.2.20', '172.30.1.5'), 'eth1', { decrypted: true })[0]?.decision).toBe('forward');
});

test('the reply over the CNI route dies at the asking node, not at the gateway', () => {
  const network = recorded('submariner-vx-snat');
  const [asking, gateway] = [namespace(network, 'c2-control-plane'), namespace(network, 'c2-worker')];
  expect(outputRoute(asking, ask('240.18.0.6'))[0]).toMatchObject({ dev: 'vx-submariner', prefSrc: '240.18.0.5' });
  expect(outputRoute(gateway, ask('10.9.0.1', '240.18.0.6'))[0]).toMatchObject({ dev: 'eth0', via: '172.18.0.5' });
  expect(inputRoute(asking, ask('240.18.0.5', '240.18.0.6'), 'eth0')[0]).toMatchObject({
    reason: 'rp-filter',
    values: { reverseDevice: 'vx-submariner' },
  });
});

test('without its pod route a node falls back to the default route', () => {
  const network = recorded('gen-route-missing-on-node');
  expect(outputRoute(namespace(network, 'hg-a'), ask('10.130.3.40'))[0]).toMatchObject({
    via: '10.9.0.1',
    route: { prefix: '0.0.0.0/0' },
  });
  expect(outputRoute(namespace(network, 'hg-b'), ask('10.130.3.40'))[0]).toMatchObject({ via: '10.9.0.14' });
});

test('a virtual address picks itself as source; MASQUERADE takes the address of the device', () => {
  const host = namespace(recorded('openyurt-ipvs-ipsec'), 'cloud-gw');
  expect(outputRoute(host, ask('10.255.31.243'))[0]).toMatchObject({
    type: 'local',
    dev: 'lo',
    prefSrc: '10.255.31.243',
  });
  const [on] = outputRoute(host, ask('10.233.68.67'));
  const own = host.links
    .get(on?.dev ?? '')
    ?.addresses.filter((a) => a.family === 4)
    .map((a) => a.address);
  expect(own).toContain(selectAddress(host, on?.dev ?? '', on?.via, 4)?.address);
});

test('a rule for one pod sends it through its own table', () => {
  const network = recorded('ack-clb-port-without-service');
  const [pod] = [...network.nodes].flatMap((n) =>
    n.host.rules.filter((r) => r.target === '1008').map((r) => ({ ns: n.host, from: r.from ?? '' })),
  );
  if (!pod) throw new Error('no rule for table 1008');
  const src = pod.from.replace('/32', '');
  expect(outputRoute(pod.ns, ask('8.8.8.8', src))[0]).toMatchObject({ table: '1008', rule: { priority: 2048 } });
  expect(outputRoute(pod.ns, ask('8.8.8.8'))[0]?.table).toBe('main');
});

test("every namespace's own addresses are local, are martians as a source from outside, and neighbours on its links are reached", () => {
  let asked = 0;
  for (const bundle of recordedBundles)
    for (const ns of recorded(bundle).namespaces.values()) {
      for (const link of ns.links.values())
        for (const { address, family, scope } of link.addresses) {
          if (scope === 'host' || (family === 6 && link.addresses.some((a) => a.tentative))) continue;
          expect(isLocalAddress(ns, address), `${bundle} ${ns.id} ${address}`).toBe(true);
          if (family === 6) continue;
          // kube-router gives its virtual addresses' local routes the node's own address as source.
          const made = ns.routes.find((r) => r.table === 'local' && r.type === 'local' && r.prefix === `${address}/32`);
          const prefSrc = made?.src ?? address;
          expect(outputRoute(ns, ask(address))[0]).toMatchObject({ type: 'local', dev: 'lo', prefSrc });
          if (!ns.links.has('eth0')) continue;
          const [forged] = inputRoute(ns, ask(address, address), 'eth0');
          expect(forged?.reason, `${bundle} ${ns.id} ${address}`).toBe(
            ns.sysctls.get('net.ipv4.conf.eth0.accept_local')?.value === '1' ? 'local' : 'martian-source',
          );
          asked += 1;
        }
      for (const n of ns.neighbours) {
        const { state } = resolveNeighbour(ns, n.dev, n.address);
        expect(['resolved', 'failed', 'incomplete', 'noarp']).toContain(state);
      }
    }
  expect(asked).toBeGreaterThan(300);
}, 120_000);
