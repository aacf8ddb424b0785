import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../src/judging/analysis.ts';
import { redact } from '../../src/report/redact.ts';
import { AddressMask } from '../../src/report/redact-address.ts';
import { renderHtml } from '../../src/report/render-html.ts';
import { renderJson } from '../../src/report/render-json.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderTerminal } from '../../src/report/render-terminal.ts';
import { quotable } from '../quotable.ts';
import { sampleAnalysis } from './sample-analysis.ts';

const CANARY_LINES = [
  'canary-node-7 kernel: eth0 (aa:bb:cc:dd:ee:01) up, neighbour AA:BB:CC:DD:EE:02',
  '-A KUBE-SVC-X -m comment --comment "canary-ns/canary-svc:http cluster IP" -d 203.0.113.77/32 -j ACCEPT',
  'src=2001:db8:cafe::77 dst=fd12:3456:789a::1 via fe80::a8bb:ccff:fedd:ee01 dev eth0',
  'to [2001:db8:cafe::77]:443 and ::ffff:8.8.4.77 and 8.8.4.77:53 and 8.8.4.77.53 > 10.1.2.77.80:',
  'host ip-10-1-2-77.canary-corp.internal answered, POD name:canary-pod namespace: canary-ns',
  'ff02::1:ff77:0099 solicited',
];
const CANARIES =
  /canary|203\.0\.113\.77|cafe|789a|8\.8\.4\.77|10[.-]1[.-]2[.-]77|[aA]{2}:[bB]{2}:[cC]{2}|a8bb|ff77:99|10\.255\.31\.243|10\.233\.6[48]\.|192\.0\.2\.[12]0|cloud-gw|edge-gw|nginx|openyurt/;

const canary: Analysis = {
  ...sampleAnalysis,
  bundle: {
    ...sampleAnalysis.bundle,
    nodes: [
      ...sampleAnalysis.bundle.nodes,
      { name: 'canary-node-7', kernel: '6.1.0', time: undefined, namespaces: [] },
    ],
  },
  rootCauses: sampleAnalysis.rootCauses.map((cause) => ({
    ...cause,
    values: {
      ...cause.values,
      service: 'canary-ns/canary-svc:http',
      pods: ['canary-pod'],
      note: CANARY_LINES.join(' '),
    },
    evidence: [...CANARY_LINES.keys()].map((i) => ({
      source: { file: 'canary-node-7/ip_addr.txt', line: i + 1 },
      role: 'decisive' as const,
      words: ['203.0.113.77/32', 'canary-pod'],
    })),
  })),
  unread: [{ source: { file: 'canary-node-7/x', line: 1 }, text: quotable(CANARY_LINES.join(' ')) }],
  quotes: new Map([
    ...sampleAnalysis.quotes,
    ['canary-node-7/ip_addr.txt', new Map(CANARY_LINES.map((text, i) => [i + 1, quotable(text)] as const))],
  ]),
};
const { analysis, mapping } = redact(canary, {
  names: [
    { kind: 'pod', name: 'canary-pod' },
    { kind: 'host', name: 'canary-corp' },
  ],
});

