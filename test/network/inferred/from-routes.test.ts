import { expect, test } from 'vitest';
import { buildNetwork } from '../../../src/network/build.ts';
import { knows } from '../../../src/network/namespace.ts';
import type { Capture } from '../../../src/records/capture.ts';
import { capture, hop, link, local, route } from '../make.ts';

const networkOf = (nodes: Readonly<Record<string, readonly Capture[]>>) =>
  buildNetwork({
    nodes: Object.entries(nodes).map(([name, captures]) => ({ name, namespaces: [{ name: '', captures }] })),
  });

const connected = (prefix: string, dev: string, src: string) =>
  route(prefix, hop(dev), { proto: 'kernel', scope: 'link', src });

test('a connected route tells the address, its network and its device where no listing does', () => {
  const { namespaces, owners } = networkOf({
    a: [
      capture('ip-route', {
        routes: [connected('10.9.0.0/24', 'ens3', '10.9.0.7'), route('0.0.0.0/0', hop('ens4', '10.8.0.1'))],
      }),
    ],
  });
  const a = namespaces.get('a');
  expect([...(a?.links.keys() ?? [])].sort()).toEqual(['ens3', 'ens4']);
  expect(a?.links.get('ens3')).toMatchObject({
    origin: 'inferred',
    addresses: [{ address: '10.9.0.7', prefixLength: 24, origin: 'inferred' }],
  });
  expect(owners('10.9.0.7').map((o) => o.namespace.id)).toEqual(['a']);
  expect(a && knows(a, 'ip-addr')).toBe(false);
});

test('a local route tells the address; loopback is no find', () => {
  const { namespaces } = networkOf({
    a: [capture('ip-route', { routes: [local('10.9.0.7/32', 'ens3'), local('127.0.0.1/32', 'lo')] })],
  });
  expect(
    namespaces
      .get('a')
      ?.links.get('ens3')
      ?.addresses.map((a) => a.address),
  ).toEqual(['10.9.0.7']);
  expect(namespaces.get('a')?.links.get('lo')?.addresses ?? []).toEqual([]);
});

test('nothing is inferred where addresses and routes were captured', () => {
  const { namespaces } = networkOf({
    a: [
      capture('ip-addr', { links: [link('ens3', ['10.9.0.7/24'])] }),
      capture('ip-route', { routes: [connected('10.9.1.0/24', 'ens9', '10.9.1.1')] }),
    ],
  });
  expect([...(namespaces.get('a')?.links.keys() ?? [])]).toEqual(['ens3']);
});

test('an address that another node was listed with is not inferred here; two that seem to have it cancel out', () => {
  const listed = networkOf({
    a: [capture('ip-route', { routes: [connected('10.9.0.0/24', 'ens3', '10.9.0.7')] })],
    b: [capture('ip-addr', { links: [link('ens3', ['10.9.0.7/24'])] })],
  });
  expect(listed.owners('10.9.0.7').map((o) => o.namespace.id)).toEqual(['b']);
  const both = networkOf({
    a: [capture('ip-route', { routes: [connected('10.9.0.0/24', 'ens3', '10.9.0.7')] })],
    b: [capture('ip-route', { routes: [connected('10.9.0.0/24', 'ens3', '10.9.0.7')] })],
  });
  expect(both.owners('10.9.0.7')).toEqual([]);
});

test('devices that were listed stay as they are; only their addresses are added', () => {
  const { namespaces } = networkOf({
    a: [
      capture('ip-link', { links: [link('ens3', [], { mtu: 1400 })] }),
      capture('ip-route', { routes: [connected('10.9.0.0/24', 'ens3', '10.9.0.7')] }),
    ],
  });
  const ens3 = namespaces.get('a')?.links.get('ens3');
  expect(ens3).toMatchObject({ mtu: 1400, addresses: [{ address: '10.9.0.7' }] });
  expect(ens3?.origin).toBeUndefined();
});
