import { expect, test } from 'vitest';
import { buildNamespace } from '../../../src/network/build-namespace.ts';
import { inputRoute } from '../../../src/path/routing/input.ts';
import type { RouteQuestion } from '../../../src/path/routing/outcome.ts';
import { address, capture, hop, link, route, sysctls } from '../../network/make.ts';

const question: RouteQuestion = {
  family: 4,
  dst: '10.7.0.9',
  src: '10.7.0.4',
  iif: undefined,
  oif: undefined,
  mark: 0,
  proto: 'tcp',
  sport: 40000,
  dport: 80,
  uid: undefined,
  tos: undefined,
};

const host = (own: { readonly origin?: 'inferred' }, filter: number) => {
  const captured = buildNamespace('h', '', [
    capture('ip-link', { links: [link('ens1'), link('ens2')] }),
    capture('ip-route', { routes: [route('10.7.0.0/24', hop('ens2')), route('0.0.0.0/0', hop('ens2'))] }),
    capture('sysctl', { sysctls: sysctls({ 'net.ipv4.conf.all.rp_filter': filter, 'net.ipv4.ip_forward': 1 }) }),
  ]);
  return { ...captured, links: new Map([...captured.links, ['ens2', link('ens2', [address('10.7.0.4/24', own)])]]) };
};

test('a source that is listed as the host’s own is martian; one that was only inferred accuses nobody', () => {
  expect(inputRoute(host({}, 0), question, 'ens1').map((r) => r.reason)).toEqual(['martian-source']);
  expect(inputRoute(host({ origin: 'inferred' }, 0), question, 'ens1').map((r) => r.reason)).toEqual(['forward']);
  expect(inputRoute(host({ origin: 'inferred' }, 2), question, 'ens1').map((r) => r.reason)).toEqual(['forward']);
});