describe('redaction', () => {
  test.each([
    ['HTML', () => renderHtml(analysis, { lang: 'en' })],
    ['JSON', () => renderJson(analysis)],
    ['Markdown', () => renderMarkdown(analysis, { lang: 'en' })],
    ['terminal', () => renderTerminal(analysis, { lang: 'en', colour: false, width: 100 })],
  ])('leaves nothing of the original in %s', (_, render) => {
    expect(render().match(CANARIES)?.[0]).toBeUndefined();
  });

  test('of the original, the canaries are found where they were put', () => {
    expect(renderHtml(canary, { lang: 'en' })).toMatch(CANARIES);
  });

  test('keeps codes, ports, states and counters', () => {
    const cause = analysis.rootCauses[0];
    expect(cause?.id).toBe('ipvs-host-clusterip-xfrm-innopols');
    expect(cause?.values).toMatchObject({ port: 80, counter: 6, proto: 'tcp' });
    expect(analysis.flows[0]?.walked.branches[0]?.reply?.steps.at(-1)?.action.code).toBe('no-policy');
    expect(analysis.flows[0]?.evidence.counters[0]?.counter.name).toBe('XfrmInNoPols');
    expect(analysis.quotes.get('node-1/xfrm_stat.txt')?.get(12)).toMatch(/^XfrmInNoPols +\t6$/);
  });

  test('is consistent: the same walk is drawn, the same quotes are found', () => {
    const before = renderHtml(canary, { lang: 'en' }).match(/class="excerpt"/g)?.length;
    expect(renderHtml(analysis, { lang: 'en' }).match(/class="excerpt"/g)?.length).toBe(before);
    const vip = mapping.addresses['10.255.31.243'] ?? '';
    expect(analysis.flows[0]?.question.src).toBe(vip);
    expect(analysis.quotes.get('node-1/conntrack_-L.txt')?.get(4)).toContain(`src=${vip} dst=${vip}`);
  });

  test('gives the mapping apart, and the same one every time', () => {
    expect(mapping.names['cloud-gw']).toBe('node-1');
    expect(mapping.names['canary-svc']).toMatch(/^service-/);
    expect(mapping.macs['aa:bb:cc:dd:ee:01']).toMatch(/^02:/);
    expect(redact(canary).mapping.addresses['10.233.68.67']).toBeDefined();
    expect(JSON.stringify(redact(canary))).toBe(JSON.stringify(redact(canary)));
  });

  test('leaves the analysis that it is given alone', () => {
    expect(canary.bundle.nodes[0]?.name).toBe('cloud-gw');
  });
});

describe('the mask of addresses', () => {
  const mask = new AddressMask('key');
  const bits = (address: string) =>
    ipaddr
      .parse(address)
      .toByteArray()
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
  const common = (a: string, b: string) => {
    const [x, y] = [bits(a), bits(b)];
    let n = 0;
    while (n < x.length && x[n] === y[n]) n += 1;
    return n;
  };
  const v4 = fc
    .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255))
    .filter(([a]) => a !== 127)
    .map((parts) => parts.join('.'));

  test('keeps the length of the common prefix of any two addresses (IPv4)', () => {
    fc.assert(
      fc.property(v4, v4, (a, b) => {
        expect(common(mask.address(a), mask.address(b))).toBe(common(a, b));
      }),
    );
  });

  test('the same in IPv6', () => {
    const v6 = fc
      .array(fc.nat(0xffff), { minLength: 6, maxLength: 6 })
      .map((groups) => ipaddr.parse(`2001:db8:${groups.map((group) => group.toString(16)).join(':')}`).toString());
    fc.assert(
      fc.property(v6, v6, (a, b) => {
        expect(common(mask.address(a), mask.address(b))).toBe(common(a, b));
      }),
    );
  });

  test.each([
    ['10.1.2.3', /^10\./],
    ['172.20.1.1', /^172\.(1[6-9]|2\d|3[01])\./],
    ['192.168.7.7', /^192\.168\./],
    ['fe80::1234:5678:9abc:def0', /^fe80::/],
    ['fd00::1', /^f[cd]/],
  ])('keeps the kind of %s', (address, shape) => {
    expect(mask.address(address)).toMatch(shape);
    expect(mask.address(address)).not.toBe(address);
  });

  test.each(['127.0.0.1', '0.0.0.0', '255.255.255.0', '224.0.0.1', '::1', '::', 'ff02::2'])('leaves %s', (address) => {
    expect(mask.address(address)).toBe(address);
  });

  test('a network has no host bits, an address with its length keeps its host', () => {
    expect(mask.prefix('10.1.2.0', 24)).toMatch(/\.0$/);
    expect(mask.prefix('10.1.2.0', 24).split('.').slice(0, 3)).toEqual(mask.address('10.1.2.9').split('.').slice(0, 3));
    expect(mask.prefix('10.1.2.9', 24)).toBe(mask.address('10.1.2.9'));
    expect(mask.prefix('0.0.0.0', 0)).toBe('0.0.0.0');
  });
});
