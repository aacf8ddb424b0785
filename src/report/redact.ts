import { createHash } from 'node:crypto';
import type { Analysis } from '../judging/analysis.ts';
import { addressFamily } from '../tables/address.ts';
import { AddressMask } from './redact-address.ts';
import { namesIn, type RedactedName } from './redact-names.ts';

export type { RedactedName } from './redact-names.ts';

/** What was replaced by what: for the file that stays with the owner of the bundle. */
export interface RedactionMapping {
  readonly addresses: Readonly<Record<string, string>>;
  readonly macs: Readonly<Record<string, string>>;
  readonly names: Readonly<Record<string, string>>;
}
export interface Redacted {
  readonly analysis: Analysis;
  readonly mapping: RedactionMapping;
}

/** Fields that hold codes of this program, tool words or states, never a name of the bundle. */
const CODES: ReadonlySet<string> = new Set([
  'agrees',
  'at',
  'because',
  'by',
  'capture',
  'code',
  'confidence',
  'decides',
  'direction',
  'id',
  'kind',
  'kinds',
  'layout',
  'leg',
  'outcome',
  'place',
  'proto',
  'reason',
  'role',
  'seen',
  'stage',
  'state',
  'tcp',
  'tcpFlags',
  'verdict',
  'wrapping',
]);

const MAC = `(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])`;
const IPV4 = String.raw`(?<![0-9.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\d)(?:/\d{1,2}(?!\d))?`;
const IPV4_DASHED = String.raw`(?<!\d)(?<!\d-)\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![0-9-])`;
const IPV6 = String.raw`(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{0,3}(?:\.\d{1,3}){3})?(?:/\d{1,3}(?!\d))?`;
const ANY_ADDRESS = new RegExp(`(${MAC})|(${IPV4})|(${IPV4_DASHED})|(${IPV6})`, 'g');

const isGroupMac = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

const sorted = (map: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Shorter names are replaced only where they are the whole string: `a` or `lb` would tear every line apart. */
const NAME_LEAST = 3;
/** Names that are replaced within words too (`vethnginx`, `vethpod1`): long ones, and shorter ones that no ordinary word can be. */
const isTelling = (name: string): boolean => name.length >= 5 || (name.length === 4 && /[0-9-]/.test(name));

const longestFirst = (a: string, b: string): number => b.length - a.length || (a < b ? -1 : 1);

/** Replaces every address and name in a text, the same one always by the same other. */
class Redactor {
  readonly addresses = new Map<string, string>();
  readonly macs = new Map<string, string>();
  readonly names = new Map<string, string>();
  readonly #mask: AddressMask;
  readonly #key: string;
  readonly #pattern: RegExp | undefined;
  readonly #done = new Map<string, string>();

  constructor(names: readonly RedactedName[], key: string) {
    this.#key = key;
    this.#mask = new AddressMask(key);
    const counts = new Map<string, number>();
    for (const { name, kind } of names) {
      if (this.names.has(name)) continue;
      const n = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, n);
      this.names.set(name, `${kind}-${n}`);
    }
    const words = [...this.names.keys()].filter((name) => name.length >= NAME_LEAST).sort(longestFirst);
    if (words.length > 0)
      this.#pattern = new RegExp(
        words
          .map((name) => (isTelling(name) ? escaped(name) : `(?<![A-Za-z0-9])${escaped(name)}(?![A-Za-z0-9])`))
          .join('|'),
        'g',
      );
  }

  #address(text: string): string {
    const [address = '', length] = text.split('/');
    if (addressFamily(address) === undefined) return text;
    const masked = length === undefined ? this.#mask.address(address) : this.#mask.prefix(address, Number(length));
    const out = length === undefined ? masked : `${masked}/${length}`;
    if (out !== text) this.addresses.set(text, out);
    return out;
  }

  #mac(text: string): string {
    const mac = text.toLowerCase();
    if (isGroupMac(mac) || /^(?:00:){5}00$/.test(mac)) return text;
    const digest = createHash('sha256').update(`${this.#key}\nmac ${mac}`).digest('hex');
    const out = `02:${(digest.slice(0, 10).match(/../g) ?? []).join(':')}`;
    this.macs.set(text, out);
    return out;
  }

  text(text: string): string {
    const known = this.#done.get(text);
    if (known !== undefined) return known;
    const whole = this.names.get(text);
    const named = whole ?? (this.#pattern ? text.replace(this.#pattern, (name) => this.names.get(name) ?? name) : text);
    const out = named.replace(ANY_ADDRESS, (found: string, mac?: string, _v4?: string, dashed?: string) => {
      if (mac !== undefined) return this.#mac(found);
      if (dashed !== undefined) return this.#address(found.replaceAll('-', '.')).replaceAll('.', '-');
      return this.#address(found);
    });
    if (this.#done.size < 100_000) this.#done.set(text, out);
    return out;
  }

  /** The same for everything in a value; functions and numbers stay. */
  deep(value: unknown, key = ''): unknown {
    if (typeof value === 'string') return CODES.has(key) ? value : this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.deep(item, key));
    if (value instanceof Map) return new Map([...value].map(([k, v]) => [this.deep(k), this.deep(v)]));
    if (value instanceof Set) return new Set([...value].map((item) => this.deep(item)));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        key === 'counter' && name === 'name' ? item : this.deep(item, name),
      ]),
    );
  }
}

/**
 * The analysis with addresses, hardware addresses and names replaced consistently in every string: in findings, walks, quotes and file
 * names. Equality and subnets stay as they are; so do codes, ports, times and counters. `names` are those that the bundle knows beyond
 * the analysis (services, pods); nodes, namespaces and the names in kube-proxy's comments are found here.
 */
export const redact = (analysis: Analysis, options: { readonly names?: readonly RedactedName[] } = {}): Redacted => {
  const names: readonly RedactedName[] = [
    ...analysis.bundle.nodes.map((node): RedactedName => ({ kind: 'node', name: node.name })),
    ...(options.names ?? []),
    ...namesIn(analysis),
    { kind: 'bundle' as const, name: analysis.bundle.name },
  ].filter(({ name }) => name !== '');
  const key = createHash('sha256')
    .update(names.map(({ name }) => name).join('\n'))
    .digest('hex');
  const redactor = new Redactor(names, key);
  const clean = redactor.deep(analysis) as Analysis;
  return {
    analysis: clean,
    mapping: { addresses: sorted(redactor.addresses), macs: sorted(redactor.macs), names: sorted(redactor.names) },
  };
};
