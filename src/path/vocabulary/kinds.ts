/** What a value of a code is: `?` marks one that is not always told; a list holds the words that it may be. */
type Kind = 'text' | 'number' | 'flag' | 'texts' | 'text?' | 'number?' | 'flag?' | 'texts?' | readonly string[];

/** Names and kinds of the values that a code of the walk is told with. */
export type Kinds = Readonly<Record<string, Kind>>;

interface Plain {
  text: string;
  number: number;
  flag: boolean;
  texts: readonly string[];
}

type PlainOf<K> = K extends readonly (infer Word)[]
  ? Word
  : K extends keyof Plain
    ? Plain[K]
    : K extends `${infer Bare extends keyof Plain}?`
      ? Plain[Bare]
      : never;

type Sometimes<T extends Kinds> = { [N in keyof T]: T[N] extends `${string}?` ? N : never }[keyof T];

/** Every name that a table has a value for. */
export type NamesOf<Table extends Readonly<Record<string, Kinds>>> = {
  [Code in keyof Table]: keyof Table[Code];
}[keyof Table];

/** The values of one code as TypeScript sees them. Those that only other codes have may be asked for, and are not there. */
export type ValuesOf<T extends Kinds, Names extends PropertyKey> = {
  readonly [N in Exclude<keyof T, Sometimes<T>>]: PlainOf<T[N]>;
} & { readonly [N in Sometimes<T>]?: PlainOf<T[N]> } & { readonly [N in Exclude<Names, keyof T>]?: never };
