import type { Source } from '../records/source.ts';
import { canonicalAddress, canonicalPrefix } from '../tables/address.ts';
import { LineSink } from './module.ts';

/** The sink of formats whose rows begin with addresses: their grammars ask it, so that `10.0.0.300` is an unread line and not a record. */
export class AddressSink extends LineSink {
  #rawLine = 0;

  /** A line of `-o` holds several pieces; it is unread once. */
  override raw(text: string, source: Source = this.source()): void {
    if (this.#rawLine === source.line) return;
    this.#rawLine = source.line;
    super.raw(text, source);
  }

  isAddress(text: string): boolean {
    return canonicalAddress(text) !== undefined;
  }

  /** An address or prefix; `0/8` is what iproute2 prints for 0.0.0.0/8 and ::/8. */
  isPrefix(text: string): boolean {
    return canonicalPrefix(text) !== undefined || /^0\/\d+$/.test(text);
  }
}
