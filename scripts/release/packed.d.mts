export interface Packed {
  readonly file: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}
export const pack: (folder: string) => Packed;
export const faultsOf: (packed: Pick<Packed, 'size' | 'files'>) => readonly string[];
export const install: (file: string, folder: string) => string;
