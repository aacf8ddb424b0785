/** A line that begins or ends a block of code in one of the markups that trackers know, or that folds one. */
export type Fence =
  | { readonly side: 'open' | 'close' | 'either' }
  /** The text of a fold's title. */
  | { readonly side: 'title'; readonly title: string };

const TITLE = /^\s{0,8}(?:<details[^>]{0,80}>\s{0,4})?<summary[^>]{0,80}>(?<title>.{0,300}?)<\/summary>/i;
const OPEN_TAG = /^\s{0,8}(?:<(?:pre|code|tt|blockquote|listing|xmp)\b[^<>]{0,200}>\s{0,2}){1,3}$/i;
const CLOSE_TAG = /^\s{0,8}(?:<\/(?:pre|code|tt|blockquote|listing|xmp|details|div|p)>\s{0,2}){1,4}$/i;
const JIRA = /^\s{0,8}\{(?:code|noformat|quote|panel)(?::(?<options>[^}]{0,200}))?\}\s*$/i;
const BBCODE = /^\s{0,8}\[(?<end>\/)?(?:code|pre|quote|spoiler|details|hide|bash|shell)(?:[= ][^\]]{0,100})?\]\s*$/i;
const ORG = /^\s{0,8}#\+(?<side>begin|end)_(?:src|example|quote)\b.{0,80}$/i;

export const fenceIn = (line: string): Fence | undefined => {
  const text = line.trimEnd();
  if (text.length < 3 || text.length > 600) return undefined;
  if (/^ {0,3}(?:`{3,}|~{3,})/.test(text))
    return /^ {0,3}(?:`{3,}[^`]{0,120}|~{3,}[\w {}.=-]{0,60})$/.test(text) ? { side: 'either' } : undefined;
  const first = text.trimStart()[0];
  if (first === '<') {
    const title = TITLE.exec(text)?.groups?.title;
    if (title !== undefined) return { side: 'title', title };
    if (/^\s{0,8}<\/?details[^>]{0,80}>$/i.test(text)) return { side: 'close' };
    return OPEN_TAG.test(text) ? { side: 'open' } : CLOSE_TAG.test(text) ? { side: 'close' } : undefined;
  }
  if (first === '{') {
    const jira = JIRA.exec(text);
    if (!jira) return undefined;
    const title = /(?:^|\|)title=(?<title>[^|]{1,160})/.exec(jira.groups?.options ?? '')?.groups?.title;
    return title === undefined ? { side: 'either' } : { side: 'title', title };
  }
  if (first === '[') {
    const code = BBCODE.exec(text);
    return code ? { side: code.groups?.end === undefined ? 'open' : 'close' } : undefined;
  }
  const org = first === '#' ? ORG.exec(text)?.groups?.side : undefined;
  return org === undefined ? undefined : { side: org.toLowerCase() === 'begin' ? 'open' : 'close' };
};
