import type { Limits } from './limits.ts';
import type { Chunks } from './open/byte-reader.ts';

/** Who wants to know how the reading goes on. */
export interface ReadingWatch {
  /** Called with each member that is read, as it is shown. */
  readonly onMember?: (file: string) => void;
  /** Called with the bytes of the archive itself that were taken so far, and all of them; 0 where the whole is not known. */
  readonly onBytes?: (taken: number, total: number) => void;
}

export interface BundleOptions extends ReadingWatch {
  /** Folder under which every file is shown: of several archives whose files bear the same names. */
  readonly shownUnder?: string;
  /** Of a machine that was collected at several moments: the last one, or the one before it. */
  readonly moment?: 'last' | 'earlier';
  readonly limits?: Partial<Limits>;
  /** In place of the process's own standard input. */
  readonly stdin?: Chunks;
}
