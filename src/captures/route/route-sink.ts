import type { Route } from '../../records/route.ts';
import type { Source } from '../../records/source.ts';
import { addressFamily, canonicalAddress, canonicalPrefix, type Family, prefixLengthOf } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';
import { AddressSink } from '../address-sink.ts';
import type { CaptureInput } from '../module.ts';
import { hopOf, prefixOf, type RouteAttribute, type RouteDraft, routeDraft } from './route-draft.ts';

/** No next hop has this id: one that is not told. */
const UNTOLD = 0;

/** The command shows one table (`ip route show table 50`) and then does not print its name. */
const tableOf = (command: string | undefined): string => {
  const table = /(?:^|[\s_])tab(?:le)?[ _]+([^\s_]+)/.exec(command ?? '')?.[1];
  return table === undefined || table === 'all' || table === '0' || table === 'unspec' ? 'main' : table;
};

/** Puts routes together: a row opens one, `nexthop` and `cache` lines belong to it. */
export class RouteSink extends AddressSink {
  readonly #routes: RouteDraft[] = [];
  readonly #family: Family | undefined;
  /** The table of rows that name none. */
  readonly table: string;
  /** `ip route get` tells one decision of the kernel, not a row of its tables. */
  readonly #asks: boolean;
  #open: RouteDraft | undefined;
  /** The open row is surely a route, though nothing follows its destination. */
  #isRow = false;
  #answering = false;
  #metricColumn = true;
  #finished = false;

  constructor(input: CaptureInput) {
    super(input);
    this.#family = input.family ?? (/(?:^|[\s_])-6\b|-f(?:amily)?[ _]inet6/.test(input.command ?? '') ? 6 : undefined);
    this.table = tableOf(input.command);
    this.#asks = /(?:^|[\s_])r(?:o(?:u(?:te?)?)?)?(?:[ _]-[46])?[ _]get(?:[\s_]|$)/.test(input.command ?? '');
  }

  /** Whether a row is open that a continuation line can belong to. */
  get opened(): boolean {
    return !this.#finished && (this.#open !== undefined || this.#answering);
  }

  /** A row of a destination alone waits for its `nexthop` lines. */
  mayOpen(destination: string): boolean {
    return !this.#finished && prefixOf(destination, 4) !== undefined;
  }

