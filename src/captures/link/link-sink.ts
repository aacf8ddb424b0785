import type { Link } from '../../records/link.ts';
import { addressFamily, canonicalAddress, canonicalPrefix, prefixLengthOf } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { AddressSink } from '../address-sink.ts';
import {
  amount,
  applyDetail,
  integer,
  kindOfLayer,
  type LinkDraft,
  linkAddress,
  linkDraft,
  mergeStats,
  onOff,
  wordAfter,
  words,
} from './link-draft.ts';

/** Puts links together from their lines: a head line opens one, the lines after it belong to it. */
export class LinkSink extends AddressSink {
  readonly #links: LinkDraft[] = [];
  #open: LinkDraft | undefined;
  #columns: { side: 'RX' | 'TX'; names: string[] } | undefined;
  #pastFunctions = false;
  /** True where the next line of numbers belongs to a line of column names. */
  awaitsCounts = false;

  #finished = false;

  /** The links; nothing is added to them afterwards, though unread lines are looked at once more. */
  finish(): readonly Link[] {
    this.#finished = true;
    return this.#links;
  }

  /** Whether there is a link that a detail line can belong to. */
  get opened(): boolean {
    return this.#open !== undefined && !this.#finished;
  }

  isLinkAddress(family: 4 | 6, printed: string): boolean {
    const slash = printed.indexOf('/');
    return (
      addressFamily(slash < 0 ? printed : printed.slice(0, slash)) === family && canonicalPrefix(printed) !== undefined
    );
  }

  add(link: LinkDraft): void {
    this.records += 1;
    this.#links.push(link);
    this.#open = link;
    this.#pastFunctions = false;
    this.awaitsCounts = false;
  }

  head(index: string, name: string, at: string | null, flags: string, tail: string): void {
    const link = linkDraft(this.source(), integer(index), name, at);
    link.flags = flagList(flags, ',');
    const rest = words(tail);
    for (let i = 0; i < rest.length; i += 1) {
      const word = rest[i] ?? '';
      if (word === 'mtu') link.mtu = integer(rest[i + 1]);
      else if (word === 'master') link.master = flattened(rest[i + 1]);
      // In capitals it is the device's state; in small letters, of bridge link, the port's in the spanning tree.
      else if (word === 'state' && /^[A-Z]+$/.test(rest[i + 1] ?? '')) link.state = flattened(rest[i + 1]);
    }
    this.add(link);
  }

