import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pcap } from '../../src/captures/pcap/pcap.ts';
import { readText } from '../../src/captures/read-text.ts';
import type { PacketView } from '../../src/records/packet.ts';
import { FIXTURES, readPcap, viewsOf } from './pcap-files.ts';

const version = spawnSync('tcpdump', ['--version'], { encoding: 'utf8' });
const isThere = version.error === undefined;
if (!isThere) console.warn('SKIPPED: captures are not compared with tcpdump, which is not installed');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pcap-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tcpdump = (name: string, ...options: string[]): string => {
  const file = join(folder, name);
  writeFileSync(file, gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`))));
  const run = spawnSync('tcpdump', ['-nn', '-tttt', ...options, '-r', file], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
    maxBuffer: 1 << 26,
  });
  return run.stdout;
};

/** Only with -vv tcpdump looks at all checksums. Fields in which the file knows otherwise or more than the text: names of devices are those of the machine that reads; times are not exact. */
const PASSED: ReadonlySet<string> = new Set([
  'source',
  'device',
  'time',
  'inner',
  'arp',
  'icmpAbout',
  'proto',
  'checksumBad',
]);

const differences = (text: PacketView, file: PacketView | undefined, where: string, verbose: boolean): string[] => {
  if (file === undefined) return [`${where}: not in the file`];
  const found: string[] = [];
  const differ = (name: string, a: unknown, b: unknown): void => {
    if (a !== undefined && a !== b) found.push(`${where} ${name}: text ${a}, file ${b}`);
  };
  // -vv tells the number of packets that carry nothing, too.
  for (const [name, value] of Object.entries(text))
    if (!PASSED.has(name) && !(verbose && name === 'seq' && !text.length))
      differ(name, value, file[name as keyof PacketView]);
  // The older cooked header's VLAN is beyond tcpdump.
  if (text.proto !== 'other') differ('proto', text.proto, file.proto);
  // A sum that a device is still to finish is wrong to tcpdump.
  if (verbose && !text.checksumBad) differ('checksumBad', false, file.checksumBad);
  for (const [name, value] of Object.entries(text.arp ?? {}))
    differ(`arp.${name}`, value, file.arp?.[name as keyof PacketView['arp']]);
  for (const [name, value] of Object.entries(text.icmpAbout ?? {}))
    differ(`icmpAbout.${name}`, value, file.icmpAbout?.[name as keyof PacketView['icmpAbout']]);
  if (text.time !== undefined && Math.abs(text.time - (file.time ?? 0)) > 2e-6) differ('time', text.time, file.time);
  return [...found, ...(text.inner ? differences(text.inner, file.inner, `${where} inner`, verbose) : [])];
};

const NAMES = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.gz'))
  .map((name) => name.slice(0, -'.gz'.length));

describe.skipIf(!isThere)('a capture file gives what its text gives', () => {
  for (const name of NAMES)
    for (const options of [[], ['-e'], ['-v'], ['-e', '-vv']])
      test(`${name} ${options.join(' ')}`, () => {
        const read = readText(
          { kind: 'tcpdump', file: 't', firstLine: 1, command: undefined, family: undefined, device: undefined },
          tcpdump(name, ...options),
        );
        const text = viewsOf(read);
        const file = viewsOf(readPcap(name).capture);
        expect(read.unread).toBe(0);
        expect(file.length).toBe(text.length);
        expect(text.length).toBeGreaterThan(3);
        expect(
          text.flatMap((view, i) => differences(view, file[i], `packet ${i + 1}`, options.includes('-vv'))),
        ).toEqual([]);
      });
});

/** Without the device, which tcpdump names as the machine that reads does, and the direction, which it does not print of the older cooked header. */
const comparable = (line: string): string =>
  line
    .replace(/^(\S+ \S+) (?:(?:\S+|ifindex \d+) +)?(?:In|Out|B|M|P) +/, '$1 ')
    .replace(/OTV, flags \[I\] \(0x08\), overlay 0, instance/, 'VXLAN, flags [I] (0x08), vni')
    .replace(/ +/g, ' ')
    .trim();

/** Decodes that a quote does without: payload, rare options of tunnels, what was cut, and forms that only a hostile sender makes. */
const isBeyond = (line: string): boolean =>
  /isakmp|AH\(|sctp|vrrp|LLDP|MPLS|bad hdr|truncated-ip|IP0 |GREv0, off|Geneve.*options|HBH 4|DSTOPT|ethertype|\[\|/i.test(
    line,
  );

describe.skipIf(!isThere)('a packet is quoted as tcpdump prints it', () => {
  for (const name of NAMES)
    test(name, () => {
      // Below a datagram of VXLAN the packet in it has a line of its own.
      const printed = tcpdump(name)
        .replace(/\n(?!\d{4}-)/g, ' ')
        .trimEnd()
        .split('\n')
        .map(comparable);
      const printer = pcap.print(new Set(printed.map((_, i) => i + 1)));
      printer.push(gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`))));
      const own = printed.map((_, i) => comparable(printer.lines.get(i + 1) ?? ''));
      expect(
        printed.flatMap((line, i) =>
          line === own[i] || isBeyond(line) || own[i]?.includes('[|') ? [] : [line, own[i]],
        ),
      ).toEqual([]);
    });
});
