/** One machine under two names: letter case, and a name with or without its domain. */
export const sameMachine = (a: string, b: string): boolean => {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  if (x === y) return true;
  if (isAddress(x) || isAddress(y)) return false;
  return x.startsWith(`${y}.`) || y.startsWith(`${x}.`);
};

/** The shortest of some names; of equally long ones the first in the alphabet. */
export const shortest = (names: readonly string[]): string | undefined =>
  [...names].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];

const isAddress = (name: string): boolean => /^[\d.]+$/.test(name) || name.includes(':');

/** `dir/sosreport-n1.tar.xz!/` → `sosreport-n1`. */
export const archiveName = (file: string): string =>
  file
    .replace(/!?\/?$/, '')
    .replace(/^.*\//, '')
    .replace(/\.(?:gz|xz|bz2|zst)$/i, '')
    .replace(/\.(?:tgz|txz|tbz2?|tzst|zip|tar|txt|log|md|markdown|eml|html?|cast|rst|text|out)$/i, '');