  /** Unread lines are looked at once more after the end, for what was expected; nothing is counted then. */
  override raw(text: string, source?: Source): void {
    if (!this.#finished) super.raw(text, source);
  }

  /** Behind a destination that nothing follows, only the tools themselves leave a blank. */
  row(
    type: string | null,
    destination: string,
    attributes: readonly RouteAttribute[],
    hops: RouteAttribute[][],
    blank: boolean,
  ): void {
    if (this.#finished) return;
    this.close();
    if (this.#asks || isAnswer(destination, attributes)) {
      this.#answering = true;
      this.ignore();
      return;
    }
    const known = { family: this.#family, table: this.table };
    const draft = routeDraft(this.source(), type, destination, attributes, known);
    if (!draft) {
      this.raw(`${type === null ? '' : `${type} `}${destination} ${attributes.flat().join(' ')}`);
      return;
    }
    this.#routes.push(draft);
    this.records += 1;
    this.#open = draft;
    this.#isRow = blank || attributes.length > 0 || destination === 'default';
    for (const hop of hops) this.#addHop(draft, hop);
  }

  hop(attributes: readonly RouteAttribute[]): void {
    if (this.#open) this.#addHop(this.#open, attributes);
    this.ignore();
  }

  #addHop(draft: RouteDraft, attributes: readonly RouteAttribute[]): void {
    const hop = hopOf(attributes);
    if (!draft.sure && draft.nextHops.length === 0 && hop.via !== undefined)
      this.#setFamily(draft, addressFamily(hop.via));
    draft.nextHops.push(hop);
    // Releases before 5.0 print the route's own preference behind its last next hop.
    for (const [name, value] of attributes) if (name === 'pref') draft.extra.push(`pref ${value}`);
  }

  cache(text: string): void {
    this.ignore();
    const open = this.#open;
    if (!open) return;
    if (open.family === 6) open.cached = flatten(text.trim().replace(/\s+/g, ' '));
    else {
      // An IPv4 copy is the answer of an `ip route get` without uid, or of the route cache of kernels before 3.6.
      this.#routes.pop();
      this.#open = undefined;
      this.records -= 1;
      this.ignored += 1;
    }
  }

  /** A row without next hops: busybox prints a route of several that way, or they were cut off. A bare destination is no route. */
  close(): void {
    const open = this.#open;
    this.#open = undefined;
    this.#answering = false;
    if (!open || open.nextHops.length > 0 || open.type !== 'unicast' || open.nhid !== undefined) return;
    if (this.#isRow) {
      open.nhid = UNTOLD;
      return;
    }
    this.#routes.pop();
    this.records -= 1;
    this.raw(open.prefix, open.source);
  }

  columns(text: string): void {
    this.ignore();
    this.#metricColumn = /\bMetric\b|\bMet\b/.test(text);
  }

  /** A row of `route -n` or `netstat -rn`; the latter prints the MSS where the former prints the metric. */
  netTools(destination: string, gateway: string, mask: string, flags: string, first: string, device: string): void {
    const length = prefixLengthOf(mask, 4);
    const address = destination === 'default' ? '0.0.0.0' : destination;
    const prefix = length === undefined ? undefined : canonicalPrefix(`${address}/${length}`);
    if (prefix === undefined) this.raw(`${destination} ${gateway} ${mask} ${flags}`);
    else this.#addNetTools(prefix, 4, gateway, flags, this.#metricColumn ? first : '0', device);
  }

  netTools6(destination: string, gateway: string, flags: string, metric: string, device: string): void {
    const prefix = canonicalPrefix(destination.replace(/[[\]]/g, ''));
    if (prefix === undefined) this.raw(`${destination} ${gateway} ${flags}`);
    else this.#addNetTools(prefix, 6, gateway, flags, metric, device);
  }

  #addNetTools(prefix: string, family: Family, gateway: string, flags: string, metric: string, device: string): void {
    if (this.#finished) return;
    const via = canonicalAddress(gateway.replace(/[[\]]/g, ''));
    const attributes: RouteAttribute[] = [];
    if (flags.includes('G') && via !== undefined) attributes.push(['via', via]);
    if (device !== '-') attributes.push(['dev', device]);
    if (!flags.includes('G') && family === 4) attributes.push(['scope', 'link']);
    if (/^\d+$/.test(metric)) attributes.push(['metric', metric]);
    const known = { family, table: 'main' };
    const draft = routeDraft(this.source(), flags.includes('!') ? 'unreachable' : null, prefix, attributes, known);
    if (!draft) return;
    this.#routes.push(draft);
    this.records += 1;
  }

  /** A finished row from JSON. */
  add(draft: RouteDraft): void {
    this.#routes.push(draft);
    this.records += 1;
  }

  #setFamily(draft: RouteDraft, family: Family | undefined): void {
    draft.sure = true;
    draft.family = family ?? 4;
    if (draft.prefix.endsWith('/0')) draft.prefix = prefixOf('default', draft.family) ?? draft.prefix;
  }

  /** The routes; rows whose family nothing told take that of the rows beside them, of their own table first. */
  finish(): readonly Route[] {
    this.close();
    this.#finished = true;
    const routes = this.#routes;
    routes.forEach((draft, i) => {
      if (draft.sure) return;
      const before = routes.slice(0, i).findLast((other) => other.sure);
      const after = routes.slice(i + 1).find((other) => other.sure);
      const beside = [before, after].filter((other) => other !== undefined);
      this.#setFamily(draft, (beside.find((other) => other.table === draft.table) ?? beside[0])?.family);
    });
    return routes.map(({ sure: _sure, extra, ...route }) => (extra.length === 0 ? route : { ...route, extra }));
  }
}

/** `ip route get` prints the user, or IPv6's source address; a table's row has neither but for IPv6 subtrees, whose source is a prefix. */
const isAnswer = (destination: string, attributes: readonly RouteAttribute[]): boolean =>
  attributes.some(
    ([name, value]) =>
      name === 'uid' || (name === 'from' && !value.includes('/') && canonicalAddress(destination) !== undefined),
  );
