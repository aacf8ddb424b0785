import type Handlebars from 'handlebars';
import runtime from 'handlebars/runtime.js';
import { type Sections, templates } from '#templates/index';
import { placeholders } from './catalogue/placeholders.ts';
import { helpers } from './helpers.ts';
import type { Language } from './language.ts';
import { type Prose, parseProse, plainText, ValueTokens } from './prose.ts';
import { visibleLine } from './visible.ts';

/** What a section of words is given: typed values of the model, nested as the templates name them. */
export type WordValue =
  | string
  | number
  | boolean
  | undefined
  | null
  | readonly WordValue[]
  | { readonly [key: string]: WordValue };
export type WordValues = Readonly<Record<string, WordValue>>;

/** A label of the page or the terminal. */
export type Label = Sections['labels'];

/** Files of words in templates/LANG/. */
export type WordFile = keyof Sections;

type Template = (context: unknown, options: Handlebars.RuntimeOptions) => string;

/** The runtime alone (a quarter of the whole's start-up time); its own declaration file leaves its type out. */
const engine = (runtime as unknown as typeof Handlebars).create();
for (const [name, helper] of Object.entries(helpers)) engine.registerHelper(name, helper);
const compiled = new Map<string, Template>();

/** A precompiled template, ready to run; undefined where there is none of that name. */
export const templateNamed = (name: string): Template | undefined => {
  const known = compiled.get(name);
  if (known) return known;
  if (!Object.hasOwn(templates, name)) return undefined;
  const made = engine.template(templates[name] as TemplateSpecification) as Template;
  compiled.set(name, made);
  return made;
};
for (const name of Object.keys(templates))
  if (name.startsWith('page/')) engine.registerPartial(name, templateNamed(name) as Handlebars.Template);

/** Names of the sections in a template of words. */
export const sectionsOf = (name: string): ReadonlySet<string> => {
  const names = new Set<string>();
  templateNamed(name)?.({ values: {} }, { data: { section: undefined, names, tokens: new ValueTokens() } });
  return names;
};

/** Words of ours as a value: `{ said: 'in the routing decision' }` stays plain text in the sentence around it. */
const isSaid = (value: WordValue): value is { readonly said: string } =>
  typeof value === 'object' && value !== null && 'said' in value && typeof value.said === 'string';

const tokenised = (value: WordValue, tokens: ValueTokens): unknown => {
  if (typeof value === 'string') return tokens.token(visibleLine(value));
  if (Array.isArray(value)) return value.map((item: WordValue) => tokenised(item, tokens));
  if (isSaid(value)) return tokens.token(visibleLine(value.said), 'plain');
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tokenised(item, tokens)]));
  return value ?? undefined;
};

const shownValue = (value: WordValue): string =>
  Array.isArray(value)
    ? value.map(shownValue).join(', ')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : String(value);

/** `name=value` of every value, in the order of the names: what a generic sentence shows. */
export const listValues = (values: WordValues): string =>
  Object.keys(values)
    .sort()
    .filter((key) => values[key] !== undefined && values[key] !== null && values[key] !== '')
    .map((key) => `${key}=${shownValue(values[key])}`)
    .join(' ');

/** All words of one language. A code, cause or language file that does not exist is said neutrally with its code and values; nothing throws. */
export class Words {
  readonly language: Language;
  /** Templates that failed, with the reason: a name that no value has. Tests hold it empty. */
  readonly faults: string[] = [];
  readonly #sections = new Map<string, ReadonlySet<string>>();
  readonly #labels = new Map<string, Prose>();

  constructor(language: Language) {
    this.language = language;
  }

  has(template: string, section: string): boolean {
    let names = this.#sections.get(template);
    if (!names) {
      names = sectionsOf(template);
      this.#sections.set(template, names);
    }
    return names.has(section);
  }

  #run(template: string, section: string, context: WordValues | 'outline'): Prose | undefined {
    if (!this.has(template, section)) return undefined;
    const tokens = new ValueTokens();
    const outline = context === 'outline';
    try {
      const text = templateNamed(template)?.(outline ? placeholders(tokens) : tokenised(context, tokens), {
        data: { section, names: new Set<string>(), tokens, outline },
      });
      return text === undefined ? undefined : parseProse(text, tokens);
    } catch (error) {
      this.faults.push(`${template}#${section}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** A label of the page or the terminal. */
  label(key: Label, values: WordValues = {}): Prose {
    const plain = Object.keys(values).length === 0;
    const known = plain ? this.#labels.get(key) : undefined;
    if (known) return known;
    const prose = this.#run(`${this.language}/labels`, key, values);
    if (!prose) {
      this.faults.push(`${this.language}/labels#${key}`);
      return [{ kind: 'paragraph', spans: [{ text: key, style: 'plain' }] }];
    }
    if (plain) this.#labels.set(key, prose);
    return prose;
  }

  text(key: Label, values: WordValues = {}): string {
    return plainText(this.label(key, values));
  }

  /**
   * The sentence of a code in one of the files: a code that the file does not say in every language does not compile. Where a template fails, a neutral sentence with code and
   * values.
   */
  say<File extends WordFile>(file: File, code: Sections[File], context: WordValues): Prose {
    const template = `${this.language}/${file}`;
    return this.#run(template, code, context) ?? this.#generic(template, code, context);
  }

  /** Whether the file says a code. */
  says<File extends WordFile>(file: File, code: string): code is Sections[File] & string {
    return this.has(`${this.language}/${file}`, code);
  }

  #generic(template: string, code: string, context: WordValues): Prose {
    const values = (context.values ?? {}) as WordValues;
    const said = this.#run(template, 'generic', { ...context, code, list: listValues(values) });
    return said ?? [{ kind: 'paragraph', spans: [{ text: `${code} ${listValues(values)}`.trim(), style: 'code' }] }];
  }

  /** A section of a cause's own words; undefined where the cause has no such section. */
  causeSection(id: string, section: string, context: WordValues): Prose | undefined {
    return this.#run(`causes/${this.language}/${id}`, section, context);
  }

  /** A section of a cause's own words with `⟨name⟩` wherever a value belongs: as the catalogue shows it. */
  causeOutline(id: string, section: string): Prose | undefined {
    return this.#run(`causes/${this.language}/${id}`, section, 'outline');
  }

  /** `title`, `summary`, `why` of a cause; the generic ones of `cause.hbs` where the cause has no words yet. */
  cause(id: string, section: 'title' | 'summary' | 'why', context: WordValues): Prose {
    const own = this.causeSection(id, section, context);
    if (own) return own;
    const values = (context.values ?? {}) as WordValues;
    return this.#run(`${this.language}/cause`, section, { ...context, code: id, list: listValues(values) }) ?? [];
  }

  fix(id: string, fix: string, context: WordValues): Prose {
    const values = (context.values ?? {}) as WordValues;
    return (
      this.causeSection(id, `fix:${fix}`, context) ??
      this.#run(`${this.language}/cause`, 'fix', { ...context, code: fix, list: listValues(values) }) ??
      []
    );
  }

  /** Why a cause was ruled out: its own words, the words that many causes share, or a generic sentence. */
  ruledOut(id: string, because: string, context: WordValues): Prose {
    const shared = `${this.language}/because`;
    return (
      this.causeSection(id, `ruled-out:${because}`, context) ??
      this.#run(shared, because, context) ??
      this.#generic(shared, because, context)
    );
  }
}