  /** The link that a line of `-o` names: the last with this name, or a new one. */
  select(index: string, name: string, at: string | null): void {
    const number = integer(index);
    if (this.#open?.name === name && this.#open.index === number) return;
    const known = this.#links.findLast((link) => link.name === name && link.index === number);
    if (known) this.#open = known;
    else this.add(linkDraft(this.source(), number, name, at));
  }

  linkLayer(type: string, tail: string): void {
    const link = this.#open;
    if (!link) return;
    const rest = words(tail);
    const first = rest[0];
    if (first !== undefined && /[:.]/.test(first)) {
      const address = canonicalAddress(first);
      link.mac = address === undefined || first.includes('-') ? flatten(first.toLowerCase()) : address;
    }
    link.kind = link.kind ?? kindOfLayer(type);
    link.peerNetns = flattened(wordAfter(rest, 'link-netns') ?? wordAfter(rest, 'link-netnsid'));
    this.ignore();
  }

  address(family: 4 | 6, printed: string, tail: string): void {
    const link = this.#open;
    if (!link) return;
    const rest = words(tail);
    const netmask = wordAfter(rest, 'netmask');
    const length = netmask === undefined ? integer(wordAfter(rest, 'prefixlen')) : prefixLengthOf(netmask, 4);
    if (length !== undefined) {
      const scope = /<(\w+)>/.exec(tail)?.[1] ?? 'global';
      const peer = wordAfter(rest, 'destination');
      this.#add(link, family, `${printed}/${length}`, ['scope', scope, ...(peer ? ['peer', peer] : [])]);
    } else this.#add(link, family, printed, rest);
  }

  oldIfconfigAddress(family: 4 | 6, printed: string, tail: string): void {
    const link = this.#open;
    if (!link) return;
    const field = (name: string) => new RegExp(`${name}:([^ \\t]+)`).exec(tail)?.[1];
    const mask = field('Mask');
    const length = mask === undefined ? undefined : prefixLengthOf(mask, 4);
    const peer = field('P-t-P');
    this.#add(link, family, length === undefined ? printed : `${printed}/${length}`, [
      'scope',
      (field('Scope') ?? 'global').toLowerCase(),
      ...(peer ? ['peer', peer] : []),
    ]);
  }

  #add(link: LinkDraft, family: 4 | 6, printed: string, tail: readonly string[]): void {
    const address = linkAddress(this.source(), family, printed, tail);
    if (!address) return;
    link.addresses.push(address);
    this.records += 1;
  }

  columns(side: 'RX' | 'TX', more: boolean, names: string): void {
    this.ignore();
    this.awaitsCounts = true;
    // `RX errors:` names errors by their sort; only frames for another station matter, and they are in the wide block of old releases too.
    this.#columns = {
      side,
      names: words(names).map((name) => (more && name !== 'otherhost' ? `error ${name}` : name)),
    };
  }

  counts(text: string): void {
    this.awaitsCounts = false;
    this.ignore();
    if (!this.#open || !this.#columns || this.#pastFunctions) return;
    const values = words(text);
    const counts = new Map<string, number>();
    this.#columns.names.forEach((name, i) => {
      const value = amount(values[i]);
      if (value !== undefined) counts.set(name, value);
    });
    this.#open.stats = mergeStats(this.#open.stats, this.#columns.side, counts);
  }

  detail(kind: string, tail: string): void {
    const link = this.#open;
    if (!link) return;
    applyDetail(link, kind, words(tail).map(flatten));
    this.ignore();
  }

  hairpin(setting: string): void {
    if (this.#open) this.#open.hairpin = onOff(setting);
    this.ignore();
  }

  virtualFunction(): void {
    this.#pastFunctions = true;
    this.ignore();
  }

  ifconfigHead(name: string, label: string | null, flags: string, tail: string): void {
    if (this.#alias(name, label)) return;
    const link = linkDraft(this.source(), undefined, name);
    link.flags = flagList(flags, ',');
    link.mtu = integer(wordAfter(words(tail), 'mtu'));
    this.add(link);
  }

  oldIfconfigHead(name: string, label: string | null, tail: string): void {
    if (this.#alias(name, label)) return;
    const link = linkDraft(this.source(), undefined, name);
    link.mac = flattened(wordAfter(words(tail), 'HWaddr'))?.toLowerCase();
    this.add(link);
  }

  /** `eth0:1` is a further address of eth0, not a device. */
  #alias(name: string, label: string | null): boolean {
    const link = label === null ? undefined : this.#links.findLast((known) => known.name === name);
    if (!link) return false;
    this.#open = link;
    this.ignore();
    return true;
  }

  oldIfconfigFlags(flags: string, mtu: string): void {
    const link = this.#open;
    if (!link) return;
    link.flags = flagList(flags, ' ');
    link.mtu = Number(mtu);
    this.ignore();
  }

  ifconfigLayer(type: string, tail: string): void {
    const link = this.#open;
    if (!link) return;
    const first = words(tail)[0];
    if (type === 'ether' && first?.includes(':')) link.mac = flatten(first.toLowerCase());
    this.ignore();
  }

  ifconfigCounts(side: 'RX' | 'TX', tail: string): void {
    const link = this.#open;
    if (!link) return;
    const counts = new Map([...tail.matchAll(/(\w+)[ :](\d+)/g)].map((match) => [match[1] ?? '', Number(match[2])]));
    link.stats = mergeStats(link.stats, side, counts);
    this.ignore();
  }

  brief(name: string, at: string | null, state: string, tail: string): void {
    const link = linkDraft(this.source(), undefined, name, at);
    link.state = flatten(state);
    const rest = words(tail);
    this.add(link);
    for (let i = 0; i < rest.length; i += 1) {
      const word = rest[i] ?? '';
      if (word.startsWith('<')) link.flags = flagList(word.slice(1, -1), ',');
      else if (word === 'metric') i += 1;
      else if (word === 'peer') i += 1;
      else if (word.includes('/') || canonicalAddress(word) !== undefined) {
        const peer = rest[i + 1] === 'peer' ? ['peer', rest[i + 2] ?? ''] : [];
        this.#add(link, word.includes(':') ? 6 : 4, word, peer);
      } else link.mac = flatten(word);
    }
  }
}

const flattened = (word: string | undefined): string | undefined => (word === undefined ? undefined : flatten(word));
const flagList = (text: string, by: string): readonly string[] =>
  text
    .split(by)
    .map((flag) => flag.trim())
    .filter((flag) => flag !== '')
    .map(flatten);
