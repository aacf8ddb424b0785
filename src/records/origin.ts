import type { Sourced } from './source.ts';

/**
 * Where a fact comes from. `captured`: the tool that lists such facts printed it. `inferred`: another capture shows it (packets with this source were seen leaving
 * the device, so the host has the address); it is quoted by that line, and carries `likely` at most. `assumed`: nothing in the bundle says so; it carries `possible`.
 */
export type Origin = 'captured' | 'inferred' | 'assumed';

/** A record that may have been inferred; without an origin it was captured. Its source is a real line in both cases. */
export interface Originated extends Sourced {
  readonly origin?: Extract<Origin, 'inferred'>;
}

/** Whether a record was inferred from another capture than the one that lists such records. */
export const isInferred = (record: Originated): boolean => record.origin === 'inferred';
