import type { MatchOption } from '../../../records/iptables.ts';
import { canonicalAddress, canonicalPrefix } from '../../../tables/address.ts';
import { parseNumber, parseRange } from '../matches/number.ts';
import type { NatTarget } from '../outcome.ts';
import type { Effect, TargetCompiler } from './effect.ts';

interface NatDestination {
  readonly addresses: readonly { readonly from: string; readonly to: string }[];
  readonly ports: readonly [number, number] | undefined;
  readonly basePort: number | undefined;
}

const parsePorts = (text: string): readonly [number, number] | undefined => {
  const range = parseRange(text.split('/')[0] ?? '', 0xffff);
  return range && [range.from, range.to];
};

/** `1000-2000/3000` shifts a range: the third number is where the old range began. */
const parseBase = (text: string | undefined): number | undefined => parseNumber(text?.split('/')[1] ?? '');

/** `A`, `A-B`, `A:P`, `A-B:P-Q`, `:P`, `[A6]:P`, `[A6]-[B6]:P`, `A6`. Undefined where it cannot be read. */
export const parseDestination = (text: string): NatDestination | undefined => {
  const six = /^\[?([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\]?(?:-\[?([0-9a-fA-F:.]+)\]?)?$/;
  const bracketed = /^(\[[^\]]*\](?:-\[[^\]]*\])?):([\d-]+(?:\/\d+)?)$/.exec(text);
  const four = /^([\d.]*)(?:-([\d.]+))?(?::([\d-]+(?:\/\d+)?))?$/.exec(text);
  const parts = bracketed ? six.exec(bracketed[1] ?? '') : (four ?? six.exec(text));
  if (!parts) return undefined;
  const portText = bracketed ? bracketed[2] : four ? four[3] : undefined;
  const ports = portText === undefined ? undefined : parsePorts(portText);
  if (portText !== undefined && !ports) return undefined;
  const basePort = parseBase(portText);
  if (!parts[1]) return ports ? { addresses: [], ports, basePort } : undefined;
  const from = canonicalAddress(parts[1]);
  const to = canonicalAddress(parts[2] ?? parts[1]);
  return from === undefined || to === undefined ? undefined : { addresses: [{ from, to }], ports, basePort };
};

const has = (options: readonly MatchOption[], ...flags: readonly string[]): boolean =>
  options.some((o) => flags.includes(o.flag));
const valuesOf = (options: readonly MatchOption[], ...flags: readonly string[]): readonly string[] =>
  options.filter((o) => flags.includes(o.flag)).flatMap((o) => o.values.slice(0, 1));

const UNREADABLE: Effect = { kind: 'unknown', code: 'nat-target-unreadable' };
const nat = (target: NatTarget): Effect => ({ kind: 'end', ending: { verdict: 'nat', nat: target } });

/** xt_nat: DNAT and SNAT. Several destinations (before 2.6.11) are several ranges to pick from. */
const addressed =
  (kind: 'dnat' | 'snat'): TargetCompiler =>
  ({ options }) => {
    const texts = valuesOf(options, '--to-destination', '--to-source', '--to');
    const parsed = texts.map(parseDestination);
    const known = parsed.filter((one) => one !== undefined);
    if (known.length === 0 || known.length < parsed.length) return UNREADABLE;
    return nat({
      kind,
      addresses: known.flatMap((one) => one.addresses),
      ports: known[0]?.ports,
      basePort: known[0]?.basePort,
      random: has(options, '--random', '--random-fully'),
      persistent: has(options, '--persistent'),
    });
  };
export const dnat = addressed('dnat');
export const snat = addressed('snat');

const portsOf = (options: readonly MatchOption[]): readonly [number, number] | undefined => {
  const [text] = valuesOf(options, '--to-ports');
  return text === undefined ? undefined : parsePorts(text);
};

/** xt_MASQUERADE, xt_REDIRECT, xt_NETMAP. */
export const masquerade: TargetCompiler = ({ options }) =>
  nat({
    kind: 'masquerade',
    ports: portsOf(options),
    random: has(options, '--random', '--random-fully'),
  });
export const redirect: TargetCompiler = ({ options }) =>
  nat({ kind: 'redirect', ports: portsOf(options), random: has(options, '--random', '--random-fully') });
export const netmap: TargetCompiler = ({ options }) => {
  const prefix = canonicalPrefix(valuesOf(options, '--to')[0] ?? '');
  return prefix === undefined ? UNREADABLE : nat({ kind: 'netmap', prefix });
};
