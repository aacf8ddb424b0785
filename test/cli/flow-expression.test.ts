import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type FlowEndpoint,
  type FlowExpression,
  FlowExpressionError,
  parseFlowExpression,
  printFlowExpression,
} from '../../src/cli/flow-expression.ts';
import { canonicalAddress } from '../../src/tables/address.ts';

const address = (text: string, port?: number): FlowEndpoint => ({
  kind: 'address',
  address: text,
  ...(port === undefined ? {} : { port }),
});

describe('what is understood', () => {
  test.each<[string, FlowExpression]>([
    [
      '10.0.0.1:40000 -> 10.96.0.10:53/udp',
      { src: address('10.0.0.1', 40000), dst: address('10.96.0.10', 53), proto: 'udp' },
    ],
    ['10.0.0.1->10.96.0.10:80', { src: address('10.0.0.1'), dst: address('10.96.0.10', 80), proto: 'tcp' }],
    ['  10.0.0.1  →10.0.0.2 : 80 / TCP ', { src: address('10.0.0.1'), dst: address('10.0.0.2', 80), proto: 'tcp' }],
    [
      '[FD00:0::5]:1024 -> [fd00::10]:53/17',
      { src: address('fd00::5', 1024), dst: address('fd00::10', 53), proto: 'udp' },
    ],
    ['fd00::5->fd00::10:53', { src: address('fd00::5'), dst: address('fd00::10:53'), proto: 'tcp' }],
    ['fe80::1%eth0 -> ::1/icmpv6', { src: address('fe80::1'), dst: address('::1'), proto: 'icmp' }],
    ['10.0.0.1 -> 10.0.0.2/47', { src: address('10.0.0.1'), dst: address('10.0.0.2'), proto: 47 }],
    [
      'pod/default/client -> svc/default/web:80',
      {
        src: { kind: 'pod', namespace: 'default', name: 'client' },
        dst: { kind: 'svc', namespace: 'default', name: 'web', port: 80 },
        proto: 'tcp',
      },
    ],
    [
      'pod/a/b-c->service/kube-system/kube-dns:dns-tcp/udp',
      {
        src: { kind: 'pod', namespace: 'a', name: 'b-c' },
        dst: { kind: 'svc', namespace: 'kube-system', name: 'kube-dns', port: 'dns-tcp' },
        proto: 'udp',
      },
    ],
    [
      'node/cn-hangzhou.192.168.1.11->10.0.0.1:443',
      { src: { kind: 'node', name: 'cn-hangzhou.192.168.1.11' }, dst: address('10.0.0.1', 443), proto: 'tcp' },
    ],
  ])('%s', (text, expected) => expect(parseFlowExpression(text)).toEqual(expected));
});

describe('what is refused, in one line with the column', () => {
  test.each<[string, number, RegExp]>([
    ['', 1, /^expected .*an IP address.*found the end$/],
    ['10.0.0.1', 9, /^expected .*'->'/],
    ['10.0.0.1 10.0.0.2', 10, /'->', found "1"$/],
    ['10.0.0.1 -> ', 13, /an IP address/],
    ['10.0.0.300 -> 10.0.0.1', 1, /^10\.0\.0\.300 is not an IP address$/],
    ['10.0.0.1:70000 -> 10.0.0.1', 10, /^port 70000 is not between 1 and 65535$/],
    ['10.0.0.1 -> 10.0.0.2:80/tpc', 25, /^tpc is no protocol/],
    ['10.0.0.1 -> 10.0.0.2/256', 22, /^256 is no protocol/],
    ['10.0.0.1 -> 10.0.0.2:80 now', 25, /found "n"$/],
    ['pod/client -> 10.0.0.1:80', 11, /'\/'/],
    ['10.0.0.1:5 -> 10.0.0.2/icmp', 9, /^icmp has no ports$/],
    ['web -> 10.0.0.2', 1, /an IP address/],
  ])('%s', (text, column, expected) => {
    let error: unknown;
    try {
      parseFlowExpression(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FlowExpressionError);
    const refused = error as FlowExpressionError;
    expect([refused.column, refused.message.includes('\n')]).toEqual([column, false]);
    expect(refused.expected).toMatch(expected);
    expect(refused.message).toContain(`column ${column}: `);
  });
});

const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });
const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
const anyPort = fc.option(
  fc.oneof(fc.integer({ min: 1, max: 65535 }), fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)),
  {
    nil: undefined,
  },
);
const withPort = <T extends object, P>(of: T, value: P | undefined): T & { port?: P } =>
  value === undefined ? of : { ...of, port: value };
const endpoint: fc.Arbitrary<FlowEndpoint> = fc.oneof(
  fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), port)
    .map(([text, n]) => withPort({ kind: 'address' as const, address: canonicalAddress(text) ?? '' }, n)),
  fc
    .tuple(fc.constantFrom('pod' as const, 'svc' as const), name, name, anyPort)
    .map(([kind, namespace, own, n]) => withPort({ kind, namespace, name: own }, n)),
  fc.tuple(name, anyPort).map(([own, n]) => withPort({ kind: 'node' as const, name: own }, n)),
);
const withoutPort = ({ port: _, ...rest }: FlowEndpoint): FlowEndpoint => rest as FlowEndpoint;

test('every expression prints to text that reads back to itself', () => {
  const protocols = fc.oneof(fc.constantFrom('tcp', 'udp', 'icmp', 'sctp'), fc.constantFrom(0, 2, 47, 50, 89, 255));
  fc.assert(
    fc.property(endpoint, endpoint, protocols, (src, dst, proto) => {
      const flow = (proto === 'icmp'
        ? { src: withoutPort(src), dst: withoutPort(dst), proto }
        : { src, dst, proto }) as unknown as FlowExpression;
      expect(parseFlowExpression(printFlowExpression(flow))).toEqual(flow);
    }),
  );
});

test('no text makes it throw anything else', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      try {
        parseFlowExpression(text);
      } catch (error) {
        expect(error).toBeInstanceOf(FlowExpressionError);
      }
    }),
  );
});
