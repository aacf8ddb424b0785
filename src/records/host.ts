import type { Sourced } from './source.ts';

/** `uname -a`/`-r`. */
export interface KernelVersion extends Sourced {
  readonly release: string;
  readonly hostname: string | undefined;
  readonly machine: string | undefined;
}
/** The moment at which a node's captures were taken. */
export interface CaptureTime extends Sourced {
  /** Seconds since the epoch; undefined where the zone is not known well enough. */
  readonly epoch: number | undefined;
  /** Offset east of UTC in minutes. */
  readonly zoneMinutes: number | undefined;
  readonly text: string;
}
