/** Characters that mean nothing to a shell. */
const PLAIN = /^[A-Za-z0-9_.:/@%+=,-]+$/;

/** A captured word as a POSIX shell takes it as that word: in single quotes, unless it is made of harmless characters alone. */
export const shellWord = (text: string): string =>
  PLAIN.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
