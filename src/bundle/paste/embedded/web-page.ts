import type { Line } from '../line.ts';

export const isPage = (head: string): boolean =>
  /^\s*(?:<!--[^\n]{0,400}-->\s*)?<(?:!doctype html|html|head|body)\b/i.test(head);

/** A report of this very program that lies in the folder: what it quotes is no output of this bundle. */
export const isOwnReport = (page: string): boolean =>
  page.slice(0, HEAD).includes('<meta name="generator" content="netautopsy">');
const HEAD = 2000;

const BLOCK = /<\/?(?:p|div|br|li|ul|ol|tr|td|th|table|section|article|blockquote|dd|dt|dl|hr)\b[^<>]{0,2000}>/gi;
const CODE = /<(\/?)(?:pre|listing|xmp)\b[^<>]{0,2000}>/gi;
const HEADING = /<h[1-6]\b[^<>]{0,2000}>|<(?:strong|b|summary)\b[^<>]{0,2000}>/gi;
const HEADING_END = /<\/(?:h[1-6]|strong|b|summary)>/gi;

/** The text of a saved web page: blocks of code between fences, headings as headings, everything else without its tags. */
export const linesOfPage = (text: string): readonly Line[] => {
  let hidden = false;
  return text.split('\n').flatMap((row, i): readonly Line[] => {
    let shown = row;
    if (hidden || /<(?:script|style)\b/i.test(shown)) {
      const end = /<\/(?:script|style)>/i.exec(shown);
      hidden = end === null;
      shown = end === null ? '' : shown.slice(end.index + end[0].length);
    }
    return shown
      .replace(CODE, '\n```\n')
      .replace(HEADING, '\n**')
      .replace(HEADING_END, '**\n')
      .replace(BLOCK, '\n')
      .replace(/<\/?[a-z][^<>]{0,2000}>/gi, '')
      .split('\n')
      .filter((part, at, all) => part !== '' || all.length === 1 || at === 0)
      .map((part) => ({ text: part, number: i + 1 }));
  });
};
