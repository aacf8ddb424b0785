import type { AddressSeen, PacketTable, PacketView } from '../records/packet.ts';
import { Column } from './column.ts';
import type { PacketDraft, PacketLayer } from './packet-layer.ts';
import { PacketStore, PacketTexts } from './packet-store.ts';

/** Rows that are kept whatever they are. */
const KEPT_WHOLE = 250_000;
/** Beyond KEPT_WHOLE and up to here: connections' beginnings and ends, ICMP errors, and each conversation's first packets. */
const KEPT_AT_MOST = 600_000;
const FIRST_OF_CONVERSATION = 16;
const CONVERSATIONS = 1 << 18;

/** ICMP and ICMPv6 errors by PacketView.icmp, beside those that end in "unreachable". */
const ICMP_ERRORS: ReadonlySet<string> = new Set([
  'need to frag',
  'admin prohibited',
  'policy failed',
  'reject route',
  'beyond scope',
  'source route failed',
  'source host isolated',
  'time exceeded',
  'parameter problem',
  'source quench',
]);
export const isIcmpError = (icmp: string): boolean => ICMP_ERRORS.has(icmp) || icmp.endsWith('unreachable');

export interface PacketColumnsOptions {
  readonly keptWhole?: number;
  readonly keptAtMost?: number;
}

/**
 * A packet capture in columns: outer packets are the rows, packets inside hang below in a store of their own and do not count.
 * Memory is bounded: of a capture larger than 250 000 packets later plain data is only counted (`countedOnly`), see `append`.
 */
export class PacketColumns implements PacketTable {
  readonly file: string;
  device: string | undefined;
  /** What the times count from; undefined where the capture shows none. */
  clock: 'epoch' | 'midnight' | 'start' | undefined;
  countedOnly = 0;
  readonly #texts = new PacketTexts();
  readonly #outer: PacketStore;
  readonly #inner: PacketStore;
  readonly #keptWhole: number;
  readonly #keptAtMost: number;
  /** Times since the first packet, beside the printed ones, where those are differences of unknown kind. */
  readonly #elapsed = new Column(Float64Array);
  #seen: Uint8Array | undefined;
  readonly #byAddress = new Map<string, readonly number[]>();
  #syn: readonly number[] | undefined;
  #reset: readonly number[] | undefined;
  #icmpErrors: readonly number[] | undefined;

  constructor(file: string, device: string | undefined, options: PacketColumnsOptions = {}) {
    this.file = file;
    this.device = device;
    this.#outer = new PacketStore(file, this.#texts);
    this.#inner = new PacketStore(file, this.#texts);
    this.#keptWhole = options.keptWhole ?? KEPT_WHOLE;
    this.#keptAtMost = options.keptAtMost ?? KEPT_AT_MOST;
  }

  /** The packets are records of a binary capture, whose number is their source's line. */
  set binary(binary: boolean) {
    this.#outer.binary = binary;
    this.#inner.binary = binary;
  }

  nameDevices(names: ReadonlyMap<number, string>): void {
    this.#outer.deviceNames = names;
    this.#inner.deviceNames = names;
  }

  get count(): number {
    return this.#outer.count;
  }

  /** So many rows that further plain data is only counted. */
  get isLarge(): boolean {
    return this.count >= this.#keptWhole;
  }

  /** No row is left. */
  get isFull(): boolean {
    return this.count >= this.#keptAtMost;
  }

  /**
   * Adds a packet as a row. In a large capture a packet that only carries data of a conversation already seen 16 times, and
   * everything beyond 600 000 rows, is counted in `countedOnly` instead.
   */
  append(draft: PacketDraft): void {
    const outer = draft.layers[0];
    if (outer === undefined || draft.depth === 0) return;
    if (this.isLarge && !this.#isKept(draft, outer)) {
      this.countedOnly += 1;
      return;
    }
    let inner = 0;
    for (let i = draft.depth - 1; i > 0; i -= 1)
      inner = this.#inner.add(draft.layers[i] as PacketLayer, draft, draft.time, inner) + 1;
    const row = this.#outer.add(outer, draft, draft.time, inner);
    if (draft.elapsed > 0) this.#elapsed.set(row, draft.elapsed);
  }

