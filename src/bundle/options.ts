import type { Limits } from './limits.ts';
import type { Chunks } from './open/byte-reader.ts';

export interface BundleOptions {
  /** Called with each member that is read, as it is shown. */
  readonly onMember?: (file: string) => void;
  /** Folder under which every file is shown: of several archives whose files bear the same names. */
  readonly shownUnder?: string;
  readonly limits?: Partial<Limits>;
  /** In place of the process's own standard input. */
  readonly stdin?: Chunks;
}
