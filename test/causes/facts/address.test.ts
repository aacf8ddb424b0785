import { describe, expect, it } from 'vitest';
import { realHolding, realOwners, virtualHolding } from '../../../src/causes/facts/address.ts';
import { assemble } from '../../../src/network/assemble.ts';
import { link, namespace } from '../../network/make.ts';

/** A host with a device of its own, a dummy for virtual addresses, and virtual addresses on loopback too. */
const host = namespace({
  links: [
    link('lo', ['127.0.0.1/8', '::1/128', '203.0.113.20/32']),
    link('eth0', ['192.168.10.1/24', 'fd44::1/64']),
    link('kube-ipvs0', ['203.0.113.10/32'], { kind: 'dummy' }),
  ],
});
const network = assemble([{ name: 'node', kernel: undefined, time: undefined, host, namespaces: [host] }], {
  services: [],
  endpoints: [],
  pods: [],
  nodes: [],
});
const LOOPBACK = ['127.0.0.1', '::1'];

describe("an address of the host's own", () => {
  it('stands on a real device', () => {
    expect(realHolding(host, '192.168.10.1')?.device).toBe('eth0');
    expect(realHolding(host, 'fd44::1')?.device).toBe('eth0');
    expect(realOwners(network, '192.168.10.1')).toEqual([host]);
  });

  it.each([...LOOPBACK, '203.0.113.20', '203.0.113.10'])('is not %s', (address) => {
    expect(realHolding(host, address)).toBeUndefined();
    expect(realOwners(network, address)).toEqual([]);
  });
});

describe('a virtual address', () => {
  it('stands on a dummy, or on loopback beside its own', () => {
    expect(virtualHolding(host, '203.0.113.10')?.device).toBe('kube-ipvs0');
    expect(virtualHolding(host, '203.0.113.20')?.device).toBe('lo');
  });

  it.each([...LOOPBACK, '192.168.10.1'])('is not %s', (address) => {
    expect(virtualHolding(host, address)).toBeUndefined();
  });
});