  /** The printed times were differences to the packet before (`-ttt`): each row's time becomes its distance to the first packet. */
  sumDifferences(): void {
    for (let row = 0; row < this.count; row += 1) {
      const time = this.#elapsed.get(row);
      this.#outer.setTime(row, time);
      for (let inner = this.#outer.innerOf(row); inner > 0; inner = this.#inner.innerOf(inner - 1))
        this.#inner.setTime(inner - 1, time);
    }
  }

  #isKept(draft: PacketDraft, outer: PacketLayer): boolean {
    if (this.isFull) return false;
    if (draft.depth === 1 && isBeginningOrEnd(outer)) return true;
    const innermost = draft.layers[draft.depth - 1] as PacketLayer;
    if (isBeginningOrEnd(innermost)) return true;
    this.#seen ??= new Uint8Array(CONVERSATIONS);
    const slot = hash(draft, innermost) & (CONVERSATIONS - 1);
    const seen = this.#seen[slot] as number;
    if (seen >= FIRST_OF_CONVERSATION) return false;
    this.#seen[slot] = seen + 1;
    return true;
  }

  packet(row: number): PacketView {
    if (!(row >= 0 && row < this.count)) throw new RangeError(`no packet ${row} in ${this.file}`);
    const device = this.device === 'any' ? undefined : this.device;
    return this.#outer.view(row, this.clock === 'epoch', device, this.#inner);
  }

  rowsWithAddress(address: string): readonly number[] {
    const known = this.#byAddress.get(address);
    if (known) return known;
    const rows = this.#rows((row) => this.#holds(row, address));
    this.#byAddress.set(address, rows);
    return rows;
  }

  #holds(row: number, address: string): boolean {
    if (this.#outer.holds(row, address)) return true;
    for (let inner = this.#outer.innerOf(row); inner > 0; inner = this.#inner.innerOf(inner - 1))
      if (this.#inner.holds(inner - 1, address)) return true;
    return false;
  }

  synRows(): readonly number[] {
    this.#syn ??= this.#rows((row) => this.#outer.isProtocol(row, 'tcp') && this.#outer.flags(row).includes('S'));
    return this.#syn;
  }

  resetRows(): readonly number[] {
    this.#reset ??= this.#rows((row) => this.#outer.isProtocol(row, 'tcp') && this.#outer.flags(row).includes('R'));
    return this.#reset;
  }

  icmpErrorRows(): readonly number[] {
    this.#icmpErrors ??= this.#rows((row) => isIcmpError(this.#outer.icmp(row) ?? ''));
    return this.#icmpErrors;
  }

  addressesSeen(): readonly AddressSeen[] {
    return this.#outer.addressesSeen(this.device === 'any' ? undefined : this.device);
  }

  neighbourRows(most: number): readonly number[] {
    return this.#rows((row) => this.#outer.isProtocol(row, 'arp') || this.#outer.isProtocol(row, 'nd'), most);
  }

  #rows(wanted: (row: number) => boolean, most = Number.POSITIVE_INFINITY): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.count && rows.length < most; row += 1) if (wanted(row)) rows.push(row);
    return rows;
  }
}

const isBeginningOrEnd = (layer: PacketLayer): boolean =>
  layer.flags !== '' ? /[SFR]/.test(layer.flags) : layer.icmp !== undefined && isIcmpError(layer.icmp);

/** FNV-1a over what makes a conversation as one device sees it. */
const hash = (draft: PacketDraft, layer: PacketLayer): number => {
  let h = 0x811c9dc5;
  const mix = (value: number): void => {
    h = Math.imul(h ^ value, 0x01000193);
  };
  const mixText = (text: string): void => {
    for (let i = 0; i < text.length; i += 1) mix(text.charCodeAt(i));
  };
  mixText(layer.proto);
  mixText(draft.device);
  mix(draft.ifindex);
  mixText(draft.direction);
  for (const endpoint of [layer.src, layer.dst]) {
    mix(endpoint.number);
    if (endpoint.family !== 4) mixText(endpoint.text);
    mix(endpoint.port);
  }
  return h >>> 0;
};
