import { collectCommand } from '../../captures/known-formats.ts';
import type { Cause, Group } from '../../causes/facts/finding.ts';
import type { Prose } from '../prose.ts';
import { sectionsOf, type Words } from '../words.ts';

/** One cause as the catalogue shows it: its metadata, and its words with `⟨name⟩` wherever a report has a value. */
export interface CausePage {
  readonly cause: Cause;
  readonly title: Prose;
  readonly summary: Prose;
  readonly why: Prose;
  /** Captures that prove it, each with the command that makes it. */
  readonly proof: readonly { readonly kind: string; readonly command: string }[];
  readonly refuters: readonly { readonly code: string; readonly words: Prose }[];
  readonly fixes: readonly { readonly id: string; readonly words: Prose }[];
}

const text = (words: string): Prose => [{ kind: 'paragraph', spans: [{ text: words, style: 'plain' }] }];

export const causePage = (cause: Cause, words: Words): CausePage => {
  const own = [...sectionsOf(`causes/${words.language}/${cause.id}`)];
  const outline = (section: string): Prose => words.causeOutline(cause.id, section) ?? [];
  const named = (start: string) => own.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return {
    cause,
    title: words.causeOutline(cause.id, 'title') ?? text(cause.id),
    summary: words.causeOutline(cause.id, 'summary') ?? words.say('catalogue', 'no-words', {}),
    why: outline('why'),
    proof: cause.needs.map((kind) => ({ kind, command: collectCommand(kind) ?? '' })),
    refuters: named('ruled-out:').map((code) => ({ code, words: outline(`ruled-out:${code}`) })),
    fixes: named('fix:').map((id) => ({ id, words: outline(`fix:${id}`) })),
  };
};

const GROUPS: readonly Group[] = ['A', 'B', 'C'];

/** The causes by group, each group in the order of its ids; groups without any are left out. */
export const byGroup = (
  causes: readonly Cause[],
): readonly { readonly group: Group; readonly causes: readonly Cause[] }[] =>
  GROUPS.map((group) => ({
    group,
    causes: causes.filter((cause) => cause.group === group).sort((a, b) => (a.id < b.id ? -1 : 1)),
  })).filter((part) => part.causes.length > 0);
