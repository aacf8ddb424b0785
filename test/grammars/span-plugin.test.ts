import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileGrammar } from '../../scripts/grammars.mjs';
import type { CaptureKind } from '../../src/records/capture.ts';
import { canonicalAddress } from '../../src/tables/address.ts';
import { ownTexts } from '../captures/own-material.ts';

interface Parser {
  parse(input: string, options: Record<string, unknown>): unknown;
}

const load = (source: string): Promise<Parser> =>
  import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`) as Promise<Parser>;

/** A sink that writes down what the grammar tells it, and answers every question with undefined. */
const recorder = (calls: string[]) =>
  new Proxy(
    {},
    {
      get: (_target, name) =>
        typeof name === 'string'
          ? (...args: unknown[]) => {
              calls.push(`${name} ${JSON.stringify(args)}`);
            }
          : undefined,
    },
  );

const outcome = (parser: Parser, text: string, startRule: string, silent: boolean): string => {
  const calls: string[] = [];
  try {
    const value = parser.parse(text, {
      startRule,
      sink: recorder(calls),
      address: canonicalAddress,
      ...(silent ? { peg$silentFails: 1 } : {}),
    });
    return JSON.stringify([calls, value ?? null]);
  } catch (error) {
    const { message, location } = error as { message: string; location?: unknown };
    return silent ? JSON.stringify([calls, 'error']) : JSON.stringify([calls, message, location]);
  }
};

/** mulberry32 */
const randomOf = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
};

const mutated = (line: string, random: (below: number) => number): string => {
  let text = line;
  for (let n = random(4); n > 0; n -= 1) {
    const at = random(text.length + 1);
    const how = random(3);
    if (how === 0) text = text.slice(0, at) + text.slice(at + 1);
    else if (how === 1) text = text.slice(0, at) + String.fromCharCode(32 + random(95)) + text.slice(at);
    else text = text.slice(0, at);
  }
  return text;
};

/** What each grammar reads; `common` is a part of all of them. */
const KINDS: Readonly<Record<string, readonly CaptureKind[]>> = {
  'bridge-fdb': ['bridge-fdb'],
  conntrack: ['conntrack', 'conntrack-stats'],
  counters: ['counters'],
  date: ['date'],
  dmesg: ['dmesg'],
  hostname: ['hostname'],
  'ip-addr': ['ip-addr', 'ip-link', 'bridge-link'],
  'ip-neigh': ['ip-neigh'],
  'ip-route': ['ip-route'],
  'ip-rule': ['ip-rule'],
  ipset: ['ipset'],
  'iptables-list': ['iptables-list'],
  'iptables-save': ['iptables-save'],
  ipvsadm: ['ipvsadm', 'ipvsadm-connections', 'ipvsadm-timeout'],
  kubectl: ['kubectl'],
  'nft-ruleset': ['nft-ruleset'],
  'rt-cache': ['rt-cache'],
  sockets: ['sockets'],
  sysctl: ['sysctl'],
  tcpdump: ['tcpdump'],
  uname: ['uname'],
  xfrm: ['xfrm-state', 'xfrm-policy'],
  'xfrm-stat': ['xfrm-stat'],
};
/** Lines of what no recording of ours holds. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  probe: [
    'PING 10.1.0.9 (10.1.0.9) 56(84) bytes of data.',
    '64 bytes from 10.1.0.9: icmp_seq=1 ttl=62 time=0.4 ms',
    'From 10.1.0.1 icmp_seq=1 Destination Host Unreachable',
    '5 packets transmitted, 0 received, 100% packet loss, time 4089ms',
    '*   Trying 10.1.0.9:80...',
    'curl: (7) Failed to connect to 10.1.0.9 port 80: Connection refused',
    'nc: connect to 10.1.0.9 port 22 (tcp) failed: Connection refused',
    'ssh: connect to host 10.1.0.9 port 22: No route to host',
  ],
  wireguard: [
    'interface: wg0',
    '  public key: 4qGqLNNiXvqlJDiUFmM7ALHvNHsNGsnMQTn0jVCsdyI=',
    '  listening port: 51820',
    'peer: K1rtvHCp8wNoNX5h6U5ZHsbkWGYXvyAjOVbMSvB2GV8=',
    '  endpoint: 203.0.113.9:51820',
    '  allowed ips: 10.8.0.2/32, fd00:8::2/128',
    '  latest handshake: 1 minute, 3 seconds ago',
    '  transfer: 92 B received, 1.20 KiB sent',
  ],
};
/** Expressions of --flow, which is no capture. */
const FLOWS = [
  '10.244.1.5:40000 -> 10.96.0.10:53/udp',
  '[fd00::5]:40000 → [fd00::10]:53/udp',
  'fd00::5 -> fd00::10/icmp',
  'pod/default/client -> svc/default/web:http',
  'node/worker-1 -> 10.0.0.7:6443',
  '10.0.0.300 -> svc/shop/cart:80/sctp',
];
const GRAMMARS = readdirSync(fileURLToPath(new URL('../../grammars/', import.meta.url)))
  .map((file) => file.replace(/\.peggy$/, ''))
  .filter((name) => name !== 'common');
const PER_GRAMMAR = 400;
const LONGEST = 400;
const PER_TEXT = 60;

const linesOf = (grammar: string): readonly string[] =>
  grammar === 'flow'
    ? FLOWS
    : (WRITTEN[grammar] ??
      (KINDS[grammar] ?? [])
        .flatMap((kind) => ownTexts(kind))
        .flatMap((text) => text.split('\n').slice(0, PER_TEXT))
        .filter((line) => line.length > 0 && line.length < LONGEST));

describe('the plugins change no result and no error', () => {
  test.each(GRAMMARS)('%s', async (grammar) => {
    const [fast, plain] = await Promise.all([load(compileGrammar(grammar)), load(compileGrammar(grammar, []))]);
    const random = randomOf(7);
    const lines = linesOf(grammar);
    expect(lines.length, `no line for ${grammar}: tell what it reads in KINDS`).toBeGreaterThan(0);
    let read = 0;
    for (let i = 0; i < PER_GRAMMAR; i += 1) {
      // Every fourth time some lines that follow each other, as a capture is read.
      const whole = i % 4 === 3 && grammar !== 'flow';
      const at = random(lines.length);
      const text = mutated(lines.slice(at, at + (whole ? 1 + random(6) : 1)).join('\n'), random);
      const [input, rule] = grammar === 'flow' ? [text, 'Flow'] : [`${text}\n`, whole ? 'Chunk' : 'Line'];
      const silent = i % 2 === 0;
      const expected = outcome(plain, input, rule, silent);
      if (!/"(?:error|Expected)/.test(expected)) read += 1;
      expect(outcome(fast, input, rule, silent), input).toBe(expected);
    }
    // Not all is broken by the changes, else only errors would be compared.
    expect(read).toBeGreaterThan(PER_GRAMMAR / 10);
  });
});
