import type { HelperDelegate, HelperOptions } from 'handlebars';
import type { ValueTokens } from './prose.ts';
import { visible } from './visible.ts';

/** What a template of words runs with, as Handlebars' private data. */
export interface SectionData {
  /** Name of the section that is wanted; undefined where only the names are asked for. */
  readonly section: string | undefined;
  /** Receives the name of every section of the template. */
  readonly names: Set<string>;
  readonly tokens: ValueTokens;
  /** True where names stand for values: of several readings the first is shown. */
  readonly outline?: boolean;
}

/** What a template of the page runs with besides: the words of its language. */
interface PageData {
  readonly words: { text(label: string, values: unknown): string };
}

const sectionData = (options: HelperOptions): SectionData => options.data as SectionData;

const text = (value: unknown, options: HelperOptions): string => {
  const tokens = (options.data as Partial<SectionData>).tokens;
  return tokens ? tokens.resolve(String(value)) : String(value);
};

const finite = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`not a finite number: ${String(value)}`);
  return value;
};

/** Every helper that a template may use; templates/helpers.json names the same ones for the compiler. */
export const helpers: Readonly<Record<string, HelperDelegate>> = {
  /** `{{#section "title"}}…{{/section}}`: the body where this section is wanted. Several names: `{{#section "a" "b"}}`. */
  section(this: unknown, ...args: unknown[]) {
    const options = args.at(-1) as HelperOptions;
    const data = sectionData(options);
    const names = args.slice(0, -1).map(String);
    for (const name of names) data.names.add(name);
    return data.section !== undefined && names.includes(data.section) ? options.fn(this) : '';
  },
  /** `{{#if (is values.mode "masq" "local")}}`: whether a value is one of the texts. */
  is(value: unknown, ...args: unknown[]) {
    const options = args.at(-1) as HelperOptions;
    if ((options.data as Partial<SectionData>).outline === true) return true;
    return args.slice(0, -1).some((other) => text(value, options) === String(other));
  },
  /** `{{plural values.count one="packet" other="packets"}}`: the word alone, by English's two forms. */
  plural(value: unknown, options: HelperOptions) {
    return Number(text(value, options)) === 1 ? options.hash.one : options.hash.other;
  },
  /** `{{grouped values.total}}`: a number with the thousands set apart. */
  grouped(value: unknown, options: HelperOptions) {
    return text(value, options).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
  },
  /** `{{hex values.mark}}`: a number as tools print marks and SPIs. */
  hex(value: unknown, options: HelperOptions) {
    const number = Number(text(value, options));
    return Number.isFinite(number) ? `0x${number.toString(16)}` : value;
  },
  /** `{{t "fix" count=3}}`: a label of the page's language. */
  t(key: string, options: HelperOptions) {
    return (options.data as PageData).words.text(key, options.hash);
  },
  /** `{{num x}}`: a finite number of at most two decimals, for coordinates. */
  num(value: unknown) {
    return String(Math.round(finite(value) * 100) / 100);
  },
  /** `href="{{anchor id}}"`: a fragment of this page and nothing else. */
  anchor(id: unknown) {
    if (typeof id !== 'string' || !/^[a-z0-9-]+$/.test(id)) throw new Error('not an anchor');
    return `#${id}`;
  },
  /** A captured string with its controls made visible. */
  shown(value: unknown) {
    return visible(String(value));
  },
};
